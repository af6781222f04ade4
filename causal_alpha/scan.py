"""Read topics from a point on, without a group: for commands that look at the log and change nothing."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from causal_alpha.errors import SourceError
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.sources.publish import MAX_MESSAGE

_client = logging.getLogger("aiokafka")
_POLL = 500
"""Milliseconds that a poll waits for messages."""
_GRACE = SECOND
"""How long after `until` messages that were stamped before it may still come, ns."""
_ASTRAY = 3600 * SECOND
"""How far a producer's clock may be ahead, ns. Kafka 4 refuses what is stamped later, unless told otherwise."""
_STREAK = 10_000
"""Messages in a row stamped `_ASTRAY` after `until` or later, after which the rest of a partition is left."""


@dataclass(frozen=True)
class Since:
    """Where reading begins: at a time (ns) of the messages, at an offset, or at one for each partition.

    A negative offset counts from the end.
    """

    time: int | None = None
    offset: int = 0
    after: Mapping[int, int] | None = None


async def partition_counts(broker: str, topics: Iterable[str]) -> dict[str, int]:
    """How many partitions each topic has. Raises SourceError for one that isn't there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    async with _kafka_errors(broker):
        try:
            _client.setLevel(logging.CRITICAL)  # it logs what it raises
            await admin.start()
            found = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
        finally:
            _client.setLevel(logging.NOTSET)
            await admin.close()
    if missing := [topic for topic in topics if topic not in found]:
        known = ", ".join(sorted(name for name in found if not name.startswith("_"))) or "none"
        raise SourceError(f"topic: expected one of {known}, was {missing[0]}")
    return {topic: found[topic] for topic in topics}


async def extent(broker: str, topic: str, partitions: int) -> dict[int, range]:
    """The offsets of each partition of a topic, from the first that is still there to the last."""
    places = [TopicPartition(topic, number) for number in range(partitions)]
    async with _consumer(broker, places) as consumer:
        consumer.pause(*places)  # nothing is read
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
    return {place.partition: range(begins[place], ends[place]) for place in places}


async def scan(
    broker: str,
    partitions: Mapping[str, int],
    since: Since,
    *,
    until: int | None = None,
    upto: Mapping[int, int] | None = None,
    follow: bool = True,
    clock: Callable[[], int] = time.time_ns,
) -> AsyncGenerator[list[Any], None]:
    """The messages of topics, which have so many `partitions`, in batches that keep a partition's order.

    Stamps are those of producers, whose clocks differ, so in a partition they are in no order. From a time on means
    from the first message stamped so or later, and all after it. Messages stamped `until` (ns) or later are left out
    one by one. All earlier ones are given that are in the log when `clock` is a second past `until` or, if it is
    already, at the beginning. There is one exception, or a long topic were read to its end for an `until` long past:
    if `clock` is an hour past `until`, a partition also ends after 10,000 messages in a row that are stamped that hour
    or more after it. What was stamped before `until` and stands behind those, a replay for example, is not found;
    Kafka knows of no offset behind which nothing earlier comes.

    Without `follow` reading ends at what was there in the beginning, or before the offset `upto` of each partition. A
    batch may be empty: half a second without messages. Messages are aiokafka's: topic, partition, offset, timestamp
    (ms), key, value, headers.
    """
    places = [TopicPartition(topic, number) for topic, count in partitions.items() for number in range(count)]
    async with _consumer(broker, places) as consumer:
        fixed = not follow if until is None else clock() >= until + _GRACE  # asked before the ends are
        far = until + _ASTRAY if until is not None and clock() >= until + _ASTRAY else None
        ends = await consumer.end_offsets(places)
        await _seek(consumer, since, ends)
        if upto is not None:
            ends = {place: min(end, upto.get(place.partition, end)) for place, end in ends.items()}
        going, streaks = set(places), dict.fromkeys(places, 0)
        while True:
            if fixed:
                over = {place for place in going if await consumer.position(place) >= ends[place]}
                over |= {place for place in going if streaks[place] >= _STREAK}
                consumer.pause(*over)
                going -= over
            if not going:
                return
            found = await consumer.getmany(*going, timeout_ms=_POLL)
            yield [
                message
                for place, messages in found.items()
                for message in messages
                if (until is None or message.timestamp * MILLISECOND < until)
                and (not fixed or message.offset < ends[place])
            ]
            if far is not None:
                for place, messages in found.items():
                    streaks[place] = _streak(messages, far, streaks[place])
            if not fixed and until is not None and clock() >= until + _GRACE:
                fixed, ends = True, await consumer.end_offsets(places)


def _streak(messages: Sequence[Any], far: int, before: int) -> int:
    """How many in a row, up to the last, are stamped `far` (ns) or later; in front of these it were `before`."""
    for count, message in enumerate(reversed(messages)):
        if message.timestamp * MILLISECOND < far:
            return count
    return before + len(messages)


@asynccontextmanager
async def _consumer(broker: str, places: Sequence[TopicPartition]) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=MAX_MESSAGE,
    )
    async with _kafka_errors(broker):
        try:
            await consumer.start()
            consumer.assign(places)
            yield consumer
        finally:
            await consumer.stop()


async def _seek(consumer: AIOKafkaConsumer, since: Since, ends: Mapping[TopicPartition, int]) -> None:
    begins = await consumer.beginning_offsets(list(ends))
    if since.time is not None:
        stamp = max(0, -(-since.time // MILLISECOND))
        found = await consumer.offsets_for_times(dict.fromkeys(ends, stamp))
        offsets = {place: ends[place] if at is None else at.offset for place, at in found.items()}
    elif since.after is not None:
        offsets = {place: since.after.get(place.partition, 0) for place in ends}
    else:
        offsets = {place: since.offset if since.offset >= 0 else end + since.offset for place, end in ends.items()}
    for place, end in ends.items():
        consumer.seek(place, min(max(offsets[place], begins[place]), end))


@asynccontextmanager
async def _kafka_errors(broker: str) -> AsyncIterator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:
        raise SourceError(f"expected Kafka at {broker}, was {error!r}") from error
