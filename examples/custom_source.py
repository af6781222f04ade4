"""A source of your own: ticks from a file of JSON lines, published by a process of its own.

Where a Kafka answers::

    python -m examples.custom_source ticks.jsonl

A line is `{"symbol": "AAPL", "ts": 1550068920000, "price": 171.7, "size": 100}`, `ts` in ms, oldest first.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from causal_alpha import Frame, Tick
from causal_alpha.errors import SourceError
from causal_alpha.frames import heartbeat
from causal_alpha.intervals import MILLISECOND
from causal_alpha.settings import load_settings
from causal_alpha.sources.publish import Publisher, publish

ROWS = 1_000
"""Ticks that travel together."""


class Line(msgspec.Struct):
    """What a line of the file says."""

    symbol: str
    ts: int
    price: float
    size: float


class JsonLines:
    """The ticks of a file, as fast as possible. Passes `causal_alpha.checks.check_source`."""

    def __init__(self, path: Path) -> None:
        self.name = f"jsonl:{path.name}"
        self._path = path

    async def frames(self) -> AsyncIterator[Frame[Tick]]:
        lines = self._path.read_bytes().splitlines()
        for first in range(0, len(lines), ROWS):
            ticks = [self._tick(number, lines[number]) for number in range(first, min(first + ROWS, len(lines)))]
            yield Frame.of(Tick, ticks, heartbeat(ticks[-1].ts, self.name).meta)  # nothing more before it: the order

    def _tick(self, number: int, text: bytes) -> Tick:
        """The line's number is the trade's id, so a file sent twice counts once."""
        try:
            line = msgspec.json.decode(text, type=Line)
        except msgspec.MsgspecError as error:
            raise SourceError(f"{self._path}, line {number + 1}: expected a tick, was {error}") from error
        return Tick(
            symbol=line.symbol,
            ts=line.ts * MILLISECOND,
            price=line.price,
            size=line.size,
            id=number,
            source=self.name,
        )


async def main(path: Path) -> None:
    """Publish the file to the Kafka that the settings name."""
    settings = load_settings()
    async with Publisher(settings.broker, partitions=settings.partitions, app_id=settings.app_id) as publisher:
        await publish(JsonLines(path), publisher)
    print(f"{publisher.rows} ticks published")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
