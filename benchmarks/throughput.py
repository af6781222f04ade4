"""Ticks a CPU-second from a real Kafka topic to one-minute bars in a topic, ours beside our peers.

A run takes each of `benchmarks.contenders` once, in turn, as a process of its own on a topic filled
before it starts; the result is the median of the runs. CPU time is that of the whole process, all
threads, between 10 % and 90 % of the topic (`benchmarks.meter`). Every run's bars are read back from
Kafka and compared with pandas before its number counts.
"""

import json
import statistics
import time
import uuid
from pathlib import Path

import click
import numpy as np
import pandas as pd

from benchmarks import market, meter, topics
from benchmarks.contenders import SAVE_EVERY, Contender, contenders
from benchmarks.machine import describe_machine, say
from benchmarks.services import ROOT, running
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.program import Program
from causal_alpha.errors import ServiceError

PATIENCE, PATIENCE_FOR_BARS = 600.0, 15.0
KEYS = ["symbol", "start"]
PEERS = ("faust", "quix", "bytewax")


@click.command()
@click.option("--ticks", default=4_000_000, show_default=True, help="Ticks in frames; the others get a part of them.")
@click.option("--runs", default=3, show_default=True, help="Runs of every contender.")
@click.option("--quick", is_flag=True, help="One small run, to see that it works.")
def throughput(ticks: int, runs: int, quick: bool) -> None:
    """Ticks a CPU-second from Kafka to bars, beside Faust, Quix Streams and Bytewax."""
    describe_machine()
    spacing = market.SPACING
    if quick:  # fewer ticks, further apart: the smallest share, too, shall last for some minutes of bars
        ticks, runs, spacing = 240_000, 1, 10 * market.SPACING
    everyone = contenders(market.make_ticks(ticks, spacing=spacing))
    speeds: dict[str, list[float]] = {contender.name: [] for contender in everyone}
    with running(Kafka) as (folder, [broker]):
        for run in range(1, runs + 1):
            for contender in everyone:
                speed = race(contender, broker, folder, f"run {run} of {runs}, {contender.name}")
                speeds[contender.name].append(speed)
    middle = {name: statistics.median(found) for name, found in speeds.items()}
    for name, found in speeds.items():
        say(f"{name}: {middle[name]:,.0f} ticks a CPU-second, {min(found):,.0f} to {max(found):,.0f}")
    say("JSON: " + ", ".join(f"{middle['ours_json'] / middle[peer]:.1f} times {peer}" for peer in PEERS))
    result: dict[str, object] = {f"{name}_per_cpu_s": round(value, 1) for name, value in middle.items()}
    result["runs"] = {name: [round(value, 1) for value in found] for name, found in speeds.items()}
    click.echo(json.dumps(result))


def race(contender: Contender, broker: str, folder: Path, title: str) -> float:
    """One run of a contender: ticks a CPU-second. Raises ServiceError if it fails or makes wrong bars."""
    name = f"benchmark-{uuid.uuid4().hex[:8]}"
    report, data = folder / f"{name}.json", folder / name
    topics.fill(broker, f"{name}.ticks", contender.messages())
    environment = {
        "CAUSAL_ALPHA_BROKER": broker,
        "CAUSAL_ALPHA_APP_ID": name,
        "CAUSAL_ALPHA_AGENTS": "benchmarks.transform_agent",
        "CAUSAL_ALPHA_INTERVALS": market.INTERVAL,
        "CAUSAL_ALPHA_LATENESS": str(market.LATENESS),
        "CAUSAL_ALPHA_SNAPSHOT_EVERY": str(SAVE_EVERY),
        "CAUSAL_ALPHA_DATA_DIR": str(data),
        meter.TOTAL: str(len(contender.ticks)),
        meter.REPORT: str(report),
    }
    command = Command(contender.command(data), environment, ROOT, grace=5.0)
    process = Program(contender.name, command, log=folder / "logs" / f"{name}.log")
    expected = market.oracle(contender.ticks, contender.closed_by)
    process.launch()
    try:
        _wait(report, process)
        _read_bars(contender, broker, f"{name}.bars", len(expected))
    finally:
        process.stop()
    compare(_read_bars(contender, broker, f"{name}.bars"), expected, contender.name)
    topics.drop(broker, f"{name}.ticks", f"{name}.bars")
    found = json.loads(report.read_text())
    speed = float(found["rows"] / found["cpu_s"])
    busy, memory = found["cpu_s"] / found["wall_s"], found["max_rss_mb"]
    say(f"{title}: {speed:,.0f} ticks a CPU-second, {busy:.0%} of a core, {memory:.0f} MB, {len(expected)} bars right")
    return speed


def compare(bars: pd.DataFrame, expected: pd.DataFrame, name: str) -> None:
    """Raises ServiceError unless the bars are those of pandas: sums to 1e-9, everything else exactly."""
    if expected.empty:
        raise ServiceError(f"{name}: expected enough ticks for a bar, was none: give it more --ticks")
    if bars.empty:
        raise ServiceError(f"{name}: expected {len(expected)} bars, was none")
    bars = bars.set_index(KEYS).sort_index()
    if bars.index.has_duplicates or not bars.index.equals(expected.index):
        raise ServiceError(f"{name}: expected {len(expected)} bars, each once, was {len(bars)}, or others")
    for column in expected.columns:
        tolerance = 1e-9 if column in {"volume", "vwap"} else 0.0
        if not np.allclose(bars[column], expected[column], rtol=tolerance, atol=0.0):
            raise ServiceError(f"{name}: expected the bars that pandas makes, was another {column}")


def _read_bars(contender: Contender, broker: str, topic: str, count: int = 0) -> pd.DataFrame:
    """The bars in a topic by now, or once there are `count`, for which it waits a little."""
    deadline = time.monotonic() + PATIENCE_FOR_BARS
    while True:
        rows = [row for _, value in topics.read(broker, topic) for row in contender.read(value)]
        if len(rows) >= count or time.monotonic() > deadline:
            return pd.DataFrame(rows)
        time.sleep(0.5)


def _wait(report: Path, process: Program) -> None:
    deadline = time.monotonic() + PATIENCE
    while not report.exists():
        if time.monotonic() > deadline or (not process.alive and not report.exists()):
            problem = f"expected a report within {PATIENCE:.0f} s, was none"
            raise ServiceError(f"{process.name}: {problem}\n{process.tail(40)}")
        time.sleep(0.1)
