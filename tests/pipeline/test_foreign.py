"""A foreign producer: single JSON ticks from librdkafka land where ours do and give the same bars."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Producer

from causal_alpha.frames import ARROW_MAGIC, Frame
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Tick
from causal_alpha.ticks import tick_json
from tests.pipeline.streams import balance, random_ticks, send, stored, wait_for

pytestmark = pytest.mark.services

PARTITIONS = 4
TICKS = 20_000
WIDTHS = ("1s", "5s")
"""Short, as the last bars take as long to close as they are."""


def produce(broker: str, topic: str, ticks: Frame[Tick]) -> None:
    """One JSON message a tick, key = symbol, the partitioner of Java clients."""
    producer = Producer({"bootstrap.servers": broker, "partitioner": "murmur2_random", "linger.ms": 5})
    for tick in ticks.rows():
        producer.produce(topic, key=tick.symbol.encode(), value=tick_json(tick))
        producer.poll(0)
    assert producer.flush(30) == 0


async def symbols_by_partition(broker: str, topic: str, rows: int) -> dict[int, set[str]]:
    """Which symbols lie in which partition of `topic`, read until `rows` ticks were seen."""
    found: dict[int, set[str]] = {}
    seen = Counter[int]()
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
        while seen.total() < rows:
            message = await asyncio.wait_for(consumer.getone(), 20)
            if message.value.startswith(ARROW_MAGIC):
                names = Frame.decode(Tick, message.value).labels("symbol").tolist()
            else:
                names = [message.key.decode()]
            found.setdefault(message.partition, set()).update(names)
            seen[message.partition] += len(names)
    return found


def essence(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "source"} for row in documents]


def test_foreign_json_ticks_give_the_same_partitions_and_bars(worker: Any, kafka: str, mongo: str) -> None:
    frames = list(random_ticks(TICKS))
    settings = {"partitions": PARTITIONS, "intervals": ",".join(WIDTHS)}
    ours = worker(**settings)
    foreign = worker(app_id=f"{ours.app_id}-foreign", mongo_database=f"{ours.database}_foreign", **settings)

    produce(kafka, f"{foreign.app_id}.ticks", Frame.concat(frames))
    asyncio.run(send(kafka, ours.app_id, frames, partitions=PARTITIONS))

    for one in (ours, foreign):
        wait_for(lambda url=one.url: balance(url).get("in") == TICKS, what="all rows")
    expected = wait_for(
        lambda: len(found := stored(mongo, ours.database, "bars")) == _final_bars(frames) and found, what="our bars"
    )
    found = wait_for(  # the foreign producer writes no heartbeat: the worker's own close the last bars
        lambda: len(rows := stored(mongo, foreign.database, "bars")) == len(expected) and rows, what="their bars"
    )
    assert essence(found) == essence(expected)
    assert balance(foreign.url)["in_bars"] == TICKS
    places = [asyncio.run(symbols_by_partition(kafka, f"{one.app_id}.ticks", TICKS)) for one in (ours, foreign)]
    assert places[0] == places[1]
    assert len(places[0]) > 1


def _final_bars(frames: list[Frame[Tick]]) -> int:
    """Symbol and slot pairs, over the intervals."""
    return sum(
        len({(tick.symbol, tick.ts // width) for frame in frames for tick in frame.rows()})
        for width in map(interval_ns, WIDTHS)
    )
