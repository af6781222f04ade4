"""From a stream into sinks: never holds up the stream, acks what is stored, tries again what is not."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Protocol, Self

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.sinks.base import Sink

logger = logging.getLogger(__name__)

MAY_WAIT = 1_000_000
"""Rows in memory while a sink takes none, 100 to 300 MB; a frame weighs as much as `_FRAME` rows do."""
_FRAME = 20
_ROWS = 5_000
_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LINGER = 0.3
"""Seconds in which rows gather. What the end of a second sets off is then over, and nobody waits for the archive."""
_PIECE, _REST = 8 * 1024, 0.02
"""Bytes of rows at once, and seconds of rest after them, while no more wait: storing holds the interpreter's lock."""


class Waiting(asyncio.Queue[Any]):
    """Events that wait for a sink, full by what they weigh, not by how many they are."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._weight = 0

    def full(self) -> bool:
        return self._weight >= self.maxsize

    def _put(self, item: Any) -> None:
        super()._put(item)
        self._weight += self._weigh(item)

    def _get(self) -> Any:
        item = super()._get()
        self._weight -= self._weigh(item)
        return item

    @staticmethod
    def _weigh(event: Any) -> int:
        return len(event.value) + _FRAME


class Stream(Protocol):
    """The part of a Faust stream that is needed here."""

    def noack(self) -> Self: ...

    def events(self) -> AsyncIterator[Any]: ...

    async def ack(self, event: Any) -> bool: ...


async def archive(stream: Stream, sinks: Callable[[], Sequence[Sink]], may_wait: int = MAY_WAIT) -> None:
    """Store the rows of every event of `stream`, in bulk.

    While a sink can't take rows the events wait here, unacked, and the stream goes on; Kafka still
    has them if the process dies. Only when `may_wait` rows wait does the stream wait too, and says so.
    """
    queue = Waiting(may_wait)
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(_write(stream, queue, sinks()))
        async for event in stream.noack().events():
            if len(event.value) or "actions" in event.value.meta:
                if queue.full():
                    logger.error("%d frames wait for a sink, no more is read until it takes some", queue.qsize())
                await queue.put(event)
            else:
                await stream.ack(event)
        writer.cancel()


async def _write(stream: Stream, queue: Waiting, sinks: Sequence[Sink]) -> None:
    while True:
        events = [await queue.get()]
        behind = not queue.empty()
        if not behind:
            await asyncio.sleep(_LINGER)
        rows = len(events[0].value)
        while rows < _ROWS and not queue.empty():
            events.append(queue.get_nowait())
            rows += len(events[-1].value)
        frames = [event.value for event in events]
        for some in [frames] if behind else _pieces(frames):
            for sink in sinks:
                await _insist(sink, some)
            if queue.empty():  # whoever is behind doesn't rest
                await asyncio.sleep(_REST)
        for event in events:
            await stream.ack(event)


def _pieces(frames: Sequence[Frame[Any]]) -> Iterator[Sequence[Frame[Any]]]:
    for frame in frames:
        for part in frame.parts("actions", _PIECE):
            yield [part]


async def _insist(sink: Sink, frames: Sequence[Frame[Any]]) -> None:
    pause = _PAUSE
    while frames:
        try:
            return await sink.write(frames)
        except SinkError as error:
            logger.warning("%s: trying again in %.1f s: %s", type(sink).__name__, pause, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
