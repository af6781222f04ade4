"""Where a feed's trades may be missing: by their numbers, or by how long it has been silent."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from causal_alpha.frames import Frame, Ints, gap
from causal_alpha.intervals import NEVER
from causal_alpha.records import NO_ID, Tick
from causal_alpha.sources.base import Batch, Source


class Gap(NamedTuple):
    """Trades of `symbol` in `[start, end)` (ns) may be missing."""

    symbol: str
    start: int
    end: int


class _Last(NamedTuple):
    id: int
    ts: int


@dataclass
class SequenceGaps:
    """Gaps in a feed whose ids count up by one within a symbol: a number left out is a trade missed.

    The rows of a call may be in any order, across calls numbers must rise: one that comes later than its successor is
    taken for missed. Numbers that begin anew with a later time are no gap, nor are rows without an id.

    >>> gaps = SequenceGaps()
    >>> rows = [Tick(symbol="A", ts=ts, price=1.0, size=1.0, id=id) for ts, id in ((10, 1), (20, 2), (30, 5), (40, 6))]
    >>> gaps.push(Frame.of(Tick, rows))
    [Gap(symbol='A', start=20, end=31)]
    """

    _last: dict[str, _Last] = field(default_factory=dict)

    def push(self, ticks: Frame[Tick]) -> list[Gap]:
        """The gaps before and between these rows, from the tick before to the tick after it."""
        labels, ids, ts = ticks.labels("symbol"), ticks.ints("id"), ticks.ints("ts")
        rows = np.flatnonzero(ids != NO_ID)
        rows = rows[np.lexsort((ids[rows], labels.codes[rows]))]
        starts = np.flatnonzero(np.diff(labels.codes[rows], prepend=-1))
        found: list[Gap] = []
        for group in np.split(rows, starts[1:]) if len(rows) else []:
            symbol = labels.names[labels.codes[group[0]]]
            found += self._of_symbol(symbol, ids[group], ts[group])
        return found

    def _of_symbol(self, symbol: str, ids: Ints, ts: Ints) -> Iterator[Gap]:
        last = self._last.get(symbol)
        if last is not None and ids[-1] <= last.id:
            if ts.max() <= last.ts:
                return  # all of it is old
            last = None  # numbers began anew
        if last is not None:
            fresh = ids > last.id
            ids, ts = np.append(last.id, ids[fresh]), np.append(last.ts, ts[fresh])
        self._last[symbol] = _Last(int(ids[-1]), int(ts[-1]))
        for place in np.flatnonzero(np.diff(ids) > 1).tolist():
            one, two = sorted((int(ts[place]), int(ts[place + 1])))
            yield Gap(symbol, one, two + 1)


class Numbered:
    """A source whose ids count up by one within a symbol: the same frames, and its gaps before them.

    A gap is told before the ticks that show it, while its bars are still open.
    """

    def __init__(self, source: Source) -> None:
        self.name = source.name
        self._source = source

    async def frames(self) -> AsyncIterator[Batch]:
        gaps = SequenceGaps()
        async for frame in self._source.frames():
            if frame.record is Tick:
                for symbol, start, end in gaps.push(frame):
                    yield gap(self.name, [symbol], start, end)
            yield frame


def _on_time(_: str) -> int:
    return 0


@dataclass
class Outages:
    """The gaps that are still going on, by symbol, told again and again while they last.

    `ahead` (ns) is how far a word about one reaches into the future: until the next word comes. Outages are known by
    the time of arrival, as is `since`, gaps are in the time of trades: a feed that is `behind` (ns) by symbol misses
    trades of that long ago.
    """

    source: str
    ahead: int
    behind: Callable[[str], int] = _on_time
    since: dict[str, int] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def update(self, away: Mapping[str, int], now: int) -> list[Gap]:
        """`away`: symbols that can't be heard, and since when. The gaps that have ended by `now`.

        They end where the last word about them did, as nobody vouches for the time before that.
        """
        back = [symbol for symbol in self.since if symbol not in away]
        ended = [self._end(symbol, now) for symbol in back]
        for symbol, since in away.items():
            self.since[symbol] = min(since, self.since.get(symbol, since))
        return [one for one in ended if one.start < one.end]

    def frames(self, now: int) -> Iterator[Frame[Tick]]:
        """A word about each gap that goes on, those that began and will end together in one."""
        spans: dict[tuple[int, int], list[str]] = {}
        for symbol, since in self.since.items():
            behind = self.behind(symbol)
            spans.setdefault((since - behind, now + self.ahead - behind), []).append(symbol)
        for (start, end), symbols in sorted(spans.items()):
            self._told |= dict.fromkeys(symbols, end)
            yield gap(self.source, symbols, start, end)

    def _end(self, symbol: str, now: int) -> Gap:
        behind, since = self.behind(symbol), self.since.pop(symbol)
        return Gap(symbol, since - behind, max(now - behind, self._told.pop(symbol, NEVER)))
