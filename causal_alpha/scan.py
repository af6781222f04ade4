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


async def scan(
    broker: str,
    partitions: Mapping[str, int],
    since: Since,
    *,
    until: int | None = None,
    follow: bool = True,
    clock: Callable[[], int] = time.time_ns,
) -> AsyncGenerator[list[Any], None]:
    """The messages of topics, which have so many `partitions`, in batches that keep a partition's order.

    Reading ends for a partition at its first message stamped `until` (ns) or later, or when nothing earlier
    can come any more; without `follow` at what was there in the beginning. A batch may be empty: half a second
    without messages. Messages are aiokafka's: topic, partition, offset, timestamp (ms), key, value, headers.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=MAX_MESSAGE,
    )
    places = [TopicPartition(topic, number) for topic, count in partitions.items() for number in range(count)]
    async with _kafka_errors(broker):
        try:
            await consumer.start()
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            await _seek(consumer, since, ends)
            going = set(places)
            while going:
                found = await consumer.getmany(*going, timeout_ms=_POLL)
                cut = {place: list(_before(messages, until)) for place, messages in found.items()}
                yield [message for messages in cut.values() for message in messages]
                if until is not None:
                    going -= {place for place, messages in found.items() if len(cut[place]) < len(messages)}
                    if clock() < until + _GRACE:
                        continue
                    ends = await consumer.end_offsets(list(going)) if going else {}
                elif follow:
                    continue
                going = {place for place in going if await consumer.position(place) < ends[place]}
        finally:
            await consumer.stop()


def _before(messages: Sequence[Any], until: int | None) -> Iterable[Any]:
    for message in messages:
        if until is not None and message.timestamp * MILLISECOND >= until:
            return
        yield message


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
