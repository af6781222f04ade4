"""Ticks a CPU-second from a real Kafka topic to bars in a topic, ours beside an idiomatic Faust agent.

Three contenders, each a worker process of its own on a topic filled before it starts:

- `ours_json`: `agents.bars.make_bars` alone, on single JSON ticks;
- `ours_frames`: the same agent on frames of 1,000 ticks;
- `faust`: `benchmarks.faust_agent`, on the first of the same JSON ticks; all of them would take it an hour.

A run takes each of them once, in turn; the result is the median of the runs. CPU time is the worker's own,
all threads, between 10 % and 90 % of the topic (`benchmarks.meter`). Every run's bars are read back from
Kafka and compared with pandas before its number counts.
"""

import json
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click
import msgspec
import numpy as np
import pandas as pd

from benchmarks import market, meter, topics
from benchmarks.machine import describe_machine, say
from benchmarks.services import ROOT, running
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.program import Program
from causal_alpha.errors import ServiceError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import DAY, MILLISECOND
from causal_alpha.records import Bar, Tick

FRAME_ROWS = 1_000
JSON_SHARE, FAUST_SHARE = 8, 160
"""What part of the ticks goes in as JSON, and to the Faust agent: the first ones, enough for some seconds."""
PATIENCE, PATIENCE_FOR_BARS = 600.0, 10.0
KEYS = ["interval", "symbol", "start"]


@dataclass(frozen=True)
class Contender:
    """One worker under test. `closes`: whether it also sends each symbol's last bars, at the final heartbeat."""

    name: str
    app: str
    ticks: Frame[Tick]
    messages: Callable[[], Iterable[tuple[bytes, bytes]]]
    bars: Callable[[bytes], Iterable[dict[str, Any]]]
    closes: bool


@click.command()
@click.option(
    "--ticks", default=4_000_000, show_default=True, help="Ticks in frames; 1/8 of them as JSON, 1/160 to Faust."
)
@click.option("--runs", default=3, show_default=True, help="Runs of every contender.")
@click.option("--quick", is_flag=True, help="One small run, to see that it works.")
def throughput(ticks: int, runs: int, quick: bool) -> None:
    """Ticks a CPU-second through the transform agent, beside a per-tick Faust agent."""
    describe_machine()
    if quick:
        ticks, runs = 1_600_000, 1
    everyone = contenders(market.make_ticks(ticks))
    speeds: dict[str, list[float]] = {contender.name: [] for contender in everyone}
    with running(Kafka) as (folder, [broker]):
        for run in range(1, runs + 1):
            for contender in everyone:
                speed = race(contender, broker, folder)
                speeds[contender.name].append(speed)
                say(f"run {run} of {runs}, {contender.name}: {speed:,.0f} ticks a CPU-second, bars right")
    result = {f"{name}_per_cpu_s": round(statistics.median(found), 1) for name, found in speeds.items()}
    say(f"JSON: {result['ours_json_per_cpu_s'] / result['faust_per_cpu_s']:.0f} times Faust")
    click.echo(json.dumps(result))


def contenders(ticks: Frame[Tick]) -> tuple[Contender, ...]:
    some, few = (ticks.take(np.arange(len(ticks) // share)) for share in (JSON_SHARE, FAUST_SHARE))
    ours = "causal_alpha"
    return (
        Contender("ours_json", ours, some, lambda: _closed(market.as_json(some)), our_bars, True),
        Contender("ours_frames", ours, ticks, lambda: _closed(market.as_frames(ticks, FRAME_ROWS)), our_bars, True),
        Contender("faust", "benchmarks.faust_agent", few, lambda: market.as_json(few), faust_bars, False),
    )


def race(contender: Contender, broker: str, folder: Path) -> float:
    """One run of a worker: ticks a CPU-second. Raises ServiceError if it fails or makes wrong bars."""
    name = f"benchmark-{uuid.uuid4().hex[:8]}"
    report = folder / f"{name}.json"
    topics.fill(broker, f"{name}.ticks", contender.messages())
    argv = (sys.executable, "-m", "faust", "-L", "uvloop", "-A", contender.app, "worker", "-l", "warn", "--without-web")
    environment = {
        "CAUSAL_ALPHA_BROKER": broker,
        "CAUSAL_ALPHA_APP_ID": name,
        "CAUSAL_ALPHA_AGENTS": "benchmarks.transform_agent",
        "CAUSAL_ALPHA_INTERVALS": ",".join(market.INTERVALS),
        "CAUSAL_ALPHA_DATA_DIR": str(folder / name),
        meter.TOTAL: str(len(contender.ticks)),
        meter.REPORT: str(report),
    }
    worker = Program(contender.name, Command(argv, environment, ROOT, grace=5.0), log=folder / "logs" / f"{name}.log")
    expected = market.oracle(contender.ticks)
    if not contender.closes:
        starts = expected.index.to_frame(index=False)
        newest = starts.groupby(["interval", "symbol"])["start"].transform("max")
        expected = expected[(starts["start"] < newest).to_numpy()]
    worker.launch()
    try:
        _wait(report, worker)
        values = (value for _, value in topics.read(broker, f"{name}.bars", PATIENCE_FOR_BARS))
        bars = list(islice(chain.from_iterable(map(contender.bars, values)), len(expected)))
    finally:
        worker.stop()
    compare(pd.DataFrame(bars), expected, contender.name)
    found = json.loads(report.read_text())
    return float(found["rows"] / found["cpu_s"])


def compare(bars: pd.DataFrame, expected: pd.DataFrame, name: str) -> None:
    """Raises ServiceError unless the bars are those of pandas: sums to 1e-9, everything else exactly."""
    if bars.empty:
        raise ServiceError(f"{name}: expected {len(expected)} bars, was none")
    bars = bars.set_index(KEYS).sort_index()
    if bars.index.has_duplicates or not bars.index.equals(expected.index):
        raise ServiceError(f"{name}: expected {len(expected)} bars, each once, was {len(bars)}, or others")
    for column in expected.columns:
        tolerance = 1e-9 if column in {"volume", "vwap"} else 0.0
        if not np.allclose(bars[column], expected[column], rtol=tolerance, atol=0.0):
            raise ServiceError(f"{name}: expected the bars that pandas makes, was another {column}")


def our_bars(value: bytes) -> Iterable[dict[str, Any]]:
    """The final bars of a message on our topic."""
    return map(msgspec.structs.asdict, Frame.decode(Bar, value).rows())


def faust_bars(value: bytes) -> Iterable[dict[str, Any]]:
    """The bar in a message of the Faust agent."""
    bar = msgspec.json.decode(value)
    return [bar | {"start": bar["start"] * MILLISECOND}]


def _closed(messages: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """The messages and a heartbeat after the last, which makes every bar final."""
    yield from messages
    yield b"", heartbeat(market.START + DAY).encode()


def _wait(report: Path, worker: Program) -> None:
    deadline = time.monotonic() + PATIENCE
    while not report.exists():
        if not worker.alive or time.monotonic() > deadline:
            raise ServiceError(f"{worker.name}: expected a report within {PATIENCE:.0f} s, was none\n{worker.tail(40)}")
        time.sleep(0.1)
