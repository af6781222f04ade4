"""The rows of a topic for people: frames and JSON messages decoded, one record at a time."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from heapq import heappush, heappushpop
from itertools import count
from typing import Any, NamedTuple

import msgspec

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame
from causal_alpha.recording import RECORDS
from causal_alpha.records import Request, Tick
from causal_alpha.scan import Since, extent, scan
from causal_alpha.ticks import parse_json

_START = 100
"""Messages of each partition in which the newest rows are looked for first; then eight times as many."""


class Progress(NamedTuple):
    """How far back a look has been: messages of so many, the oldest stamp (ms) among them, rows found."""

    looked: int
    total: int
    oldest: int
    found: int


class Row(NamedTuple):
    """A record and the message it came in; None where it can't be read, for `error`, or holds no record of ours."""

    message: Any
    record: msgspec.Struct | None
    error: str = ""


class _Newest:
    """Keeps the newest `n` of the rows that are added, by stamp, then by `turn`, then as they came."""

    def __init__(self, n: int) -> None:
        self.turn = 0
        self._n, self._order = n, count()
        self._heap: list[tuple[int, int, int, Row]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, row: Row) -> None:
        entry = (row.message.timestamp, self.turn, next(self._order), row)
        if len(self) < self._n:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def rows(self) -> list[Row]:
        return [row for *_, row in sorted(self._heap)]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of a topic of ours, by its short name, that stand in so many partitions of the Kafka topic `name`.

    `symbol` and `interval` choose among them; messages that can't be read always come.
    """

    broker: str
    topic: str
    name: str
    partitions: int
    symbol: str | None = None
    interval: str | None = None

    async def read(self, since: Since, *, follow: bool) -> AsyncGenerator[Row, None]:
        """The rows from `since` on: those that are there or, to `follow`, without end. Raises SourceError."""
        async with aclosing(scan(self.broker, {self.name: self.partitions}, since, follow=follow)) as found:
            async for batch in found:
                for message in batch:
                    for row in self._rows(message):
                        yield row

    async def newest(self, n: int, said: Callable[[Progress], object] = lambda _: None) -> tuple[list[Row], Since]:
        """The newest `n` rows by the stamps of their messages, and where reading goes on after them.

        It looks at the last messages of each partition and, while there are too few rows, at eight times as many
        before them; each message once, and no more than `n` rows are kept. `said` hears how far it is.
        """
        held = await extent(self.broker, self.name, self.partitions)
        total, looked, oldest, newest = sum(map(len, held.values())), 0, 2**63, _Newest(n)
        firsts, size = {number: offsets.stop for number, offsets in held.items()}, max(n, _START)
        while len(newest) < n and any(firsts[number] > offsets.start for number, offsets in held.items()):
            lasts = firsts
            firsts = {number: max(offsets.start, lasts[number] - size) for number, offsets in held.items()}
            size *= 8
            newest.turn -= 1
            read = scan(self.broker, {self.name: self.partitions}, Since(after=firsts), upto=lasts, follow=False)
            async with aclosing(read) as found:
                async for batch in found:
                    for message in batch:
                        looked, oldest = looked + 1, min(oldest, message.timestamp)
                        for row in self._rows(message):
                            newest.add(row)
                    if looked:
                        said(Progress(looked, total, oldest, len(newest)))
        return newest.rows(), Since(after={number: offsets.stop for number, offsets in held.items()})

    def _rows(self, message: Any) -> Iterator[Row]:
        try:
            records = decode(self.topic, message.value or b"")
        except FrameError as error:
            yield Row(message, None, str(error))
        else:
            for record in [None] if records is None else records:
                if record is None or self._wants(record):
                    yield Row(message, record)

    def _wants(self, record: msgspec.Struct) -> bool:
        symbols = getattr(record, "symbols", None) or (getattr(record, "symbol", None),)
        return self.symbol in (None, *symbols) and self.interval in (None, getattr(record, "interval", None))


def record_of(topic: str) -> type[msgspec.Struct] | None:
    """What a topic holds, by its short name; None for one that isn't ours."""
    return Request if topic == "requests" else RECORDS.get(topic)


def decode(topic: str, value: bytes) -> Iterator[msgspec.Struct] | None:
    """The records in a message; None for a topic that isn't ours. Raises FrameError.

    >>> [tick.price for tick in decode("ticks", b'{"symbol":"A","ts":1,"price":2.5,"size":3}')]
    [2.5]
    """
    record: Any = record_of(topic)
    if record is Request:
        try:
            return iter([msgspec.json.decode(value, type=Request)])
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise FrameError(f"expected the JSON of a Request, was {error}") from error
    if record is Tick and not value.startswith(ARROW_MAGIC):
        ticks, _, bad = parse_json([value], "foreign")
        if bad:
            raise FrameError(bad[0].detail, reason=bad[0].reason)
        return ticks.rows()
    return Frame.decode(record, value).rows() if record else None
