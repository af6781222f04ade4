"""The batching consumer against the stock one: the same records in the same order, the same commits."""

import asyncio
import json
import logging
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

from causal_alpha.bulk import BatchConsumer, Turn
from causal_alpha.messages import Messages, Row

PARTITIONS = 3
RECORDS = 2_000


@given(st.sets(st.integers(0, 60), max_size=12), st.integers(-1, 61))
def test_messages_after_an_offset_are_those_behind_it(offsets: set[int], offset: int) -> None:
    rows = [Row(place, 10 * place, b"%d" % place) for place in sorted(offsets)]

    assert list(Messages.of(rows).after(offset)) == [row for row in rows if row.offset > offset]


TICKS, MORE, CHANGELOG = TP("ticks", 0), TP("ticks", 1), TP("changelog", 0)


class Message(SimpleNamespace):
    __hash__ = object.__hash__


class Alone(BatchConsumer):
    """What is Faust's and Kafka's replaced: `places` are those that an app would give, `sought` those gone to."""

    def __init__(self, places: dict[TP, int], committed: dict[TP, int], earliest: int = 5) -> None:
        self.app = SimpleNamespace(
            place=lambda tp, committed: min(committed, places.get(tp, committed)),
            topics=SimpleNamespace(acks_enabled_for=lambda topic: True),
            client_only=False,
        )
        self._progress, self._polling, self.turn = {}, asyncio.Lock(), Turn()
        self._turn_of_poll = self.turn
        self._acked, self._acked_index, self._unacked_messages = defaultdict(list), defaultdict(set), set()
        self._committed_offset = defaultdict(lambda: None, committed)
        self._read_offset: defaultdict[TP, int | None] = defaultdict(lambda: None)
        self._waiting_for_ack, self._n_acked, self._earliest = None, 0, earliest
        self.suspend_flow, self.log = asyncio.Event(), logging.getLogger("alone")
        self.sought: dict[TP, int] = {}
        self.came: list[int] = []

    def assignment(self) -> set[TP]:
        return {TICKS, MORE, CHANGELOG}

    def _is_changelog_tp(self, tp: TP) -> bool:
        return tp == CHANGELOG

    async def callback(self, message: Any) -> None:
        self.came.append(message.offset)

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, self._earliest)

    async def seek_wait(self, places: Any) -> None:
        self.sought = dict(places)

    async def poll(self, first: int, last: int | None = None, tp: TP = TICKS) -> Any:
        """A batch that a poll has just brought, delivered."""
        self._turn_of_poll = self.turn
        return await self.deliver(first, last, tp)

    async def deliver(self, first: int, last: int | None = None, tp: TP = TICKS) -> Any:
        last = first if last is None else last
        message = Message(tp=tp, topic=tp.topic, offset=last, first_offset=first, acked=False)
        await self._deliver(tp, message)
        return message


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faust's own part of a rebalance does nothing."""

    async def nothing(*_: Any) -> None:
        return None

    for name in ("perform_seek", "on_partitions_revoked", "on_partitions_assigned"):
        monkeypatch.setattr(f"faust.transport.drivers.aiokafka.Consumer.{name}", nothing)


async def rebalance(consumer: Alone) -> None:
    await consumer.on_partitions_revoked(consumer.assignment())
    await consumer.on_partitions_assigned(consumer.assignment())


async def test_seek_goes_to_what_state_knows_to_the_commit_or_to_the_start(alone: None) -> None:
    consumer = Alone({TICKS: 7}, {TICKS: 20, MORE: 30})
    await consumer.perform_seek()

    assert consumer.sought == {TICKS: 7, MORE: 30}
    assert (consumer._committed_offset[TICKS], consumer._committed_offset[MORE]) == (None, 30)
    fresh = Alone({}, {MORE: 30})
    await fresh.perform_seek()
    assert fresh.sought == {TICKS: 5, MORE: 30}


async def test_seek_tells_of_messages_that_kafka_deleted_before_they_were_read(
    alone: None, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = Alone({}, {TICKS: 20, MORE: 30}, earliest=25)
    await consumer.perform_seek()

    assert consumer.sought == {TICKS: 25, MORE: 30}
    assert "ticks/0: expected the messages from offset 20 on, was 25" in caplog.text
    assert "ticks/1" not in caplog.text


async def test_messages_count_from_the_seek_to_the_next_rebalance(alone: None) -> None:
    consumer = Alone({}, {TICKS: 20})
    early = await consumer.poll(20)
    await consumer.perform_seek()
    late = await consumer.deliver(21)  # the poll was before the seek
    now = await consumer.poll(20)
    assert consumer.came == [20]
    assert [consumer.stands(message) for message in (early, late, now)] == [False, False, True]

    await consumer.on_partitions_revoked({TICKS})
    await consumer.deliver(21)
    await consumer.on_partitions_assigned({TICKS})
    await consumer.poll(22)

    assert consumer.came == [20]
    assert not consumer.stands(now)
    assert not consumer.settled


async def test_changelogs_are_read_from_one_rebalance_to_the_next(alone: None) -> None:
    consumer = Alone({}, {})
    await consumer.poll(1, tp=CHANGELOG)
    await consumer.perform_seek()
    await consumer.deliver(2, tp=CHANGELOG)
    await rebalance(consumer)
    await consumer.deliver(3, tp=CHANGELOG)
    consumer._read_offset[CHANGELOG] = 1  # where a recovery seeks
    for offset in (0, 1, 2):
        await consumer.poll(offset, tp=CHANGELOG)

    assert consumer.came == [1, 2, 1, 2]


async def test_seek_that_a_rebalance_overtakes_settles_nothing(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Alone({}, {TICKS: 20})

    async def revoke(places: Any) -> None:
        await rebalance(consumer)

    with monkeypatch.context() as patch:
        patch.setattr(consumer, "seek_wait", revoke)
        await consumer.perform_seek()
    await consumer.poll(20)
    assert not consumer.settled
    assert not consumer.came

    await consumer.perform_seek()
    await consumer.poll(20)
    assert consumer.came == [20]


async def test_message_before_a_full_queue_at_a_rebalance_holds_up_nothing_later(
    alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is what comes after the seek left out, nor is a commit made past it."""
    consumer, room = Alone({}, {TICKS: 20}), asyncio.Event()

    async def wait(message: Any) -> None:
        await room.wait()

    await consumer.perform_seek()
    with monkeypatch.context() as patch:
        patch.setattr(consumer, "callback", wait)
        blocked = asyncio.create_task(consumer.poll(50))
        await asyncio.sleep(0)
    await rebalance(consumer)
    await consumer.perform_seek()
    room.set()
    stale = await blocked
    again = [await consumer.poll(offset) for offset in range(20, 25)]

    assert consumer.came == [20, 21, 22, 23, 24]
    consumer.ack(stale)
    assert consumer._new_offset(TICKS) == 20
    for message in again:
        consumer.ack(message)
    assert consumer._new_offset(TICKS) == 25


async def test_commit_that_a_rebalance_overtook_does_not_stop_later_ones(alone: None) -> None:
    consumer = Alone({}, {TICKS: 20})
    await rebalance(consumer)
    await consumer.perform_seek()
    consumer._committed_offset[TICKS] = 23  # Kafka's answer, given before
    for last in (21, 24, 25):
        consumer.ack(await consumer.poll(last - 1, last))

    assert consumer._new_offset(TICKS) == 26


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
