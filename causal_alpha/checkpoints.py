"""State of an agent that survives a kill: a snapshot a partition, saved with the offset it covers.

The agent reads its stream with `noack()`. Every `every` seconds the state is dumped together with the
offset of the last event in it. Once Kafka has every output up to there, the dump goes into a table and
the events in it are acked. So a snapshot never runs ahead of the outputs; Faust flushes its producer
before it commits, so it is never behind the committed offset either. What comes again after a crash is
skipped by offset: at-least-once delivery, exactly-once effect.

A snapshot that ends before the commit (`snapshot_end`) is one whose topic was cut off: what it was made
of must be read again, see `topology.App.place`.
"""

import asyncio
from asyncio import Future
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

S = TypeVar("S")

PART = 2_000_000
"""Bytes of a snapshot in one message; a larger one is written in parts, and counts once its head is there."""

_SHARE = 0.05
"""Of the time, for making snapshots."""


class Stream(Protocol):
    """The part of a Faust stream that is needed here."""

    async def ack(self, event: Any) -> bool: ...


@dataclass
class Work:
    """Events that are in the state, and the outputs that they caused."""

    events: list[Any] = field(default_factory=list)
    sent: list[Future[Any]] = field(default_factory=list)


@dataclass
class Held(Generic[S]):
    """A partition's state and the offset of the last message in it.

    `work` came since the last dump; `dumped` waits, with its own work, for Kafka to have the outputs.
    """

    state: S
    offset: int
    dump_from: float
    work: Work = field(default_factory=Work)
    dumped: tuple[bytes, Work] | None = None


class Checkpoints(Generic[S]):
    """States by partition. `dump` and `load` turn one into plain data (see `pack`) and back.

    `clock` counts seconds and only paces the snapshots, one after `every` seconds, or later where making one
    would take more than a twentieth of the time; no result depends on it.
    """

    def __init__(
        self,
        table: MutableMapping[bytes, bytes],
        *,
        new: Callable[[], S],
        dump: Callable[[S], Any],
        load: Callable[[Any], S],
        every: float,
        clock: Callable[[], float],
    ) -> None:
        self._table = table
        self._new, self._dump, self._load = new, dump, load
        self._every, self._clock = every, clock
        self._held: dict[int, Held[S]] = {}
        self._sides: dict[int, int] = {}

    def hold(self, partition: int) -> Held[S]:
        """The partition's state, from the table the first time."""
        held = self._held.get(partition)
        if held is None:
            tree = self._read(partition)
            if tree is None:
                held = Held(self._new(), -1, self._clock() + self._every)
            else:
                held = Held(self._load(tree["state"]), tree["offset"], self._clock() + self._every)
            self._held[partition] = held
        return held

    async def advance(self, held: Held[S], stream: Stream, event: Any, sent: Iterable[Future[Any]]) -> None:
        """Call once `event` is in what `hold` gave for it. `sent`: its outputs' deliveries.

        Does nothing where a rebalance came in between: the state is gone, and the event comes again. Raises
        what a delivery raised.
        """
        partition = event.message.partition
        if self._held.get(partition) is not held:
            return
        held.offset = max(held.offset, event.message.offset)
        held.work.events.append(event)
        held.work.sent.extend(sent)
        if held.dumped is None and self._clock() >= held.dump_from:
            began = self._clock()
            tree, work = {"offset": held.offset, "state": self._dump(held.state)}, held.work
            held.work = Work()
            held.dumped = await asyncio.to_thread(pack, tree), work  # sockets and open bars go on meanwhile
            held.dump_from = began + max(self._every, (self._clock() - began) / _SHARE)
            if self._held.get(partition) is not held:
                return
        if held.dumped is not None and all(delivery.done() for delivery in held.dumped[1].sent):
            snapshot, work = held.dumped
            for delivery in work.sent:
                delivery.result()
            self._write(partition, snapshot)
            held.dumped = None
            for done in work.events:
                await stream.ack(done)

    def _read(self, partition: int) -> Any:
        tree = _unpacked(self._table, b"%d" % partition)
        if tree is None or "parts" not in tree:
            return tree
        self._sides[partition] = tree["side"]
        return _whole(self._table, partition, tree)

    def _write(self, partition: int, snapshot: bytes) -> None:
        """Parts go where those of the snapshot before are not: it stays whole until the head names the new one."""
        if len(snapshot) <= PART:
            self._table[b"%d" % partition] = snapshot
            return
        pieces = [snapshot[at : at + PART] for at in range(0, len(snapshot), PART)]
        side = self._sides[partition] = 1 - self._sides.get(partition, 0)
        for key, piece in zip(_parts(partition, side, len(pieces)), pieces, strict=True):
            self._table[key] = piece
        self._table[b"%d" % partition] = pack({"side": side, "parts": len(pieces)})

    def items(self) -> Iterable[tuple[int, S]]:
        """The partitions at hand and their states."""
        return [(partition, held.state) for partition, held in self._held.items()]

    def forget(self) -> None:
        """Drop everything, for a rebalance; what is still ours comes back from the table."""
        self._held.clear()


def snapshot_end(table: Mapping[bytes, bytes], partition: int) -> int:
    """The offset after the last message in a partition's snapshot; 0 where there is none, or not all of it."""
    head = _unpacked(table, b"%d" % partition)
    tree = head if head is None or "parts" not in head else _whole(table, partition, head)
    return 0 if tree is None else int(tree["offset"]) + 1


def _unpacked(table: Mapping[bytes, bytes], key: bytes) -> Any:
    saved = table.get(key)
    return None if saved is None else unpack(saved)


def _whole(table: Mapping[bytes, bytes], partition: int, head: Mapping[str, Any]) -> Any:
    """The snapshot that was written in parts; None where one is missing."""
    pieces = [table.get(key) for key in _parts(partition, head["side"], head["parts"])]
    return None if None in pieces else unpack(b"".join(piece for piece in pieces if piece is not None))


def _parts(partition: int, side: int, n: int) -> list[bytes]:
    """The keys of a snapshot's parts."""
    return [b"%d/%d/%d" % (partition, side, part) for part in range(n)]


_ARRAY = 1
_ZSTD = pa.Codec("zstd", compression_level=1)


def pack(tree: Any) -> bytes:
    """Dicts, lists, numbers, strings and numpy arrays as MessagePack, in a Zstandard frame after its size.

    The columns of bars are mostly alike: with 10,000 symbols 22 MB become 2.5.

    >>> unpack(pack({"a": np.array([1.5, 2.5])}))["a"].tolist()
    [1.5, 2.5]
    """
    data = msgspec.msgpack.encode(tree, enc_hook=_encode)
    return len(data).to_bytes(8, "big") + bytes(_ZSTD.compress(data))


def unpack(data: bytes) -> Any:
    """The inverse of `pack`; arrays are writable copies."""
    plain = _ZSTD.decompress(data[8:], decompressed_size=int.from_bytes(data[:8], "big"))
    return msgspec.msgpack.decode(plain, ext_hook=_decode)


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        head = msgspec.msgpack.encode((value.dtype.str, value.shape))
        return msgspec.msgpack.Ext(_ARRAY, len(head).to_bytes(2, "big") + head + value.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"expected plain data or an array, was {type(value).__name__}")


def _decode(code: int, data: memoryview) -> Any:
    if code != _ARRAY:
        raise ValueError(f"expected extension {_ARRAY}, was {code}")
    end = 2 + int.from_bytes(data[:2], "big")
    dtype, shape = msgspec.msgpack.decode(data[2:end])
    return np.frombuffer(data[end:], dtype=dtype).reshape(shape).copy()
