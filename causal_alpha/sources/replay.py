"""Replay: a Parquet or CSV file of ticks or bars at any speed, with its own event times."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame, Ints, Labels, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import Batch
from causal_alpha.sources.layout import find_layout
from causal_alpha.sources.pacing import STRIDE, Clock, Pace, Sleep, cuts, strides
from causal_alpha.sources.tables import BarReader, File, TickReader, widths

_PATIENCE = 60 * SECOND
"""A longer time without a row is taken for a hole in the file: nobody says then that nobody traded."""


class Replay:
    """A source of the rows of a file. Columns are found as `causal_alpha.sources.layout` says.

    `speed` is in event seconds a second, None or 0 as fast as possible. Ticks keep the file's order, and
    a heartbeat trails the newest tick by `lateness` (s), so that rows out of order aren't made late by
    it. Heartbeats go on for a minute where no row comes, so at any speed a quiet market is told from a hole.
    Bars come in order of time: a file that isn't is read whole and sorted, any other is read in pieces. A
    bar's time that is none, or not on the grid of its interval, ends the feed.

    `columns` maps fields to the file's columns; `symbol` names the rows of a file without such a
    column; `zone` is that of times without one; `stamped` tells which end of a bar its time is;
    `interval` is needed where it is neither a column nor the least step between bars.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        speed: float | None = None,
        columns: Mapping[str, str] | None = None,
        symbol: str | None = None,
        interval: str | None = None,
        stamped: Literal["start", "end"] = "start",
        zone: str = "UTC",
        lateness: float = 1.0,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._file = File(Path(path))
        self.name = f"replay:{self._file.path.name}"
        try:
            self._layout = find_layout(self._file.names, columns or {}, symbol=symbol is not None)
        except SourceError as error:
            raise SourceError(f"{path}: {error}") from None
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise SourceError(f"zone: expected a name such as UTC or America/New_York, was {zone!r}") from None
        if interval is not None:
            widths(Labels.constant(interval, 1))
        self._symbol, self._zone, self._interval, self._stamped = symbol, zone, interval, stamped
        self._speed, self._clock, self._sleep = speed, clock, sleep
        self._slack = round(lateness * SECOND)

    def frames(self) -> AsyncIterator[Batch]:
        return self._tick_frames() if self._layout.kind == "ticks" else self._bar_frames()

    async def _tick_frames(self) -> AsyncIterator[Frame[Tick]]:
        reader = TickReader(self._layout, source=self.name, zone=self._zone, symbol=self._symbol)
        newest, beat, joined = 0, 0, 0  # joined: the first row after a hole
        pace: Pace | None = None
        present = time.time_ns()
        batches = self._file.batches(list(self._layout.columns.values()))
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            ticks = reader.read(batch)
            ts = ticks.ints("ts")
            # A stamp from the future is a wrong one: it must not hold up, or make late, all that follow.
            due = np.maximum.accumulate(np.where(ts > present, 0, ts).clip(min=newest))
            if pace is None and len(ticks):
                pace = self._pace(due)
            async for first, last, now in cuts(due, pace or self._pace(due), apart=STRIDE):
                reached = int(due[first]) if first < last else min(now, int(due[first]))
                for quiet in self._quiet(max(beat, joined), newest, reached - self._slack):
                    beat = quiet
                    yield heartbeat(quiet, self.name)
                if first < last:
                    joined = reached if reached > newest + _PATIENCE else joined
                    newest = int(due[last - 1])
                late = max(newest, reached) - self._slack
                said = heartbeat(late, self.name if joined <= late <= newest + _PATIENCE else "")
                meta = said.meta if late >= beat + SECOND else {}
                beat = late if meta else beat
                if first < last or meta:
                    yield ticks.take(np.arange(first, last), meta)
        if newest:
            yield heartbeat(newest, self.name)

    @staticmethod
    def _quiet(beat: int, newest: int, upto: int) -> Iterator[int]:
        """Times between the last heartbeat and `upto` at which the file is known to go on without a row."""
        limit = newest + _PATIENCE
        if beat:
            yield from strides(beat, min(upto, limit))
            if beat < limit < upto:
                yield limit

    async def _bar_frames(self) -> AsyncIterator[Frame[Bar]]:
        pieces = self._complete_times()
        pace: Pace | None = None
        while (bars := await asyncio.to_thread(next, pieces, None)) is not None:
            due = _ends(bars)
            pace = pace or self._pace(due)
            async for first, last, _ in cuts(due, pace, whole=True):
                if first < last:
                    yield bars.take(np.arange(first, last))

    def _pace(self, due: Ints) -> Pace:
        real = due[due > 0]
        return Pace(int(real[0]) if len(real) else 0, speed=self._speed, clock=self._clock, sleep=self._sleep)

    def _complete_times(self) -> Iterator[Frame[Bar]]:
        """Bars by end; those that end together are in one frame."""
        reader = BarReader(
            self._layout,
            source=self.name,
            zone=self._zone,
            symbol=self._symbol,
            interval=self._interval,
            stamped=self._stamped,
        )
        batches = self._file.batches(list(self._layout.columns.values()))
        pieces = (reader.read(batch) for batch in batches if batch.num_rows)
        if not self._in_order(reader):
            bars = Frame.concat(list(pieces))
            yield bars.take(np.argsort(_ends(bars), kind="stable"))
            return
        rest: Frame[Bar] | None = None
        for piece in pieces:
            bars = piece if rest is None else Frame.concat([rest, piece])
            ends = _ends(bars)
            whole = int(np.searchsorted(ends, ends[-1]))
            rest = bars.take(np.arange(whole, len(bars)))
            if whole:
                yield bars.take(np.arange(whole))
        if rest is not None:
            yield rest

    def _in_order(self, reader: BarReader) -> bool:
        """Whether bars end one after the other; reads the times alone."""
        last = np.iinfo(np.int64).min
        needed = [self._layout.columns[name] for name in ("start", "interval") if name in self._layout]
        for batch in self._file.batches(needed):
            ends = reader.ends(batch)
            if len(ends) and (ends[0] < last or (np.diff(ends) < 0).any()):
                return False
            last = int(ends[-1]) if len(ends) else last
        return True


def _ends(bars: Frame[Bar]) -> Ints:
    return bars.ints("start") + widths(bars.labels("interval"))
