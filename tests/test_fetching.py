"""Packed fetches against aiokafka's own way of reading them, on bytes as a broker sends them."""

import gc
import struct
import weakref
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.errors import SettingsError
from causal_alpha.fetching import Batch, pack_fetches

TICKS, OTHERS = TopicPartition("ticks", 3), TopicPartition("others", 0)
CONTROL, GZIP = 0x20, 1
ATTRIBUTES, LAST_OFFSET, CRC = 21, 23, 17
"""Where these stand in a record batch; the checksum is that of all behind it."""

Row = tuple[int, int, bytes | None]


@dataclass(frozen=True)
class Written:
    """One record batch: offsets from `base` to `end`, of which a few still have a record."""

    base: int
    end: int
    kept: tuple[int, ...]
    control: bool = False
    zipped: bool = False

    def encode(self) -> bytes:
        builder = DefaultRecordBatchBuilder(2, GZIP if self.zipped else 0, 0, -1, -1, -1, 1_000_000)
        for offset in self.kept:
            value = None if offset % 5 == 0 else b"%d" % offset
            builder.append(offset - self.base, 1_000 + offset, b"key", value, [("header", b"text")])
        data = bytearray(builder.build())
        struct.pack_into(">q", data, 0, self.base)
        struct.pack_into(">i", data, LAST_OFFSET, self.end - self.base)
        if self.control:
            struct.pack_into(">h", data, ATTRIBUTES, CONTROL)
        struct.pack_into(">I", data, CRC, calc_crc32c(bytes(data[ATTRIBUTES:])))
        return bytes(data)


@st.composite
def logs(draw: st.DrawFn) -> list[Written]:
    """Batches behind one another, with holes between and in them, markers of transactions, some compressed."""
    batches, offset = [], 0
    for _ in range(draw(st.integers(1, 5))):
        base = offset + draw(st.integers(0, 2))
        end = base + draw(st.integers(0, 7))
        control = draw(st.booleans()) and draw(st.booleans())
        some = draw(st.sets(st.integers(base, end), min_size=1))
        kept = (base,) if control else tuple(sorted(some))
        batches.append(Written(base, end, kept, control, draw(st.booleans())))
        offset = end + 1
    return batches


class Partition:
    """The state of a partition as aiokafka keeps it."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.paused = False

    def consumed_to(self, position: int) -> None:
        self.position = position


class Fetcher:
    """The parts of aiokafka's fetcher that are changed."""

    def __init__(self) -> None:
        self._isolation_level = READ_UNCOMMITTED
        self._fetch_max_wait_ms, self._fetch_min_bytes = 1_500, 1
        self._records: Any = {}

    def _get_actions_per_node(self, assignment: Any) -> Any:
        """What would be written into a request to the broker."""
        return assignment, self._fetch_max_wait_ms, self._fetch_min_bytes


def fetched(tp: TopicPartition, data: bytes, start: int) -> tuple[Any, Partition]:
    """The fetcher's entry for a partition, packed if it is of a bulk topic, and the partition's state."""
    partition = Partition(start)
    records = PartitionRecords(tp, MemoryRecords(data), None, start, None, None, True, READ_UNCOMMITTED)
    assignment = SimpleNamespace(active=True, state_value=lambda tp: partition)
    fetcher = Fetcher()
    pack_fetches(SimpleNamespace(_fetcher=fetcher), frozenset({TICKS.topic}), 0.006)
    fetcher._records[tp] = FetchResult(tp, assignment=assignment, partition_records=records, backoff=0)
    return fetcher._records.pop(tp), partition


def polls(result: Any, partition: Partition, most: int) -> list[tuple[list[Any], int]]:
    """What each poll brings, and the position after it, until nothing is left."""
    found = []
    while result.has_more():
        found.append((result.getall(most), partition.position))
    return found


def of_batch(batch: Batch) -> list[Row]:
    assert (batch.topic, batch.partition) == TICKS
    assert (batch.first, batch.offset) == (batch.value[0].offset, batch.value[-1].offset)
    assert batch.timestamp == batch.value[-1].timestamp
    return [tuple(row) for row in batch.value]


