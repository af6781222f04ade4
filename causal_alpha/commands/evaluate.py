"""`causal-alpha evaluate`: the tournament of all families on a file of bars, or the next second on one of ticks."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from causal_alpha.intervals import SECOND

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset
    from causal_alpha.evaluation.report import Report
    from causal_alpha.frames import Frame
    from causal_alpha.records import Bar


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Parquet file of bars, or of ticks.")
@click.option(
    "--test-from",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="First time that is forecast from; of bars shorter than a day, two thirds of the file if left out.",
)
@click.option("--interval", default="1d", show_default=True, help="Of the bars, such as 1d, 1m.")
@click.option("--symbol", help="The symbol, for a file of short bars without such a column.")
@click.option("--stamped", type=click.Choice(["start", "end"]), default="start", help="Of short bars.")
@click.option("--direction", is_flag=True, help="The direction of the next second, of a file of trades and quotes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option("--families", default="", help="Names, separated by commas; all if left out.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the models that need one.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes that fit at a time.")
def evaluate(
    data: Path,
    test_from: datetime | None,
    interval: str,
    symbol: str | None,
    stamped: Literal["start", "end"],
    direction: bool,
    as_json: bool,
    families: str,
    seed: int,
    jobs: int,
) -> None:
    """Fit before a time, forecast from every bar after it, refit on schedule; say how good it was.

    Models see only what was known at each bar. Progress goes to stderr.
    """
    single_threads()
    if direction:
        click.echo(_direction(data, seed=seed, as_json=as_json))
        return
    from causal_alpha.dataset import Dataset  # noqa: PLC0415, after the threads are set
    from causal_alpha.evaluation.report import judge  # noqa: PLC0415
    from causal_alpha.evaluation.tournament import Origins, play  # noqa: PLC0415
    from causal_alpha.families import FAMILIES  # noqa: PLC0415

    def say(line: str) -> None:
        click.echo(line, err=True)

    names = [name.strip() for name in families.split(",") if name.strip()] or list(FAMILIES)
    bars, left_out = _read(data, interval, symbol, stamped)
    for reason in left_out:
        say(f"left out: {reason}")
    dataset = Dataset.from_bars(bars)
    begin = _begin(dataset, test_from)
    origins = Origins.of(dataset, begin)
    say(
        f"{len(dataset)} bars of {len(dataset.symbols)} symbols, data {dataset.hash}, "
        f"{len(origins.starts) - origins.warm} origins from {datetime.fromtimestamp(begin // SECOND, UTC):%F %H:%M}"
    )
    report = judge(dataset, origins, play(dataset, origins, names, seed=seed, jobs=jobs, say=say), names)
    if as_json:
        click.echo(json.dumps({"families": report.families, "served": report.served}, indent=1))
    else:
        click.echo(table(report))


def _read(
    path: Path, interval: str, symbol: str | None, stamped: Literal["start", "end"]
) -> "tuple[Frame[Bar], list[str]]":
    if interval == "1d":
        from causal_alpha.daily import read_daily  # noqa: PLC0415

        return read_daily(path)
    from causal_alpha.intraday import read_intraday  # noqa: PLC0415

    return read_intraday(path, interval, symbol=symbol, stamped=stamped)


def _begin(dataset: "Dataset", test_from: datetime | None) -> int:
    """Where the test begins, ns."""
    if test_from is not None:
        return int(test_from.replace(tzinfo=UTC).timestamp()) * SECOND
    if dataset.interval == "1d":
        raise click.UsageError("--test-from: expected a date for daily bars, was none")
    return int(dataset.sessions[len(dataset.sessions) * 2 // 3])


def _direction(path: Path, *, seed: int, as_json: bool) -> str:
    from causal_alpha.evaluation.direction import judge_direction  # noqa: PLC0415
    from causal_alpha.evaluation.moments import read_moments  # noqa: PLC0415

    model, figures = judge_direction(read_moments(path), seed=seed)
    if as_json:
        return json.dumps({"weights": model.weights.tolist(), "direction": figures}, indent=1)
    lines = [f"{'symbol':<24} {'accuracy':>9} {'95 % from':>9} {'to':>6} {'R2':>7} {'moves':>6}"]
    for name, f in figures.items():
        lines.append(
            f"{name:<24} {f['accuracy']:>9.3f} {f['low']:>9.3f} {f['high']:>6.3f} {f['r2']:>7.3f} {f['moves']:>6.0f}"
        )
    return "\n".join(lines)


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
    for name, skill in report.skill.items():
        lines.append(f"{name:<12} location: " + ", ".join(f"{figure} {value:.3f}" for figure, value in skill.items()))
    lines += [f"served {name:<22} {value:.4f}" for name, value in report.served.items()]
    return "\n".join(lines)
