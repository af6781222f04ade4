"""A stream recorded from Kafka and replayed into a fresh app id: the same to the bit."""

import asyncio
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiokafka import AIOKafkaProducer

from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.publish import Publisher
from causal_alpha.ticks import tick_json
from tests.pipeline.streams import SYMBOLS, T0, balance, random_ticks, send, stored, wait_for

pytestmark = pytest.mark.services

TICKS = 8_000
RATE = 200
PARTITIONS = 2
COLLECTIONS = ("bars", "features", "forecasts", "rejects")


def past_bars() -> Frame[Bar]:
    """Half a minute of 1 s bars before T0, as a source with a history sends them."""
    closes = np.round(100 + np.random.default_rng(3).normal(0, 0.1, (30, len(SYMBOLS))), 2)
    rows = [
        Bar(symbol=name, interval="1s", start=T0 + (n - 30) * SECOND, open=c, high=c, low=c, close=c, volume=1, vwap=c,
            trades=1, source="test")
        for n in range(30)
        for name, c in zip(SYMBOLS, closes[n].tolist(), strict=True)
    ]  # fmt: skip
    return Frame.of(Bar, rows)


async def produce(broker: str, app_id: str) -> None:
    """History, frames, and between them JSON messages good and bad, some stamped as if Kafka had them long ago."""
    frames = list(random_ticks(TICKS, rate=RATE))
    async with Publisher(broker, app_id=app_id, partitions=PARTITIONS) as publisher:
        await publisher.send(past_bars(), "test")
        await publisher.flush()
    half = len(frames) // 2
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        await send_all(broker, app_id, frames[:half])
        now = int(frames[half - 1].ints("ts").max())
        tick = Tick(symbol="S01", ts=now, price=101.0, size=1.0, source="foreign")
        stamp = now // MILLISECOND
        for value, at in (
            (tick_json(tick), stamp),
            (b"{", None),
            (tick_json(tick), stamp - 60_000),  # from the future of its own Kafka record, and of no other
            (b'{"symbol": "S02", "ts": 1, "price": -1, "size": 1}', stamp),
            (b"\xff\xff\xff\xff", stamp),
        ):
            await producer.send_and_wait(f"{app_id}.ticks", value, b"S01", 0, at, [("from", b"test")])
    await send(broker, app_id, frames[half:], partitions=PARTITIONS)


async def send_all(broker: str, app_id: str, frames: list[Frame[Tick]]) -> None:
    async with Publisher(broker, app_id=app_id, partitions=PARTITIONS) as publisher:
        for frame in frames:
            await publisher.send(frame, "test")


def run(*arguments: str) -> str:
    """`causal-alpha …`; returns what it said on stderr."""
    command = [sys.executable, "-m", "causal_alpha", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def contents(mongo: str, database: str, app_id: str) -> dict[str, list[str]]:
    """Every document as text (NaN is not itself), without the app's name."""
    return {
        name: [repr(document).replace(app_id, "app") for document in stored(mongo, database, name)]
        for name in COLLECTIONS
    }


def test_recording_replayed_gives_the_same_to_the_bit(worker: Any, kafka: str, mongo: str, tmp_path: Path) -> None:
    live = worker(start=False, partitions=PARTITIONS, idle_after=3600)
    again = worker(
        start=False,
        app_id=f"{live.app_id}-again",
        mongo_database=f"{live.database}_again",
        partitions=PARTITIONS,
        idle_after=3600,
    )
    for one in (live, again):
        one.launch()
    for one in (live, again):
        one.wait_ready()
    asyncio.run(produce(kafka, live.app_id))
    wait_for(lambda: balance(live.url).get("in") == TICKS + 5, what="all rows")
    expected = wait_for(partial(settled, mongo, live), what="forecasts")
    assert all(expected.values())
    assert len(expected["rejects"]) == 4

    where = ("--broker", kafka, "--app-id", live.app_id)
    said = run("record", "ticks", "bars", "--out", str(tmp_path / "rec"), "--since", "start", "--until", "now", *where)
    assert "messages of ticks" in said
    options = ("--speed", "0", "--broker", kafka, "--app-id", again.app_id, "--partitions", str(PARTITIONS))
    run("source", "replay", str(tmp_path / "rec"), *options)

    wait_for(lambda: balance(again.url).get("in") == TICKS + 5, what="all rows again")
    found = wait_for(
        lambda: same_size(now := contents(mongo, again.database, again.app_id), expected) and now, what="as many rows"
    )
    assert balance(again.url) == balance(live.url)
    for name in COLLECTIONS:
        assert found[name] == expected[name], name


def same_size(found: dict[str, list[str]], expected: dict[str, list[str]]) -> bool:
    return all(len(found[name]) == len(expected[name]) for name in COLLECTIONS)


def settled(mongo: str, worker: Any) -> dict[str, list[str]] | None:
    """What is stored, once nothing came for a while and all bars of the last second are forecast."""
    before = contents(mongo, worker.database, worker.app_id)
    time.sleep(1.0)
    after = contents(mongo, worker.database, worker.app_id)
    return after if after["forecasts"] and same_size(before, after) else None
