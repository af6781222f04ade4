"""`causal-alpha train FAMILY`: fits one family on all of a file and says what came out."""

from pathlib import Path

import click

from causal_alpha.commands.evaluate import single_threads


@click.command()
@click.argument("family")
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Parquet file of daily bars.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the models that need one.")
def train(family: str, data: Path, seed: int) -> None:
    """Fit FAMILY (naive, ewma, har, garch, arima, lstm, transformer, blend) on all of a file of daily bars."""
    single_threads()
    from causal_alpha import training  # noqa: PLC0415, after the threads are set
    from causal_alpha.daily import read_daily  # noqa: PLC0415
    from causal_alpha.dataset import Dataset  # noqa: PLC0415

    training.find_family(family)
    bars, left_out = read_daily(data)
    for reason in left_out:
        click.echo(f"left out: {reason}", err=True)
    dataset = Dataset.from_bars(bars)
    artefact = training.train(family, dataset, seed=seed, say=lambda line: click.echo(line, err=True))
    click.echo(f"{artefact.family}: data {artefact.data}, features {artefact.feature_set}, lags {artefact.lags}")
