"""The archive: stores final rows, acks what is stored, waits for a sink that is away without stopping the stream."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from causal_alpha.archive import archive
from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.records import Bar
from causal_alpha.sinks.memory import MemorySink


def bars(*states: str) -> Frame[Bar]:
    rows = [
        Bar(
            symbol="A", interval="1s", start=i, open=1.0, high=1.0, low=1.0, close=1.0, volume=1.0, vwap=1.0,
            trades=1, state=state,
        )
        for i, state in enumerate(states)
    ]  # fmt: skip
    return Frame.of(Bar, rows)


class Stream:
    """Events of a Faust stream, and which were acked."""

    def __init__(self, frames: Sequence[Frame[Any]]) -> None:
        self.frames = frames
        self.delivered = 0
        self.acked: list[int] = []
        self.ended = asyncio.Event()

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        for number, frame in enumerate(self.frames):
            self.delivered += 1
            yield SimpleNamespace(value=frame, number=number)
            await asyncio.sleep(0)
        await self.ended.wait()

    async def ack(self, event: Any) -> bool:
        self.acked.append(event.number)
        return True


class AwaySink(MemorySink):
    """Fails until it is told that it is back."""

    def __init__(self) -> None:
        super().__init__()
        self.away, self.tries = True, 0

    async def write(self, frames: Sequence[Frame[Any]]) -> None:
        self.tries += 1
        if self.away:
            raise SinkError("away")
        await super().write(frames)


async def until(done: Any) -> None:
    async with asyncio.timeout(10):
        while not done():  # noqa: ASYNC110  a test looks from outside
            await asyncio.sleep(0.01)


async def test_archive_stores_final_rows_and_acks_everything() -> None:
    sink, stream = MemorySink(), Stream([bars(), bars("final"), bars("final", "final")])
    task = asyncio.create_task(archive(stream, lambda: [sink]))

    await until(lambda: sorted(stream.acked) == [0, 1, 2])
    stream.ended.set()
    await task

    assert [bar.start for bar in await sink.read(Bar)] == [0, 1]


async def test_archive_holds_events_of_a_sink_that_is_away_and_lets_the_stream_go_on() -> None:
    sink, stream = AwaySink(), Stream([bars("final"), *[bars()] * 20, bars("final")])
    task = asyncio.create_task(archive(stream, lambda: [sink]))

    await until(lambda: stream.delivered == len(stream.frames) and sink.tries >= 1)
    assert sorted(stream.acked) == list(range(1, 21))
    sink.away = False
    await until(lambda: len(stream.acked) == len(stream.frames))
    stream.ended.set()
    await task

    assert len(await sink.read(Bar)) == 1


async def test_archive_reads_no_more_while_too_many_rows_wait(caplog: pytest.LogCaptureFixture) -> None:
    sink, stream = AwaySink(), Stream([bars(*["final"] * 300)] * 9)
    task = asyncio.create_task(archive(stream, lambda: [sink], may_wait=1_000))

    await until(lambda: "4 frames wait" in caplog.text)
    await asyncio.sleep(0.05)
    assert stream.delivered == 6  # one is being stored, one waits to be put
    sink.away = False
    await until(lambda: sorted(stream.acked) == list(range(9)))
    stream.ended.set()
    await task


class CountingSink(MemorySink):
    """Notes how many rows each write brings."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[int] = []

    async def write(self, frames: Sequence[Frame[Any]]) -> None:
        self.writes.append(sum(map(len, frames)))
        await super().write(frames)


class Backlog(Stream):
    """All its events are there at once."""

    async def events(self) -> AsyncIterator[Any]:
        for number, frame in enumerate(self.frames):
            yield SimpleNamespace(value=frame, number=number)
        await self.ended.wait()


async def test_archive_stores_in_pieces_while_nothing_waits() -> None:
    sink, stream = CountingSink(), Stream([bars(*["final"] * 300)])
    task = asyncio.create_task(archive(stream, lambda: [sink]))
    await until(lambda: stream.acked == [0])
    stream.ended.set()
    await task

    assert sum(sink.writes) == 300
    assert len(sink.writes) > 3
    assert max(sink.writes) < 100


async def test_archive_that_is_behind_stores_all_at_once() -> None:
    sink, stream = CountingSink(), Backlog([bars(*["final"] * 300)] * 3)
    task = asyncio.create_task(archive(stream, lambda: [sink]))
    await until(lambda: sorted(stream.acked) == [0, 1, 2])
    stream.ended.set()
    await task

    assert sink.writes == [900]
