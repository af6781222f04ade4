"""History stitched to a live feed: which bars a gap has spoilt, and each of them filled once.

A bar that shares no time with a gap is whole: live has it, and it is never filled. One that does is filled once, when
it is complete. So what live has whole and what is filled never overlap, and together they cover every bar.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from causal_alpha.frames import Column, Frame, Ints, Labels
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar
from causal_alpha.sessions import Sessions
from causal_alpha.sources.cadence import SessionsOf
from causal_alpha.sources.gaps import Gap

_LONGEST = 8 * DAY
"""A gap that lasts longer may fill a bar again that was filled while it lasted."""
_REFUSALS = 8


def spoilt(sessions: Sessions, start: int, end: int, length: int) -> Ints:
    """Starts of the bars of `length` ns that should exist and share time with `[start, end)`.

    >>> spoilt(Sessions("x", np.array([0]), np.array([100])), 19, 41, 10).tolist()
    [10, 20, 30, 40]
    """
    return sessions.bar_starts(start - start % length, end, length)


class Want(NamedTuple):
    """Bars of a symbol and interval that should be asked for: those at `starts`, rising."""

    symbol: str
    interval: str
    starts: Ints


class Stitch:
    """The bars of `intervals` that gaps have spoilt, until each is filled once or given up.

    A bar can be asked for when it has been complete for `settle` seconds, and is for `tries` times, `settle` apart: a
    feed's history may lag, and may lack a bar in which nobody traded. Where a feed refuses, the next try comes after
    twice the time of the one before, and the eighth in a row is the last: 255 times `settle`, some hours.
    """

    def __init__(self, intervals: Sequence[str], sessions: SessionsOf, *, settle: float = 60.0, tries: int = 3) -> None:
        self._intervals, self._sessions = tuple(intervals), sessions
        self._settle, self._tries = round(settle * SECOND), tries
        self._wanted: dict[tuple[str, str], dict[int, int]] = {}  # start → times asked
        self._done: dict[tuple[str, str], set[int]] = {}
        self._asked: dict[tuple[str, str], int] = {}
        self._refusals: dict[tuple[str, str], int] = {}  # in a row

    def add(self, gap: Gap, intervals: Sequence[str] | None = None) -> None:
        """Take note of a gap that has ended, for all intervals if none are named."""
        sessions = self._sessions(gap.symbol)
        for interval in self._intervals if intervals is None else intervals:
            wanted = self._wanted.setdefault((gap.symbol, interval), {})
            done = self._done.setdefault((gap.symbol, interval), set())
            for start in spoilt(sessions, gap.start, gap.end, interval_ns(interval)).tolist():
                if start not in done:
                    wanted.setdefault(start, 0)
            done -= {start for start in done if start < gap.start - _LONGEST}

    def have(self, bars: Frame[Bar]) -> None:
        """These bars are there, whole."""
        symbols, intervals = bars.labels("symbol").tolist(), bars.labels("interval").tolist()
        for symbol, interval, start in zip(symbols, intervals, bars.ints("start").tolist(), strict=True):
            self._done.setdefault((symbol, interval), set()).add(start)
            self._wanted.get((symbol, interval), {}).pop(start, None)

    def due(self, now: int) -> list[Want]:
        """What to ask for at `now` (ns)."""
        wants = []
        for (symbol, interval), wanted in self._wanted.items():
            complete = now - self._settle - interval_ns(interval)
            starts = sorted(start for start in wanted if start <= complete)
            if starts and now >= self._asked.get((symbol, interval), now - self._settle) + self._settle:
                wants.append(Want(symbol, interval, np.asarray(starts, dtype=np.int64)))
        return wants

    def refused(self, want: Want, now: int) -> None:
        """The feed refused `want`, which `due` gave, at `now` (ns)."""
        key = want.symbol, want.interval
        refusals = self._refusals[key] = self._refusals.get(key, 0) + 1
        self._asked[key] = now + self._settle * (2 ** (refusals - 1) - 1)
        if refusals == _REFUSALS:
            del self._refusals[key]
            for start in want.starts.tolist():
                self._wanted[key].pop(start, None)
                self._done[key].add(start)

    def fill(self, want: Want, bars: Frame[Bar], *, source: str, now: int, margin: int) -> Frame[Bar]:
        """The `bars` that were wanted, as revisions known from `now + margin` (ns) on; the others are left out.

        `bars` answer to `want`, which `due` gave, at `now`.
        """
        key = want.symbol, want.interval
        wanted, self._asked[key] = self._wanted[key], now
        self._refusals.pop(key, None)
        starts = bars.ints("start")
        rows = np.flatnonzero(np.isin(starts, want.starts) & np.isin(starts, list(wanted)))
        found = bars.take(rows[np.unique(starts[rows], return_index=True)[1]])
        filled = set(found.ints("start").tolist())
        for start in want.starts.tolist():
            wanted[start] = wanted.get(start, 0) + 1
            if start in filled or wanted[start] >= self._tries:
                del wanted[start]
                self._done[key].add(start)
        n = len(found)
        columns: dict[str, Column] = {
            "state": Labels.constant("revised", n),
            "revision": np.ones(n, dtype=np.int64),
            "quality": Labels.constant("ok", n),
            "source": Labels.constant(source, n),
            "known_at": np.full(n, now + margin),
        }
        return Frame(Bar, {**found.columns, **columns})
