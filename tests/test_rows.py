import gc
from typing import Any

import pytest

from causal_alpha.frames import Frame, heartbeat
from causal_alpha.records import Tick
from causal_alpha.rows import Progress, Row, Rows
from causal_alpha.scan import Since
from tests.consumer import Consumer, Stamped


def frame(*symbols: str, ts: int = 1) -> bytes:
    return Frame.of(Tick, [Tick(symbol=name, ts=ts, price=1.0, size=1.0) for name in symbols]).encode()


def log(*values: bytes, partition: int = 0) -> list[Stamped]:
    """A partition of messages, a second apart by their stamps."""
    return [Stamped(partition, n, 1_000 * n + partition, value) for n, value in enumerate(values)]


def rows(monkeypatch: pytest.MonkeyPatch, consumer: Consumer, **facts: Any) -> Rows:
    monkeypatch.setattr("causal_alpha.scan.AIOKafkaConsumer", consumer)
    return Rows(broker="broker", topic="ticks", name="t", partitions=len(consumer.log), **facts)


async def test_newest_rows_are_those_with_the_newest_stamps(monkeypatch: pytest.MonkeyPatch) -> None:
    first = log(frame("A"), frame("B"), b"{", frame("A", "B", "A"))
    second = log(frame("A"), heartbeat(1).encode(), frame("A"), partition=1)
    consumer = Consumer({0: first, 1: second})

    every, after = await rows(monkeypatch, consumer).newest(5)
    mine, _ = await rows(monkeypatch, consumer, symbol="A").newest(3)

    assert [place(row) for row in every] == [(0, 2), (1, 2), (0, 3), (0, 3), (0, 3)]
    assert every[0].error.startswith("expected one JSON tick")
    assert [row.record.symbol for row in every[2:] if isinstance(row.record, Tick)] == ["A", "B", "A"]
    assert [place(row) for row in mine] == [(1, 2), (0, 3), (0, 3)]
    assert after == Since(after={0: 4, 1: 3})


def place(row: Row) -> tuple[int, int]:
    return row.message.partition, row.message.offset


async def test_newest_rows_are_looked_for_in_every_message_once(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer({0: log(*[frame("A")] * 30, frame("B"), *[frame("A")] * 5_000), 1: []}, most=1)
    said: list[Progress] = []

    found, _ = await rows(monkeypatch, consumer, symbol="B").newest(10, said.append)

    assert [place(row) for row in found] == [(0, 30)]
    assert sorted(message.offset for message in consumer.read) == list(range(5_031))
    assert said[-1] == Progress(looked=5_031, total=5_031, oldest=0, found=1)
    assert said[99] == Progress(looked=100, total=5_031, oldest=4_931_000, found=0)


async def test_newest_rows_end_the_look_back(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer({0: log(*[frame("A")] * 5_000, frame("B"), *[frame("A")] * 300)})

    found, _ = await rows(monkeypatch, consumer, symbol="B").newest(1)

    assert [place(row) for row in found] == [(0, 5_000)]
    assert len(consumer.read) == 900


async def test_newest_rows_are_all_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    value = frame(*["A"] * 100)
    consumer = Consumer({0: log(*[value] * 2_000)})

    await rows(monkeypatch, consumer, symbol="Z").newest(10, lambda _: kept.append(rows_alive()))
    await rows(monkeypatch, consumer, symbol="A").newest(500, lambda _: kept.append(rows_alive()))

    assert 500 <= max(kept) <= 500 + 100


def rows_alive() -> int:
    return sum(type(one) is Row for one in gc.get_objects())
