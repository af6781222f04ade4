"""Snapshots: acked only once stored, stored only once the outputs are out, and skipped by offset after."""

from asyncio import Future
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from causal_alpha.checkpoints import Checkpoints, pack, snapshot_end, unpack


class Stream:
    def __init__(self) -> None:
        self.acked: list[int] = []

    async def ack(self, event: Any) -> bool:
        self.acked.append(event.message.offset)
        return True


def event(offset: int, partition: int = 0) -> Any:
    return SimpleNamespace(message=SimpleNamespace(offset=offset, partition=partition))


def checkpoints(table: dict[bytes, bytes], times: list[float]) -> Checkpoints[list[int]]:
    return Checkpoints(table, new=list, dump=list, load=list, every=0.5, clock=lambda: times[0])


async def test_checkpoint_acks_what_the_snapshot_holds() -> None:
    table: dict[bytes, bytes] = {}
    times, stream = [0.0], Stream()
    kept = checkpoints(table, times)
    kept.hold(0).state.append(1)
    await kept.advance(kept.hold(0), stream, event(10), [])
    assert (table, stream.acked) == ({}, [])

    times[0] = 0.6
    kept.hold(0).state.append(2)
    await kept.advance(kept.hold(0), stream, event(11), [])

    assert stream.acked == [10, 11]
    again = checkpoints(table, times).hold(0)
    assert (again.state, again.offset) == ([1, 2], 11)


async def test_checkpoint_waits_until_kafka_has_the_outputs() -> None:
    table: dict[bytes, bytes] = {}
    times, stream = [0.0], Stream()
    kept = checkpoints(table, times)
    kept.hold(0)
    times[0] = 0.6
    delivery: Future[Any] = Future()
    await kept.advance(kept.hold(0), stream, event(1), [delivery])
    await kept.advance(kept.hold(0), stream, event(2), [])
    assert (table, stream.acked) == ({}, [])

    delivery.set_result(None)
    await kept.advance(kept.hold(0), stream, event(3), [])

    assert stream.acked == [1]
    assert unpack(table[b"0"])["offset"] == 1


async def test_checkpoint_raises_when_an_output_was_not_taken() -> None:
    times = [0.0]
    kept = checkpoints({}, times)
    kept.hold(0)
    times[0] = 0.6
    delivery: Future[Any] = Future()
    delivery.set_exception(OSError("broker gone"))

    with pytest.raises(OSError, match="broker gone"):
        await kept.advance(kept.hold(0), Stream(), event(1), [delivery])


async def test_event_that_outlives_a_rebalance_leaves_no_trace() -> None:
    table: dict[bytes, bytes] = {}
    times, stream = [0.0], Stream()
    kept = checkpoints(table, times)
    at_work = kept.hold(0)
    kept.forget()  # while its outputs wait for Kafka
    again = kept.hold(0)
    times[0] = 0.6

    await kept.advance(at_work, stream, event(7), [])

    assert (again.state, again.offset) == ([], -1)  # so event 7, which comes again, is not taken for known
    assert (table, stream.acked) == ({}, [])


async def test_checkpoints_keep_partitions_apart_and_forget() -> None:
    kept = checkpoints({}, [0.0])
    kept.hold(0).state.append(1)
    kept.hold(3).state.append(2)
    assert list(kept.items()) == [(0, [1]), (3, [2])]

    kept.forget()

    assert list(kept.items()) == []


def test_pack_keeps_shapes_and_types() -> None:
    tree = {"a": np.arange(6, dtype=np.int64).reshape(2, 3), "b": ["x", 1, None], "c": np.empty((4, 0))}

    again = unpack(pack(tree))

    assert again["a"].dtype == np.int64
    assert again["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert again["b"] == ["x", 1, None]
    assert again["c"].shape == (4, 0)


class Torn(dict[bytes, bytes]):
    """A table of a process that dies once it has taken so many more writes."""

    left = 10**9

    def __setitem__(self, key: bytes, value: bytes) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        super().__setitem__(key, value)


@pytest.mark.parametrize("writes", [0, 1, 3, 10**9])
async def test_large_snapshot_counts_once_all_its_parts_are_there(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the process dies, the table holds the snapshot before or the new one, whole."""
    monkeypatch.setattr("causal_alpha.checkpoints.PART", 100)
    numbers = np.random.default_rng(1).integers(0, 2**60, 40).tolist()
    table, times = Torn(), [0.0]
    kept = checkpoints(table, times)
    times[0] = 0.6
    kept.hold(0)
    times[0] = 1.2
    kept.hold(0).state.extend(numbers[:30])
    await kept.advance(kept.hold(0), Stream(), event(0), [])
    assert len(table) > 3  # parts and a head
    times[0], table.left = 1.8, writes
    kept.hold(0).state.extend(numbers[30:])
    with suppress(KeyboardInterrupt):
        await kept.advance(kept.hold(0), Stream(), event(1), [])

    again = checkpoints(dict(table), times).hold(0)

    assert (again.offset, again.state) == ((1, numbers) if writes > 3 else (0, numbers[:30]))


async def test_snapshot_end_knows_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small ones and large ones, whole, cut off and gone; where a part is gone, the agent starts anew."""
    monkeypatch.setattr("causal_alpha.checkpoints.PART", 100)
    table: dict[bytes, bytes] = {}
    times = [0.0]
    kept = checkpoints(table, times)
    kept.hold(0)
    for offset, more in enumerate([[1], np.random.default_rng(1).integers(0, 2**60, 40).tolist()]):
        times[0] += 0.6
        kept.hold(0).state.extend(more)
        await kept.advance(kept.hold(0), Stream(), event(offset), [])
        assert snapshot_end(table, 0) == offset + 1
    assert snapshot_end(table, 1) == 0

    part = next(key for key in table if b"/" in key)
    del table[part]

    assert snapshot_end(table, 0) == 0
    again = checkpoints(table, times).hold(0)
    assert (again.offset, again.state) == (-1, [])
