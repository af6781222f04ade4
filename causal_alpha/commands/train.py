"""`causal-alpha train FAMILY`: fits one family, says how good it is, and registers it if asked to."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from causal_alpha.commands.evaluate import single_threads
from causal_alpha.commands.options import mongo_options, settings_of
from causal_alpha.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset
    from causal_alpha.settings import Settings


@click.command()
@click.argument("family")
@click.option("--data", type=click.Path(path_type=Path), help="Parquet file of daily bars.")
@click.option("--from-mongo", is_flag=True, help="Bars of the archive instead of a file.")
@click.option("--interval", default="1d", show_default=True, help="Of the bars.")
@click.option("--register", is_flag=True, help="Judge it on the newest sessions; register it in MLflow if it passes.")
@click.option("--quick", is_flag=True, help="A sketch in seconds, of the families that are nets.")
@click.option("--sessions", type=click.IntRange(20), default=250, show_default=True, help="Held out to judge by.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the models that need one.")
@click.option("--mlflow-url", help="MLflow server; CAUSAL_ALPHA_MLFLOW_URL if left out.")
@mongo_options
def train(
    family: str,
    data: Path | None,
    from_mongo: bool,
    interval: str,
    register: bool,
    quick: bool,
    sessions: int,
    seed: int,
    mlflow_url: str | None,
    mongo_url: str | None,
    mongo_database: str | None,
) -> None:
    """Fit FAMILY (naive, ewma, har, garch, arima, lstm, transformer, blend) on a file of daily bars, or the archive."""
    single_threads()
    from causal_alpha import training  # noqa: PLC0415, after the threads are set

    training.find_family(family)
    if (data is None) != from_mongo:
        raise SettingsError(f"expected --data or else --from-mongo, was {'neither' if data is None else 'both'}")
    settings = settings_of(mlflow_url=mlflow_url, mongo_url=mongo_url, mongo_database=mongo_database)
    if register and not settings.mlflow_url:
        raise SettingsError("--register: expected --mlflow-url or CAUSAL_ALPHA_MLFLOW_URL, was neither")
    dataset = _read(data, interval, settings)
    if not register:
        artefact = training.train(family, dataset, seed=seed, quick=quick, say=_say)
        click.echo(f"{artefact.family}: data {artefact.data}, features {artefact.feature_set}, lags {artefact.lags}")
        return
    enrolled = training.train_and_register(
        family, dataset, interval, settings.mlflow_url, sessions=sessions, seed=seed, quick=quick, say=_say
    )
    if enrolled.version is None:
        raise ModelError(f"{family}-{interval}: blocked: {'; '.join(enrolled.alarms)}")
    click.echo(f"{enrolled.version.name} version {enrolled.version.number}: {enrolled.alias or 'no alias'}")


def _read(data: Path | None, interval: str, settings: "Settings") -> "Dataset":
    from causal_alpha.dataset import Dataset  # noqa: PLC0415

    if data is None:
        from causal_alpha.warehouse import read_bars  # noqa: PLC0415

        return Dataset.from_bars(read_bars(settings.mongo_url, settings.mongo_database, interval))
    if interval != "1d":
        raise SettingsError(f"--interval: expected 1d with a file of daily bars, was {interval}")
    from causal_alpha.daily import read_daily  # noqa: PLC0415

    bars, left_out = read_daily(data)
    for reason in left_out:
        _say(f"left out: {reason}")
    return Dataset.from_bars(bars)


def _say(line: str) -> None:
    click.echo(line, err=True)
