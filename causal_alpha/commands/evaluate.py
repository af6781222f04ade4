"""`causal-alpha evaluate`: the tournament of all families on a file of daily bars."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from causal_alpha.evaluation.report import Report


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Parquet file of daily bars.")
@click.option("--test-from", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First date that is forecast from.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--families", default="", help="Names, separated by commas; all if left out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the models that need one.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes that fit at a time.")
def evaluate(data: Path, test_from: datetime, as_json: bool, families: str, seed: int, jobs: int) -> None:
    """Fit before a date, forecast from every session after it, refit on schedule; say how good it was.

    Models see only what was known at each session. Progress goes to stderr.
    """
    single_threads()
    from causal_alpha.daily import read_daily, session_start  # noqa: PLC0415, after the threads are set
    from causal_alpha.dataset import Dataset  # noqa: PLC0415
    from causal_alpha.evaluation.report import judge  # noqa: PLC0415
    from causal_alpha.evaluation.tournament import Origins, play  # noqa: PLC0415
    from causal_alpha.training import FAMILIES  # noqa: PLC0415

    def say(line: str) -> None:
        click.echo(line, err=True)

    names = [name.strip() for name in families.split(",") if name.strip()] or list(FAMILIES)
    bars, left_out = read_daily(data)
    for reason in left_out:
        say(f"left out: {reason}")
    dataset = Dataset.from_bars(bars)
    origins = Origins.of(dataset, session_start(test_from.date()))
    say(
        f"{len(dataset)} bars of {len(dataset.symbols)} symbols, data {dataset.hash}, "
        f"{len(origins.starts) - origins.warm} origins from {test_from.date()}"
    )
    report = judge(dataset, origins, play(dataset, origins, names, seed=seed, jobs=jobs, say=say), names)
    if as_json:
        click.echo(json.dumps({"families": report.families, "served": report.served}, indent=1))
    else:
        click.echo(table(report))


def single_threads() -> None:
    """One thread for each numerical library, unless the environment says otherwise. Before numpy is imported."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


def table(report: "Report") -> str:
    """The report for people: a line a family and horizon, then what is served."""
    lines = [f"{'family':<12} {'h':>2} {'QLIKE/HAR':>10} {'t':>6} {'CRPS/EWMA':>10} {'t':>6} {'RMSE/RW':>8}"]
    for name, horizons in report.families.items():
        for horizon, f in horizons.items():
            lines.append(
                f"{name:<12} {horizon:>2} {f['qlike_har']:>10.4f} {f['qlike_t']:>6.1f} {f['crps_ewma']:>10.4f}"
                f" {f['crps_t']:>6.1f} {f['rmse_rw']:>8.4f}"
            )
    for name, years in report.years.items():
        symbol, ratio = report.worst[name]
        by_year = ", ".join(f"{year} {value:.3f}" for year, value in years.items())
        lines.append(f"{name:<12} QLIKE/HAR by year: {by_year}; worst symbol: {symbol} {ratio:.3f}")
    lines += [f"served {name:<22} {value:.4f}" for name, value in report.served.items()]
    return "\n".join(lines)
