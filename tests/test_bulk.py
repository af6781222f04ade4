"""The batching consumer against the stock one: the same records in the same order, the same commits."""

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.bulk import BatchConsumer
from causal_alpha.messages import Messages, Row

PARTITIONS = 3
RECORDS = 2_000


@given(st.sets(st.integers(0, 60), max_size=12), st.integers(-1, 61))
def test_messages_after_an_offset_are_those_behind_it(offsets: set[int], offset: int) -> None:
    rows = [Row(place, 10 * place, b"%d" % place) for place in sorted(offsets)]

    assert list(Messages.of(rows).after(offset)) == [row for row in rows if row.offset > offset]


class Commits(BatchConsumer):
    """The offset arithmetic alone, without a broker."""

    def __init__(self) -> None:
        self._first_of = defaultdict(dict)
        self._done_to: dict[TP, int] = {}
        self._acked = defaultdict(list)
        self._acked_index = defaultdict(set)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=12), st.data())
def test_commit_never_passes_a_batch_that_is_not_acked(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    tp, consumer = TP("ticks", 0), Commits()
    position, batches = 0, []
    for hole, size in steps:  # a hole (compaction, transaction marker) belongs to the batch behind it
        batches.append((position, position + hole + size - 1))
        position += hole + size
    consumer._done_to[tp] = 0
    for first, last in batches:
        consumer._first_of[tp][last] = first

    acked: set[int] = set()
    for place in data.draw(st.permutations(range(len(batches)))):
        acked.add(place)
        consumer._acked[tp].append(batches[place][1])
        consumer._acked_index[tp].add(batches[place][1])
        complete = next((i for i in range(len(batches)) if i not in acked), len(batches))
        assert consumer._new_offset(tp) == (batches[complete][0] if complete < len(batches) else position)
    assert not consumer._first_of[tp]
    assert not consumer._acked[tp]


class Rebalanced(BatchConsumer):
    """What is known of rebalances alone; `places` are those that an app would give, and `sought` those gone to."""

    def __init__(self, places: dict[TP, int], committed: dict[TP, int]) -> None:
        self.app = SimpleNamespace(place=lambda tp, committed: min(committed, places.get(tp, committed)))
        self._first_of, self._done_to, self._delivered = defaultdict(dict), {}, {}
        self._polling, self._seeks, self._seeks_at_poll = asyncio.Lock(), 0, 0
        self._recovered = self._settled = False
        self._committed_offset = defaultdict(lambda: None, committed)
        self.sought: dict[TP, int] = {}

    def assignment(self) -> set[TP]:
        return {TP("ticks", 0), TP("ticks", 1)}

    def _is_changelog_tp(self, tp: TP) -> bool:
        return False

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 5)

    async def seek_wait(self, places: Any) -> None:
        self.sought = dict(places)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust's own part of a rebalance does nothing."""

    async def nothing(*_: Any) -> None:
        return None

    for name in ("perform_seek", "on_partitions_revoked"):
        monkeypatch.setattr(f"faust.transport.drivers.aiokafka.Consumer.{name}", nothing)


async def test_message_stands_until_a_rebalance_and_its_like_after_the_seek(alone: None) -> None:
    consumer = Rebalanced({}, {})

    def message() -> Any:
        return SimpleNamespace(seek=consumer._seeks)

    async def settle() -> None:
        consumer.on_recovered()
        await consumer.perform_seek()

    early = message()
    assert not consumer.stands(early)  # tables have not recovered yet
    await settle()
    before = message()
    assert consumer.stands(before)
    assert not consumer.stands(early)

    await consumer.on_partitions_revoked({TP("ticks", 0)})
    assert not consumer.stands(before)
    await consumer.perform_seek()  # Faust seeks, too, when a poll meets a flow that has stopped
    meanwhile = message()
    assert not consumer.stands(meanwhile)
    await settle()

    assert not consumer.stands(before)
    assert not consumer.stands(meanwhile)
    assert consumer.stands(message())


async def test_seek_goes_back_to_what_state_knows_once_tables_have_recovered(alone: None) -> None:
    zero, one = TP("ticks", 0), TP("ticks", 1)
    consumer = Rebalanced({zero: 7}, {zero: 20, one: 30})
    await consumer.perform_seek()
    assert (consumer.sought, consumer._committed_offset[zero]) == ({}, 20)

    consumer.on_recovered()
    await consumer.perform_seek()

    assert consumer.sought == {zero: 7}
    assert (consumer._committed_offset[zero], consumer._committed_offset[one]) == (None, 30)
    fresh = Rebalanced({}, {one: 30})
    await fresh.perform_seek()
    assert fresh.sought == {zero: 5}  # without a commit from the first message there is


async def fill(broker: str, topic: str) -> None:
    """Records in every partition, a transaction in between for holes in the offsets."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id=topic) as producer:
        for first in range(0, RECORDS, 100):
            async with producer.transaction():
                for i in range(first, first + 100):
                    await producer.send(topic, b"%d" % i, partition=i % PARTITIONS)


async def committed(broker: str, group: str, topic: str) -> dict[int, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()
    return {tp.partition: meta.offset for tp, meta in offsets.items() if tp.topic == topic}


def read(kind: str, broker: str, app_id: str, topic: str, wanted: int = 0) -> list[list[Any]]:
    script = str(Path(__file__).with_name("bulk_worker.py"))
    command = [sys.executable, script, kind, broker, app_id, topic, str(PARTITIONS), str(wanted)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    rows: list[list[Any]] = json.loads(ended.stdout)
    return rows


def by_partition(rows: list[list[Any]]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for partition, offset, value in rows:
        found[partition].append((offset, value))
    return found


@pytest.mark.services
def test_batches_hold_what_the_stock_consumer_delivers(kafka: str, app_id: str) -> None:
    topic = f"{app_id}.ticks"
    asyncio.run(fill(kafka, topic))

    stock = read("stock", kafka, f"{app_id}-stock", topic)
    batch = read("batch", kafka, f"{app_id}-batch", topic)

    assert by_partition(batch) == by_partition(stock)
    assert len(batch) == RECORDS
    last = {partition: rows[-1][0] + 1 for partition, rows in by_partition(batch).items()}
    assert asyncio.run(committed(kafka, f"{app_id}-batch", topic)) == last


@pytest.mark.services
def test_batches_go_on_where_the_last_worker_stopped(kafka: str, app_id: str) -> None:
    topic = f"{app_id}.ticks"
    asyncio.run(fill(kafka, topic))

    before = read("batch", kafka, f"{app_id}-batch", topic, RECORDS // 2)
    went_on_at = asyncio.run(committed(kafka, f"{app_id}-batch", topic))
    after = read("batch", kafka, f"{app_id}-batch", topic)

    assert RECORDS // 2 <= len(before) < RECORDS
    assert {int(value) for _, _, value in before + after} == set(range(RECORDS))
    assert all(rows[0][0] >= went_on_at.get(partition, 0) for partition, rows in by_partition(after).items())
    assert len(before) + len(after) <= RECORDS + 300  # at most the one batch that was not acked comes again
