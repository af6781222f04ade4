"""Milliseconds from a tick produced to a row of its bar at a WebSocket, everything on this machine.

A process produces single JSON ticks (`benchmarks.sender`), a real worker with all agents makes bars of
them, and this process listens at its WebSocket as a page does. Price and stamp of a tick say which bars
hold it (`benchmarks.arrivals`), so each row received gives one latency, that of the oldest tick which no
row before it held: the worst case of a reader, not the mean. A tick that no row brings fails the run.
Rows whose oldest tick was sent during the warm-up don't count. On stderr also the part until the worker
handed the row to Kafka, by the time of the record on the topic bars or forming (to the ms).
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import numpy as np
import psutil
from websockets.asyncio.client import connect

from benchmarks import topics
from benchmarks.arrivals import Arrivals, Row, percentile_ms
from benchmarks.machine import describe_machine, say
from benchmarks.sender import SYMBOLS
from benchmarks.services import ROOT, running
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import free_port
from causal_alpha.devstack.process import Command, Process
from causal_alpha.devstack.worker import Worker
from causal_alpha.errors import ServiceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Bar

NAME = "benchmark-latency"
PLACES = {symbol: place for place, symbol in enumerate(SYMBOLS)}
STEADY = 0.98
"""The least part of the rate that the producer must have kept, else the machine was too busy to tell."""
QUIET = 4.0
"""Seconds without a bar until the last one is thought to have come; heartbeats close bars after 3."""
Message = tuple[int, str]
"""When it came (ns of the monotonic clock), and its text."""


@click.command()
@click.option("--rate", default=5_000, show_default=True, help="Ticks a second, over 100 symbols.")
@click.option("--seconds", default=20.0, show_default=True, help="Of the measured stretch.")
@click.option("--warm-up", default=8.0, show_default=True, help="Seconds before it.")
@click.option("--linger", default=1.0, show_default=True, help="The producer's, in ms.")
@click.option("--quick", is_flag=True, help="A short and slow run, to see that it works.")
def latency(rate: int, seconds: float, warm_up: float, linger: float, quick: bool) -> None:
    """Milliseconds from a tick produced to its bar at a WebSocket."""
    describe_machine()
    if quick:
        rate, seconds, warm_up = 500, 3.0, 2.0
    with running(Kafka, Mongo) as (folder, [broker, mongo_url]):
        settings = {
            "broker": broker,
            "mongo_url": mongo_url,
            "mongo_database": NAME,
            "app_id": f"{NAME}-{time.time_ns()}",
            "data_dir": str(folder / "data"),
            "hub_port": str(free_port()),
        }
        worker = Worker(settings, log=folder / "logs" / "worker.log", folder=ROOT).start()
        try:
            sent, messages = _run(worker, broker, folder, rate, warm_up + seconds, linger)
        finally:
            worker.stop()
        bars = sorted(
            row for name in ("bars", "forming") for row in topics.read(broker, f"{worker.app_id}.{name}", patience=2.0)
        )
    stamps, moments = sent[:, 0], sent[:, 1]
    kept = (len(sent) - 1) / (moments[-1] - moments[0]) * SECOND
    if kept < STEADY * rate:
        raise ServiceError(f"expected a producer with {rate} ticks/s, was {kept:.0f}: the machine is too busy")
    since = moments[0] + round(warm_up * SECOND)

    arrivals = Arrivals(stamps, moments, len(SYMBOLS))
    offset = time.time_ns() - time.monotonic_ns()
    arrivals.take(row for at, value in bars for row in _bar_rows(at * MILLISECOND - offset, value))
    say(f"until its topic:       {_summary(arrivals, since)}")

    arrivals = Arrivals(stamps, moments, len(SYMBOLS))
    arrivals.take(row for at, text in messages for row in _socket_rows(at, text))
    say(f"until the WebSocket:   {_summary(arrivals, since)}")
    if arrivals.missing:
        raise ServiceError(f"expected every tick in a row at the WebSocket, was {arrivals.missing} missing")
    measured = arrivals.rows[arrivals.oldest >= since]
    result = {"rate": rate, "p50_ms": percentile_ms(measured, 50), "p99_ms": percentile_ms(measured, 99)}
    click.echo(json.dumps(result))


def _run(
    worker: Worker, broker: str, folder: Path, rate: int, seconds: float, linger: float
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.int64]], list[Message]]:
    """Send for `seconds`; what was sent (see `benchmarks.sender`) and the socket's messages."""
    out = folder / "sent.npy"
    argv = (
        *(sys.executable, "-m", "benchmarks.sender", "--broker", broker, "--topic", f"{worker.app_id}.ticks"),
        *("--rate", str(rate), "--seconds", str(seconds), "--linger", str(linger), "--out", str(out)),
    )
    say(f"{rate} ticks/s for {seconds:.0f} s")
    process = psutil.Process(worker.pid)
    before = process.cpu_times()
    messages = asyncio.run(_listen(worker.url.replace("http", "ws") + "/ws/v1", Command(argv, folder=ROOT), folder))
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    say(f"the worker used {spent / seconds:.0%} of a core")
    return np.load(out), messages


async def _listen(url: str, command: Command, folder: Path) -> list[Message]:
    """Every message from before the producer starts until it has ended and no bar comes any more."""
    messages: list[Message] = []
    async with connect(url, max_size=None) as socket:
        producer = await asyncio.to_thread(Process, command, log=folder / "logs" / "sender.log")
        newest = time.monotonic()
        while producer.alive or time.monotonic() - newest < QUIET:
            try:
                text = str(await asyncio.wait_for(socket.recv(), QUIET))
            except TimeoutError:
                continue
            messages.append((time.monotonic_ns(), text))
            if '"bar"' in text:
                newest = time.monotonic()
    if status := producer.wait():
        raise ServiceError(f"the producer ended with status {status}\n{producer.tail()}")
    return messages


def _socket_rows(at: int, text: str) -> Iterator[Row]:
    kind, facts = msgspec.json.decode(text)
    for event in facts if kind in {"state", "log"} else ():
        name, *bar = event[1:] if kind == "log" else event
        if name == "bar":
            yield Row(at, PLACES[bar[0]], bar[1], bar[2], int(bar[6]))


def _bar_rows(at: int, value: bytes) -> Iterator[Row]:
    for bar in Frame.decode(Bar, value).rows():
        yield Row(at, PLACES[bar.symbol], bar.interval, bar.start // MILLISECOND, int(bar.close))


def _summary(arrivals: Arrivals, since: int) -> str:
    values = arrivals.rows[arrivals.oldest >= since]
    percentiles = ", ".join(f"p{percent:g} {percentile_ms(values, percent)}" for percent in (50, 95, 99, 99.9))
    return f"{percentiles} ms over {len(values)} rows"
