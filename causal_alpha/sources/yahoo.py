"""Yahoo Finance: quotes by a line, polled or streamed; where the line was away, bars from its history."""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from causal_alpha.actions import Action
from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import Batch, History
from causal_alpha.sources.cadence import SessionsOf
from causal_alpha.sources.chart import FETCHED
from causal_alpha.sources.corporate import Announced, Announcer, announcement
from causal_alpha.sources.errand import Errand
from causal_alpha.sources.gaps import Gap, Outages
from causal_alpha.sources.line import BEAT, Line
from causal_alpha.sources.stitch import Stitch, Want
from causal_alpha.sources.tape import Tape

logger = logging.getLogger(__name__)

_AWAY = 4 * DAY
"""For how long the source may have been away before its start, a long weekend: bars of that time are sent again."""
_MARGIN = SECOND
"""How far in the future a filled bar becomes known: nobody may have known it before it was sent."""


class Archive(History, Announcer, Protocol):
    """A feed's past: bars as they were traded, splits and dividends."""


class Yahoo:
    """Ticks of `symbols` as `line` brings them; before the first the last `past` bars of each of `intervals`.

    A tick is the last trade at a quote, with the volume since the quote before as its size, see `tape.Tape`. Heartbeats
    trail the present by `delay` seconds: raise it for exchanges whose quotes Yahoo delays. While trades are missed the
    source says so (`frames.gap`), and once the line is back and the bars are complete it sends those that the gap
    has spoilt from `archive`, as revisions with the source `yahoo:fill`. So it sends the newest bars of the past again:
    where the source was away a worker has closed them without trades, and final bars come too late for it. Splits and
    dividends of the time of the past come first, what is heard of later ones as it is heard.
    """

    name = "yahoo"

    def __init__(
        self,
        symbols: Sequence[str],
        line: Line,
        archive: Archive,
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
        self._line, self._archive, self._sessions = line, archive, sessions
        self._delay, self._clock = round(delay * SECOND), clock
        self._intervals, self._past = tuple(interval for interval in intervals if interval in FETCHED), past
        self._tape = Tape(self.name, sessions)
        self._outages = Outages(self.name, ahead=2 * BEAT, behind=line.behind)
        self._stitch = Stitch(self._intervals, sessions, settle=60.0 + delay)
        self._announced = Announced(self._symbols, sessions)
        self._filling = Errand[list[tuple[Want, Frame[Bar] | None]]]("filling its gaps")
        self._asking = Errand[list[tuple[str, Sequence[Action] | None]]]("asking for splits and dividends again")
        self._lagging: set[str] = set()

    async def frames(self) -> AsyncIterator[Batch]:
        if actions := await self._past_actions():
            yield announcement(actions)
        for interval in self._intervals if self._past else ():
            yield await self._past_bars(interval)
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
                for bars in (*self._filled(now), *self._news(now)):
                    yield bars
        finally:
            self._filling.cancel()
            self._asking.cancel()
            await self._line.close()

    def _alive(self, now: int) -> bool:
        """Whether a symbol whose market is open can be heard, or none is open."""
        is_open = [
            name for name in self._symbols if self._sessions(name).is_open(np.asarray(now - self._line.behind(name)))
        ]
        return not is_open or any(name not in self._outages.since for name in is_open)

    # -- the past ----------------------------------------------------------------------------

    def _since(self, interval: str, now: int) -> int:
        return now - max(5 * DAY, 2 * self._past * interval_ns(interval))

    async def _past_actions(self) -> list[Action]:
        """Splits and dividends of the time that the past bars cover."""
        now = self._clock()
        found: list[Action] = []
        start = min((self._since(interval, now) for interval in self._intervals), default=now - 5 * DAY)
        for symbol in self._announced.symbols:
            try:
                said = await self._archive.actions(symbol, start - start % DAY, now + DAY)
            except SourceError as error:
                logger.warning("%s; asking for its splits and dividends later", error)
            else:
                self._announced.begin(symbol, said, now)
                found += said
        return found

    async def _past_bars(self, interval: str) -> Frame[Bar]:
        """The last bars of every symbol that Yahoo gives now, by time."""
        now = self._clock()
        found = []
        for symbol in self._symbols:
            first = now - min(_AWAY, self._past * interval_ns(interval))
            try:
                bars = await self._archive.history([symbol], interval, self._since(interval, now), now)
            except SourceError as error:
                logger.warning("%s; starting without its past", error)
            else:
                bars = bars.take(np.arange(max(0, len(bars) - self._past), len(bars)))
                starts = bars.ints("start")
                first = max(now - _AWAY, int(starts.min(initial=now)))
                self._stitch.have(bars.take(starts < first))
                found.append(bars)
            self._stitch.add(Gap(symbol, first, now), [interval])
        past = Frame.concat(found) if found else Frame.empty(Bar)
        return past.take(np.argsort(past.ints("start"), kind="stable"), {"closed": "1"})

    # -- beside the quotes -------------------------------------------------------------------

    def _filled(self, now: int) -> Iterator[Frame[Bar]]:
        """What has been fetched of the bars that gaps have spoilt; starts to fetch what is due."""
        for want, bars in self._filling.take() or ():
            if bars is None:
                self._stitch.refused(want, now)
                continue
            filled = self._stitch.fill(want, bars, source=f"{self.name}:fill", now=now, margin=_MARGIN)
            if len(filled):
                yield filled
        if self._filling.may_start(now) and (wants := self._stitch.due(now)):
            self._filling.start(self._filling.each(wants, self._fetch, self._clock))

    async def _fetch(self, want: Want) -> Frame[Bar]:
        first, last = int(want.starts[0]), int(want.starts[-1]) + 1
        return await self._archive.history([want.symbol], want.interval, first, last)

    def _news(self, now: int) -> Iterator[Frame[Bar]]:
        """What Yahoo says of splits and dividends that it did not say before; starts to ask when it is due."""
        for symbol, said in self._asking.take() or ():
            if said is None:
                self._announced.refused(symbol, now)
            elif news := self._announced.hear(symbol, said, now):
                yield announcement(news)
        if self._asking.may_start(now) and (symbols := self._announced.due(now)):
            start, end = self._announced.span(now)
            ask = partial(self._archive.actions, start=start, end=end)
            self._asking.start(self._asking.each(symbols, ask, self._clock))

    def _warn_of_late(self, ticks: Sequence[Tick], now: int) -> None:
        """Say once a symbol that its quotes are older than the heartbeats allow, and so may end in `rejects`."""
        for tick in ticks:
            if tick.symbol not in self._lagging:
                self._lagging.add(tick.symbol)
                age = (now - tick.ts) / SECOND
                logger.warning("yahoo: %s has quotes %.0f s old: expected a delay of at least that", tick.symbol, age)
