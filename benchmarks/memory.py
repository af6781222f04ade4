"""Megabytes a worker takes for 1,000 symbols, from the resident memory of two real workers.

One gets few symbols, the other more, both the same number of one-minute bars: more than the hub keeps of
each symbol (300), so that nothing grows any further. Each is a whole worker, with features, forecasts,
archive and hub, on Kafka and MongoDB. The difference is what the symbols take, the rest is the worker.

Hours come within a minute, and MongoDB takes longer: memory is read when all is stored, and the worker has given
back what the burst needed.
"""

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import psutil
from bson import DatetimeMS
from pymongo import MongoClient

from benchmarks import topics
from benchmarks.machine import describe_machine, say
from benchmarks.services import ROOT, running
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import free_port
from causal_alpha.devstack.worker import Worker
from causal_alpha.errors import ServiceError
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Column, Frame, Labels, heartbeat
from causal_alpha.intervals import MILLISECOND, SECOND, interval_ns
from causal_alpha.records import Tick

INTERVAL = "1m"
MINUTE = interval_ns(INTERVAL)
START = 1_700_000_040 * SECOND
"""A whole minute."""
PATIENCE = 600.0
SETTLING = 70.0
"""Seconds; a worker gives memory back once a minute."""
MB = 2**20


@click.command()
@click.option(
    "--symbols", type=int, nargs=2, default=(100, 500), show_default=True, help="Of the small and of the big worker."
)
@click.option("--bars", default=320, show_default=True, help="Of each symbol.")
@click.option("--quick", is_flag=True, help="Few symbols and bars, to see that it works.")
def memory(symbols: tuple[int, int], bars: int, quick: bool) -> None:
    """Megabytes of a worker for 1,000 symbols."""
    describe_machine()
    if quick:
        symbols, bars = (10, 60), DEFAULT.lookback + 5
    few, many = symbols
    if not 0 < few < many:
        raise click.UsageError(f"--symbols: expected two numbers, the smaller one first, was {few} {many}")
    if bars <= DEFAULT.lookback:
        raise click.UsageError(f"--bars: expected more than the {DEFAULT.lookback} of the first forecast, was {bars}")
    with running(Kafka, Mongo) as (folder, [broker, mongo_url]):
        used = [measure(count, bars, broker, mongo_url, folder, quick) for count in symbols]
    slope = (used[1] - used[0]) / (many - few)
    result = {
        "mb_per_1000_symbols": round(1000 * slope, 1),
        "worker_mb": round(used[0] - few * slope, 1),
        "symbols": list(symbols),
        "bars": bars,
    }
    click.echo(json.dumps(result))


def measure(symbols: int, bars: int, broker: str, mongo_url: str, folder: Path, quick: bool) -> float:
    """Resident memory, in MB, of a worker that has had so many bars of so many symbols."""
    name = f"benchmark-{uuid.uuid4().hex[:8]}"
    settings = {
        "broker": broker,
        "mongo_url": mongo_url,
        "mongo_database": name,
        "app_id": name,
        "intervals": INTERVAL,
        "max_poll_records": "4",  # as live, not a backlog of hours in one frame
        "data_dir": str(folder / name),
        "hub_port": str(free_port()),
    }
    topics.fill(broker, f"{name}.ticks", make_messages(symbols, bars))
    worker = Worker(settings, log=folder / "logs" / f"{name}.log", folder=ROOT).start()
    try:
        last = START + (bars - 1) * MINUTE
        _wait(worker, symbols, last)
        _wait_for_archive(mongo_url, name, symbols, last)
        time.sleep(0 if quick else SETTLING)
        used = psutil.Process(worker.pid).memory_info().rss / MB
    finally:
        worker.stop()
    say(f"{symbols} symbols, {bars} bars of each: {used:.0f} MB")
    return float(used)


def make_messages(symbols: int, bars: int) -> Iterator[tuple[bytes, bytes]]:
    """A tick of every symbol a minute, spread over it, and heartbeats that close each minute."""
    names = tuple(f"S{number:05d}" for number in range(symbols))
    places = Labels(np.arange(symbols, dtype=np.int32), names)
    spread = np.arange(symbols) * (59_000 // symbols) * MILLISECOND
    prices = 20 + np.arange(symbols) % 50
    for minute in range(bars):
        ticks: dict[str, Column] = {
            "symbol": places,
            "ts": START + minute * MINUTE + spread,
            "price": prices + minute % 5 / 100,
            "size": np.ones(symbols),
            "id": minute * symbols + np.arange(symbols),
            "source": Labels.constant("benchmark", symbols),
        }
        yield b"", Frame.from_columns(Tick, ticks).encode()
        yield b"", heartbeat(START + (minute + 1) * MINUTE, "benchmark").encode()


def _wait(worker: Worker, symbols: int, start: int) -> None:
    """Until the last symbol has a forecast made of the bar that starts at `start` (ns)."""
    url = f"{worker.url}/api/v1/forecasts/S{symbols - 1:05d}?interval={INTERVAL}&limit=1"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with urllib.request.urlopen(url, timeout=30) as answer:
            rows = json.load(answer)["forecasts"]
        if rows and rows[-1]["start"] >= start // MILLISECOND:
            return
        time.sleep(0.5)
    raise ServiceError(f"expected the last forecast within {PATIENCE:.0f} s, was {rows[-1:]}\n{worker.tail(20)}")


def _wait_for_archive(mongo_url: str, database: str, symbols: int, start: int) -> None:
    """Until the rows of all symbols for the bar that starts at `start` (ns) are stored."""
    last = {"start": DatetimeMS(start // MILLISECOND)}
    deadline = time.monotonic() + PATIENCE
    with MongoClient[dict[str, Any]](mongo_url) as client:
        while time.monotonic() < deadline:
            stored = {name: client[database][name].count_documents(last) for name in ("bars", "features", "forecasts")}
            if min(stored.values()) >= symbols:
                return
            time.sleep(0.5)
    raise ServiceError(f"expected {symbols} rows of the last bar in MongoDB within {PATIENCE:.0f} s, was {stored}")
