"""Milliseconds from a tick produced to a row of its bar at a WebSocket, everything on this machine.

A process produces single JSON ticks (`benchmarks.sender`), a real worker with all agents makes bars of
them, and this process listens at its WebSocket as a page does. Price and stamp of a tick say which bars
hold it (`benchmarks.arrivals`), so each row received gives one latency, that of the oldest tick which no
row before it held: the worst case of a reader, not the mean. A tick that no row brings fails the run.
Rows whose oldest tick was sent during the warm-up don't count.

`stages` tells how far it is to each place on the way, always since the tick was produced:

- `kafka`: the broker has appended the tick to its log (by its clock, to the ms; every tick counts);
- `bars`: a row with it is on its way to the topic bars or forming (by the record's time, to the ms), where hubs of
  other workers find it: forming ones every 50 ms;
- `hub`: the worker's hub has a row with it (`benchmarks.hub_probe`), forming ones without a way through Kafka;
- `client`: the other end of the WebSocket has it, which is the result.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec
import numpy as np
import psutil
from websockets.asyncio.client import connect

from benchmarks import stages, topics
from benchmarks.arrivals import percentile_ms
from benchmarks.machine import describe_machine, say
from benchmarks.services import ROOT, running
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import free_port
from causal_alpha.devstack.process import Command, Process
from causal_alpha.devstack.worker import Worker
from causal_alpha.errors import ServiceError
from causal_alpha.frames import Ints
from causal_alpha.intervals import SECOND

NAME = "benchmark-latency"
STEADY = 0.98
"""The least part of the rate that the producer must have kept, else the machine was too busy to tell."""
AFTERWARDS = 5.0
"""Seconds in which the last ticks must come, once all are sent."""
Message = tuple[int, str]
"""When it came (ns of the monotonic clock), and its text."""


@dataclass(frozen=True)
class Load:
    """What is sent: `rate` ticks a second for `seconds`, after `warm_up` seconds of the same; `linger` in ms."""

    rate: int
    seconds: float
    warm_up: float
    linger: float


@click.command()
@click.option("--rate", default=5_000, show_default=True, help="Ticks a second, over 100 symbols.")
@click.option("--seconds", default=20.0, show_default=True, help="Of the measured stretch.")
@click.option("--warm-up", default=8.0, show_default=True, help="Seconds before it.")
@click.option("--linger", default=3.0, show_default=True, help="The producer's, in ms.")
@click.option("--quick", is_flag=True, help="A short and slow run, to see that it works.")
def latency(rate: int, seconds: float, warm_up: float, linger: float, quick: bool) -> None:
    """Milliseconds from a tick produced to its bar at a WebSocket."""
    describe_machine()
    load = Load(500, 3.0, 2.0, linger) if quick else Load(rate, seconds, warm_up, linger)
    with running(Kafka, Mongo) as (folder, [broker, mongo_url]):
        settings = {
            "broker": broker,
            "mongo_url": mongo_url,
            "mongo_database": NAME,
            "app_id": f"{NAME}-{time.time_ns()}",
            "agents": "agents,benchmarks.hub_probe",
            "data_dir": str(folder / "data"),
            "hub_port": str(free_port()),
        }
        worker = Worker(settings, log=folder / "logs" / "worker.log", folder=ROOT)
        topics.make(broker, f"{worker.app_id}.ticks", message_timestamp_type="LogAppendTime")
        worker.start()
        try:
            sent, messages = _run(worker, broker, folder, load)
        finally:
            worker.stop()
        found = _stages(worker, broker, sent, messages, load)
    for name, values in found.items():
        percentiles = ", ".join(f"p{percent:g} {percentile_ms(values, percent)}" for percent in (50, 95, 99, 99.9))
        say(f"until {name + ':':8}{percentiles} ms over {len(values)}")
    summaries = {
        name: {"p50_ms": percentile_ms(values, 50), "p99_ms": percentile_ms(values, 99)}
        for name, values in found.items()
    }
    click.echo(json.dumps({"rate": load.rate, **summaries["client"], "stages": summaries}))


def _run(worker: Worker, broker: str, folder: Path, load: Load) -> tuple[Ints, list[Message]]:
    """Send the load; what was sent (see `benchmarks.sender`) and the socket's messages."""
    out = folder / "sent.npy"
    seconds = load.warm_up + load.seconds
    argv = (
        *(sys.executable, "-m", "benchmarks.sender", "--broker", broker, "--topic", f"{worker.app_id}.ticks"),
        *("--rate", str(load.rate), "--seconds", str(seconds), "--linger", str(load.linger), "--out", str(out)),
    )
    say(f"{load.rate} ticks/s for {seconds:.0f} s")
    process = psutil.Process(worker.pid)
    before = process.cpu_times()
    messages = asyncio.run(_listen(worker.url.replace("http", "ws") + "/ws/v1", Command(argv, folder=ROOT), folder))
    after = process.cpu_times()
    spent = after.user + after.system - before.user - before.system
    say(f"the worker used {spent / seconds:.0%} of a core")
    sent: Ints = np.load(out)
    moments = sent[:, 1]
    kept = (len(sent) - 1) / (moments[-1] - moments[0]) * SECOND
    if kept < STEADY * load.rate:
        raise ServiceError(f"expected a producer with {load.rate} ticks/s, was {kept:.0f}: the machine is too busy")
    return sent, messages


async def _listen(url: str, command: Command, folder: Path) -> list[Message]:
    """Every message from before the producer starts until some time after it has ended."""
    messages: list[Message] = []
    async with connect(url, max_size=None) as socket:
        producer = await asyncio.to_thread(Process, command, log=folder / "logs" / "sender.log")
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as limit:
                async for text in socket:
                    messages.append((time.monotonic_ns(), str(text)))
                    if limit.when() is None and not producer.alive:
                        limit.reschedule(asyncio.get_running_loop().time() + AFTERWARDS)
    if status := producer.wait():
        raise ServiceError(f"the producer ended with status {status}\n{producer.tail()}")
    return messages


def _stages(worker: Worker, broker: str, sent: Ints, messages: list[Message], load: Load) -> dict[str, Ints]:
    """The latencies (ns) up to each place, in the order in which a tick comes through."""
    since = int(sent[0, 1]) + round(load.warm_up * SECOND)
    offset = time.monotonic_ns() - time.time_ns()
    at_broker = stages.appended(topics.read(broker, f"{worker.app_id}.ticks"), offset)
    if len(at_broker) != len(sent):
        raise ServiceError(f"expected {len(sent)} ticks in the topic, was {len(at_broker)}")
    kept = sent[:, 1] >= since
    records = sorted(
        record for name in ("bars", "forming") for record in topics.read(broker, f"{worker.app_id}.{name}")
    )
    at_hub = msgspec.msgpack.decode(Path(worker.settings["data_dir"], stages.HUB_FILE).read_bytes())
    ways = {
        "bars": stages.of_topic(records, offset),
        "hub": (row for at, value in at_hub for row in stages.of_frame(at, value)),
        "client": (row for at, text in messages for row in stages.of_message(at, text)),
    }
    found = {"kafka": (at_broker - sent[:, 1])[kept]}
    for name, rows in ways.items():
        found[name], missing = stages.latencies(rows, sent, since)
        if missing and name == "client":
            raise ServiceError(f"expected every tick in a row at the WebSocket, was {missing} missing")
    return found