@given(logs(), st.integers(1, 9), st.data())
def test_packed_polls_bring_what_aiokafka_reads(log: list[Written], most: int, data: st.DataObject) -> None:
    sent = b"".join(batch.encode() for batch in log)
    start = data.draw(st.integers(log[0].base, log[0].end))

    packed = polls(*fetched(TICKS, sent, start), most)
    stock = polls(*fetched(OTHERS, sent, start), most)

    rows = [row for batches, _ in packed for batch in batches for row in of_batch(batch)]
    expected = [record for records, _ in stock for record in records]
    assert rows == [(record.offset, record.timestamp, record.value or b"") for record in expected]
    assert all(len(batches) <= 1 and len(batch.value) <= most for batches, _ in packed for batch in batches)
    assert packed[-1][1] == log[-1].end + 1 == stock[-1][1]
    for batches, position in packed:  # a poll that is cut short goes on right behind
        for batch in batches:
            assert position > batch.offset
            assert not [row for row in rows if batch.offset < row[0] < position]


def test_a_packed_partition_that_is_paused_or_moved_brings_nothing() -> None:
    data = Written(0, 4, (0, 1, 2, 3, 4)).encode()
    paused, partition = fetched(TICKS, data, 0)
    partition.paused = True
    moved, elsewhere = fetched(TICKS, data, 0)
    elsewhere.consumed_to(2)

    assert [paused.getall(9), moved.getall(9)] == [[], []]
    assert [paused.has_more(), moved.has_more()] == [False, False]
    assert elsewhere.position == 2


def test_a_damaged_batch_is_fetched_again_and_not_skipped() -> None:
    first, second = Written(0, 1, (0, 1)).encode(), bytearray(Written(2, 3, (2, 3)).encode())
    second[-1] ^= 1
    result, partition = fetched(TICKS, first + bytes(second), 0)

    with pytest.raises(CorruptRecordException):
        result.getall(9)

    assert not result.has_more()
    assert partition.position == 0


@pytest.mark.parametrize("most", [0, 2, 9])
def test_what_a_broker_sent_goes_with_the_last_look_at_it(most: int) -> None:
    gc.disable()
    try:
        result, _ = fetched(TICKS, Written(0, 4, (0, 1, 2, 3, 4)).encode(), 0)
        left = weakref.ref(result), weakref.ref(result._partition_records)
        result.getall(most)
        del result
        assert [ref() for ref in left] == [None, None]
    finally:
        gc.enable()


def test_transactions_that_were_aborted_are_not_ours_to_find() -> None:
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_isolation_level=READ_COMMITTED))

    with pytest.raises(SettingsError, match="expected read_uncommitted"):
        pack_fetches(consumer, frozenset({TICKS.topic}), 0.006)


def test_request_beside_records_that_wait_for_a_poll_is_a_short_one() -> None:
    fetcher: Any = Fetcher()
    pack_fetches(SimpleNamespace(_fetcher=fetcher), frozenset(), 0.006)
    asked = []
    for records in ({}, {OTHERS: "some"}, {}):
        fetcher._records.clear()
        fetcher._records.update(records)
        asked.append(fetcher._get_actions_per_node("all"))

    assert asked == [("all", 1_500, 1), ("all", 10, 1), ("all", 1_500, 1)]


def test_broker_gathers_while_records_of_a_bulk_topic_come() -> None:
    now = [50.0]
    fetcher: Any = Fetcher()
    pack_fetches(SimpleNamespace(_fetcher=fetcher), frozenset({TICKS.topic}), 0.006, lambda: now[0])
    result, _ = fetched(OTHERS, Written(0, 1, (0, 1)).encode(), 0)
    asked = []
    for tp, later in ((OTHERS, 0.0), (TICKS, 0.0), (TICKS, 0.09), (TICKS, 0.02)):
        now[0] += later
        if not later:
            fetcher._records[tp] = result
            del fetcher._records[tp]
        asked.append(fetcher._get_actions_per_node("all"))

    assert asked == [("all", 1_500, 1), ("all", 6, 65_536), ("all", 6, 65_536), ("all", 1_500, 1)]
