"""The rows of a topic for people: frames and JSON messages decoded, one record at a time."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame
from causal_alpha.recording import RECORDS
from causal_alpha.records import Request, Tick
from causal_alpha.scan import Since, scan
from causal_alpha.ticks import parse_json

_START = 100
"""Messages of each partition in which the newest rows are looked for first."""


class Row(NamedTuple):
    """A record and the message it came in; None where it can't be read, for `error`, or holds no record of ours."""

    message: Any
    record: msgspec.Struct | None
    error: str = ""


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

    async def newest(self, n: int) -> tuple[list[Row], Since]:
        """The newest `n` rows by the stamps of their messages, and where reading goes on after them."""
        back, before = max(n, _START), -1
        while True:
            found = scan(self.broker, {self.name: self.partitions}, Since(offset=-back), follow=False)
            messages = [message async for batch in found for message in batch]
            reached: dict[int, int] = {}
            for message in messages:
                reached[message.partition] = message.offset + 1
            messages.sort(key=attrgetter("timestamp"))
            rows = [row for message in messages for row in self._rows(message)]
            if len(rows) >= n or len(messages) == before:  # there are no more
                return rows[-n:], Since(after=reached)
            back, before = back * 8, len(messages)

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
