"""Who is expected: the symbols of one interval, and the bars that nobody traded in.

A symbol is expected from its first trade on, in every bar of its calendar, until it has been without
a trade for `limit` bars.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Floats, Ints

N = TypeVar("N", bound=np.generic)

_CELLS = 1_000_000
"""Symbols times bars that are looked at in one go."""
_SLOTS = 4096


class Hours(Protocol):
    """When a market is open."""

    def bar_starts(self, first: int, end: int, length: int) -> Ints:
        """Starts on the grid of `length`, `first <= start < end` (ns), of the bars that share time with a session."""
        ...


class Always:
    """A market that never closes.

    >>> Always().bar_starts(0, 10, 5).tolist()
    [0, 5]
    """

    def bar_starts(self, first: int, end: int, length: int) -> Ints:
        return np.arange(first, end, length, dtype=np.int64)


class Cells(NamedTuple):
    """Bars of some symbols in some slots, with price, quote (4, n) and source of the symbol's last trade."""

    symbol: Ints
    slot: Ints
    close: Floats
    quote: Floats
    source: Ints

    def take(self, rows: npt.NDArray[Any]) -> "Cells":
        return Cells(self.symbol[rows], self.slot[rows], self.close[rows], self.quote[:, rows], self.source[rows])


@dataclass
class Roster:
    """What is known of each symbol, by its code: bars since its last trade, that trade's price, source and quote."""

    limit: int
    quiet: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    close: Floats = field(default_factory=lambda: np.empty(0))
    source: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    quote: Floats = field(default_factory=lambda: np.empty((4, 0)))

    def __post_init__(self) -> None:
        unknown = len(self.quiet) - self.quote.shape[1]  # a snapshot may know no quotes
        self.quote = np.append(self.quote, np.full((4, unknown), np.nan), axis=1)

    def dump(self) -> list[npt.NDArray[Any]]:
        """The arrays in the order in which the constructor takes them, after `limit`."""
        return [self.quiet, self.close, self.source, self.quote]

    def call(
        self, members: Ints, hours: Hours, first: int, end: int, length: int, traded: Cells
    ) -> tuple[list[Cells], npt.NDArray[np.bool_]]:
        """The absent bars of `members` (codes, sorted) in `[first, end)`, and which of `traded` are first ones.

        `traded` are all bars of the members in that time, also where no bar was expected. A first bar is
        one whose symbol was not expected before it. `first` and `end` lie on the grid of `length` ns.
        """
        self._grow(int(members[-1]) + 1)
        fresh = np.zeros(len(traded.symbol), dtype=np.bool_)
        step = min(max(1, _CELLS // len(members)), _SLOTS) * length
        absent = []
        while first < end:
            if (self.quiet[members] >= self.limit).all():  # nobody is missed: on to the next trade, if any
                later = traded.slot[traded.slot >= first // length]
                if not len(later):
                    break
                first = int(later.min()) * length
            stop = min(first + step, end)
            mine = np.flatnonzero((traded.slot >= first // length) & (traded.slot < stop // length))
            slots = hours.bar_starts(first, stop, length) // length
            if len(slots) or len(mine):
                part, fresh[mine] = self._block(members, slots, traded.take(mine))
                if len(part.symbol):
                    absent.append(part)
            first = stop
        return absent, fresh

    def _block(self, members: Ints, expected: Ints, traded: Cells) -> tuple[Cells, npt.NDArray[np.bool_]]:
        """As `call`, on a table with a row a member and a column a slot; bars are due in the slots `expected`."""
        slots = np.union1d(expected, traded.slot)
        n, m = len(members), len(slots)
        row, column = np.searchsorted(members, traded.symbol), np.searchsorted(slots, traded.slot)
        place = np.full((n, m + 1), -1)  # column 0 stands for all that was before
        place[row, column + 1] = np.arange(len(row))
        last = np.maximum.accumulate(np.where(place >= 0, np.arange(m + 1), 0), axis=1)
        missing = (place[:, 1:] < 0) & np.isin(slots, expected)
        count = np.zeros((n, m + 1), dtype=np.int64)
        np.cumsum(missing, axis=1, out=count[:, 1:])
        quiet = count - np.take_along_axis(count, last, axis=1) + np.where(last == 0, self.quiet[members][:, None], 0)
        bar = np.take_along_axis(place, last, axis=1)  # the last one traded, as a place in `traded`
        close = np.where(bar >= 0, _pick(traded.close, bar), self.close[members][:, None])
        source = np.where(bar >= 0, _pick(traded.source, bar), self.source[members][:, None])

        fresh = quiet[row, column] >= self.limit
        rows, columns = np.nonzero(missing & (quiet[:, 1:] <= self.limit))
        quote = self._quote(members[rows], traded, bar[rows, columns + 1])
        absent = Cells(members[rows], slots[columns], close[rows, columns + 1], quote, source[rows, columns + 1])
        self.quiet[members] = np.minimum(quiet[:, -1], self.limit)
        self.close[members], self.source[members] = close[:, -1], source[:, -1]
        self.quote[:, members] = self._quote(members, traded, bar[:, -1])
        return absent, fresh

    def _quote(self, members: Ints, traded: Cells, bar: Ints) -> Floats:
        """The quote of each member's last trade: that of a bar in `traded`, or, where it is -1, the one before."""
        known = self.quote[:, members]
        news = np.flatnonzero(bar >= 0)
        known[:, news] = traded.quote[:, bar[news]]
        return known

    def _grow(self, n: int) -> None:
        more = n - len(self.quiet)
        if more > 0:
            self.quiet = np.append(self.quiet, np.full(more, self.limit))
            self.close = np.append(self.close, np.full(more, np.nan))
            self.source = np.append(self.source, np.zeros(more, dtype=np.int64))
            self.quote = np.append(self.quote, np.full((4, more), np.nan), axis=1)


def _pick(values: npt.NDArray[N], places: Ints) -> npt.NDArray[N]:
    return values[places] if len(values) else np.zeros(places.shape, dtype=values.dtype)
