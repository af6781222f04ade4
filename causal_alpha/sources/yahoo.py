"""Yahoo Finance: quotes by a line, polled or streamed; where the line was away, bars from its history."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence

import numpy as np

from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.base import Batch, History
from causal_alpha.sources.cadence import SessionsOf
from causal_alpha.sources.chart import FETCHED
from causal_alpha.sources.gaps import Outages
from causal_alpha.sources.line import BEAT, Line
from causal_alpha.sources.stitch import Stitch, Want
from causal_alpha.sources.tape import Tape

logger = logging.getLogger(__name__)

_MARGIN = SECOND
"""How far in the future a filled bar becomes known: nobody may have known it before it was sent."""


class Yahoo:
    """Ticks of `symbols` as `line` brings them; before the first the last `past` bars of each of `intervals`.

    A tick is the last trade at a quote, with the volume since the quote before as its size, see `tape.Tape`. Heartbeats
    trail the present by `delay` seconds: raise it for exchanges whose quotes Yahoo delays. While trades are missed the
    source says so (`frames.gap`), and once the line is back and the bars are complete it sends those that the gap
    has spoilt from `history`, as revisions with the source `yahoo:fill`.
    """

    name = "yahoo"

    def __init__(
        self,
        symbols: Sequence[str],
        line: Line,
        history: History,
        sessions: SessionsOf,
        *,
        delay: float = 15.0,
        intervals: Sequence[str] = (),
        past: int = 240,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._symbols = tuple(dict.fromkeys(symbols))
        if not self._symbols:
            raise SourceError("yahoo: expected symbols, was none")
        self._line, self._history, self._sessions = line, history, sessions
        self._delay, self._clock = round(delay * SECOND), clock
        self._intervals, self._past = tuple(interval for interval in intervals if interval in FETCHED), past
        self._stitch = Stitch(self._intervals, sessions, settle=60.0 + delay)
        self._outages = Outages(self.name, ahead=2 * BEAT)
        self._tape = Tape(self.name)
        self._lagging: set[str] = set()
        self._filling: asyncio.Task[list[tuple[Want, Frame[Bar]]]] | None = None
        self._fill_from = 0
        self._refusals = Backoff(first=30.0, longest=900.0, least=0.5)

    async def frames(self) -> AsyncIterator[Batch]:
        for interval in self._intervals if self._past else ():
            yield await self._recent(interval)
        beat, told = -BEAT, 0
        try:
            while True:
                quotes = await self._line.read()
                now = self._clock()
                for ended in self._outages.update(self._line.away(now), now):
                    self._stitch.add(ended)
                due = now - self._delay >= beat + BEAT
                if due or len(self._outages.since) > told:
                    for frame in self._outages.frames(now):
                        yield frame
                told = len(self._outages.since)
                ticks = sorted(filter(None, map(self._tape.tick, quotes)), key=lambda tick: tick.ts)
                self._warn_of_late([tick for tick in ticks if tick.ts < beat], now)
                if ticks:
                    yield Frame.of(Tick, ticks)
                if due:
                    beat = max(beat, now - self._delay)
                    yield heartbeat(beat, self.name if self._alive(now) else "")
                for bars in self._filled(now):
                    yield bars
        finally:
            if self._filling is not None:
                self._filling.cancel()
            await self._line.close()

    def _alive(self, now: int) -> bool:
        """Whether a symbol whose market is open can be heard, or none is open."""
        is_open = [name for name in self._symbols if self._sessions(name).is_open(np.asarray(now))]
        return not is_open or any(name not in self._outages.since for name in is_open)

    async def _recent(self, interval: str) -> Frame[Bar]:
        """The last bars of every symbol that Yahoo gives now, by time."""
        now = self._clock()
        start = now - max(5 * DAY, 2 * self._past * interval_ns(interval))
        found = []
        for symbol in self._symbols:
            try:
                bars = await self._history.history([symbol], interval, start, now)
            except SourceError as error:
                logger.warning("%s; starting without its past", error)
            else:
                found.append(bars.take(np.arange(max(0, len(bars) - self._past), len(bars))))
        past = Frame.concat(found) if found else Frame.empty(Bar)
        self._stitch.have(past)
        return past.take(np.argsort(past.ints("start"), kind="stable"), {"closed": "1"})

    def _filled(self, now: int) -> list[Frame[Bar]]:
        """What has been fetched of the bars that gaps have spoilt; fetches what is due now beside the quotes."""
        found: list[Frame[Bar]] = []
        if self._filling is not None and self._filling.done():
            for want, bars in self._filling.result():
                filled = self._stitch.fill(want, bars, source=f"{self.name}:fill", now=now, margin=_MARGIN)
                if len(filled):
                    found.append(filled)
            self._filling = None
        if self._filling is None and now >= self._fill_from:
            wants = self._stitch.due(now)
            if wants:
                self._filling = asyncio.create_task(self._fetch(wants))
        return found

    async def _fetch(self, wants: Sequence[Want]) -> list[tuple[Want, Frame[Bar]]]:
        """Bars for as many of `wants` as Yahoo answers; after a refusal the others wait."""
        found = []
        for want in wants:
            first, last = int(want.starts[0]), int(want.starts[-1]) + 1
            try:
                found.append((want, await self._history.history([want.symbol], want.interval, first, last)))
            except SourceError as error:
                wait = self._refusals.failed()
                self._fill_from = self._clock() + round(wait * SECOND)
                logger.warning("%s; filling its gaps in %.0f s", error, wait)
                break
        else:
            self._refusals.succeeded()
        return found

    def _warn_of_late(self, ticks: Sequence[Tick], now: int) -> None:
        """Say once a symbol that its quotes are older than the heartbeats allow, and so may end in `rejects`."""
        for tick in ticks:
            if tick.symbol not in self._lagging:
                self._lagging.add(tick.symbol)
                age = (now - tick.ts) / SECOND
                logger.warning("yahoo: %s has quotes %.0f s old: expected a delay of at least that", tick.symbol, age)
