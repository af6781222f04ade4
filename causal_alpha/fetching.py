"""Records of a fetch as columns: a poll costs 0.5 us a message, not 1.5 for an aiokafka record of each.

And fetches in a pace: while records come, the broker gathers them for a moment before it answers. A pause of ours
between two polls would bring as much at once, but what was fetched before it grows old meanwhile.

The only file that leans on aiokafka's private parts, written for aiokafka 0.14.0. Its fetcher keeps what a
broker sent by partition, as `FetchResult`s, and asks these for records by `getall` when the consumer polls.
"""

import math
import weakref
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from causal_alpha.errors import SettingsError
from causal_alpha.messages import Messages


class Batch(NamedTuple):
    """Records of one partition, shaped like a record. `offset` is the last one's, `first` the first one's."""

    topic: str
    partition: int
    offset: int
    first: int
    timestamp: int
    timestamp_type: int
    value: Messages
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    checksum: int | None = None
    serialized_key_size: int = 0
    serialized_value_size: int = 0


_BACKOFF = 0.02
"""Seconds in which a broker isn't asked for more while some of what it sent waits for a poll; aiokafka has 0.1."""
_SHORT_WAIT = 10
"""Milliseconds that a broker may think about a request that leaves out partitions whose records wait for a poll.

The others may have nothing for as long as a request is allowed to wait, 1.5 s in Faust, and until then the broker
could not be asked for what those partitions have next.
"""
_ENOUGH = 65_536
"""Bytes that a broker does not gather any longer."""
_AWAKE = 0.1
"""Seconds after the last record of a bulk topic in which the broker gathers; then it answers with the first one."""


def pack_fetches(
    consumer: Any, bulk_topics: frozenset[str], linger: float, clock: Callable[[], float] = monotonic
) -> None:
    """Make a started `AIOKafkaConsumer` give a `Batch` a poll and partition of the bulk topics.

    `linger`: seconds in which the broker gathers, in whole milliseconds.
    """
    fetcher = consumer._fetcher
    if fetcher._isolation_level != READ_UNCOMMITTED:
        raise SettingsError(
            "isolation level: expected read_uncommitted, as aborted messages aren't left out, was another"
        )
    fetcher._records = _Fetched(bulk_topics, clock)
    fetcher._prefetch_backoff = _BACKOFF
    _set_pace(fetcher, round(linger * 1000))


def _set_pace(fetcher: Any, linger: int) -> None:
    """Have each request say how long the broker may gather, in ms."""
    plan, patience = fetcher._get_actions_per_node, fetcher._fetch_max_wait_ms

    def plan_in_pace(assignment: Any) -> Any:
        records = fetcher._records
        gather = linger > 0 and records.awake()
        fetcher._fetch_min_bytes = _ENOUGH if gather else 1
        fetcher._fetch_max_wait_ms = linger if gather else _SHORT_WAIT if records else patience
        return plan(assignment)

    fetcher._get_actions_per_node = plan_in_pace


class _Fetched(OrderedDict[TopicPartition, Any]):
    """The fetcher's results by partition."""

    def __init__(self, bulk_topics: frozenset[str], clock: Callable[[], float]) -> None:
        super().__init__()
        self._bulk_topics, self._clock = bulk_topics, clock
        self._awake_until = -math.inf

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:
        if tp.topic in self._bulk_topics and isinstance(result, FetchResult):
            result.getall = _Packer(result).take
            self._awake_until = self._clock() + _AWAKE
        super().__setitem__(tp, result)

    def awake(self) -> bool:
        """Whether more is to be expected soon."""
        return self._clock() < self._awake_until


class _Packer:
    """Takes the place of `FetchResult.getall`.

    Neither it nor aiokafka's iterator, which nobody else asks, may make a cycle: what a broker sent goes with the
    result then, and needn't wait for a garbage collection; at 5,000 ticks a second that was 16 MB a minute.
    """

    def __init__(self, result: FetchResult) -> None:
        self._result: Any = weakref.proxy(result)
        self._rows: list[Any] = []
        self._end = result._partition_records.next_fetch_offset
        result._partition_records._records_iterator = None

    def take(self, most: int) -> list[Batch]:
        """A batch of up to `most` records; none if the partition isn't ours any more or nothing came."""
        result, source = self._result, self._result._partition_records
        if not result.has_more() or not result.check_assignment(result._topic_partition):
            return []
        rows, memory = self._rows, source._records
        try:
            while len(rows) < most and memory.has_next():
                rows += self._unpack(memory.next_batch())
        except CorruptRecordException:
            result._partition_records = None  # they will be fetched again
            raise
        now, self._rows = rows[:most], rows[most:]
        source.next_fetch_offset = self._rows[0].offset if self._rows else self._end
        result._update_position()
        if not self._rows and not memory.has_next():
            result._partition_records = None
        return [_pack(result._topic_partition, now)] if now else []

    def _unpack(self, batch: Any) -> list[Any]:
        """The records of a record batch as Kafka writes them; none of a control batch."""
        if not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {self._result._topic_partition}")
        start, self._end = self._end, batch.next_offset
        rows = [] if batch.is_control_batch else list(batch)
        return rows if not rows or rows[0].offset >= start else [row for row in rows if row.offset >= start]


def _pack(tp: TopicPartition, rows: list[Any]) -> Batch:
    first, last, n = rows[0].offset, rows[-1], len(rows)
    if last.offset - first == n - 1:  # most logs have no holes
        offsets = np.arange(first, first + n)
    else:
        offsets = np.fromiter([row.offset for row in rows], np.int64, n)
    timestamps = np.fromiter([row.timestamp for row in rows], np.int64, n)
    return Batch(
        topic=tp.topic,
        partition=tp.partition,
        offset=last.offset,
        first=first,
        timestamp=last.timestamp,
        timestamp_type=last.timestamp_type,
        value=Messages(offsets, timestamps, [row.value or b"" for row in rows]),
    )
