"""The open bars of one interval as columns, and how parts of a bar add up to the bar.

Adding is exact and knows no order: high and low are extremes, open and close are the prices at the
least and greatest (time, id), sums are those of `causal_alpha.sums`.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.keys import group_starts, start_of, symbol_of
from causal_alpha.records import Bar
from causal_alpha.sums import Slices, group_sums, totals

Mask = npt.NDArray[np.bool_]

TRADES, SHOWN, FIRST_TS, FIRST_ID, LAST_TS, LAST_ID, SOURCE = range(7)
"""Rows of `Parts.ints`. SHOWN counts the trades that somebody has been told of."""
OPEN, CLOSE, HIGH, LOW = range(4)
VOLUME, TURNOVER = slice(4, 8), slice(8, 12)
"""Rows of `Parts.floats`; sums are in slices, see `causal_alpha.sums`."""


@dataclass(frozen=True, kw_only=True)
class Trades:
    """Accepted trades of one batch, sorted by key, time, id. `sizes`, `turnover`: shape (4, n)."""

    symbol: Ints
    ts: Ints
    id: Ints
    price: Floats
    sizes: Slices
    turnover: Slices
    source: Ints


@dataclass(frozen=True, slots=True)
class Parts:
    """What some trades say about their bars: one column a key, sorted by key (`causal_alpha.keys`).

    `ints` has shape (7, n), `floats` (12, n): a poll brings a few trades for a few bars, so what counts
    is how few numpy calls it takes to pick columns and put them back.
    """

    key: Ints
    ints: Ints
    floats: Floats

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def of(cls, trades: Trades, keys: Ints) -> Self:
        """`keys`: the bar that each trade belongs to, sorted."""
        first = group_starts(keys)
        last = np.append(first[1:], len(keys)) - 1
        ints = np.zeros((7, len(first)), dtype=np.int64)
        ints[TRADES] = last - first + 1
        ints[FIRST_TS], ints[FIRST_ID] = trades.ts[first], trades.id[first]
        ints[LAST_TS], ints[LAST_ID] = trades.ts[last], trades.id[last]
        ints[SOURCE] = trades.source[last]
        floats = np.empty((12, len(first)))
        floats[OPEN], floats[CLOSE] = trades.price[first], trades.price[last]
        floats[HIGH] = np.maximum.reduceat(trades.price, first)
        floats[LOW] = np.minimum.reduceat(trades.price, first)
        floats[VOLUME] = group_sums(trades.sizes, first)
        floats[TURNOVER] = group_sums(trades.turnover, first)
        return cls(keys[first], ints, floats)

    @classmethod
    def empty(cls) -> Self:
        return cls(np.empty(0, dtype=np.int64), np.empty((7, 0), dtype=np.int64), np.empty((12, 0)))

    def take(self, columns: npt.NDArray[Any]) -> "Parts":
        return Parts(self.key[columns], self.ints[:, columns], self.floats[:, columns])

    def put(self, columns: Ints, parts: "Parts") -> None:
        """Replace columns in place."""
        self.ints[:, columns] = parts.ints
        self.floats[:, columns] = parts.floats

    def joined(self, other: "Parts") -> "Parts":
        """The bars of both, which share none."""
        key = np.concatenate([self.key, other.key])
        order = np.argsort(key, kind="stable")
        return Parts(
            key[order],
            np.concatenate([self.ints, other.ints], axis=1)[:, order],
            np.concatenate([self.floats, other.floats], axis=1)[:, order],
        )

    def plus(self, other: "Parts") -> "Parts":
        """Column by column, the bars of two halves; `other` arrived later."""
        ours, theirs = self.ints, other.ints
        earlier = _before(theirs[FIRST_TS], theirs[FIRST_ID], ours[FIRST_TS], ours[FIRST_ID])
        later = ~_before(theirs[LAST_TS], theirs[LAST_ID], ours[LAST_TS], ours[LAST_ID])
        ints, floats = ours + theirs, self.floats + other.floats  # right for counts and sums
        ints[FIRST_TS : FIRST_ID + 1] = np.where(
            earlier, theirs[FIRST_TS : FIRST_ID + 1], ours[FIRST_TS : FIRST_ID + 1]
        )
        ints[LAST_TS:] = np.where(later, theirs[LAST_TS:], ours[LAST_TS:])
        floats[OPEN] = np.where(earlier, other.floats[OPEN], self.floats[OPEN])
        floats[CLOSE] = np.where(later, other.floats[CLOSE], self.floats[CLOSE])
        np.maximum(self.floats[HIGH], other.floats[HIGH], out=floats[HIGH])
        np.minimum(self.floats[LOW], other.floats[LOW], out=floats[LOW])
        return Parts(self.key, ints, floats)

    def to_frame(
        self, *, interval: str, length: int, state: str, symbols: tuple[str, ...], sources: tuple[str, ...]
    ) -> Frame[Bar]:
        """The bars as records. VWAP is turnover / volume, and the close where no size was traded."""
        n = len(self)
        close, volume, turnover = self.floats[CLOSE], totals(self.floats[VOLUME]), totals(self.floats[TURNOVER])
        return Frame.from_columns(
            Bar,
            {
                "symbol": Labels(symbol_of(self.key).astype(np.int32), symbols),
                "interval": Labels.constant(interval, n),
                "start": start_of(self.key, length),
                "open": self.floats[OPEN],
                "high": self.floats[HIGH],
                "low": self.floats[LOW],
                "close": close,
                "volume": volume,
                "vwap": np.divide(turnover, volume, out=close.copy(), where=volume > 0),
                "trades": self.ints[TRADES],
                "state": Labels.constant(state, n),
                "revision": np.zeros(n, dtype=np.int64),
                "quality": Labels.constant("ok", n),
                "source": Labels(self.ints[SOURCE].astype(np.int32), sources),
            },
        )


@dataclass
class Book:
    """The open bars of one interval; `length` in ns."""

    length: int
    open: Parts = field(default_factory=Parts.empty)

    def add(self, parts: Parts) -> None:
        if not len(self.open):
            self.open = parts
            return
        place = np.minimum(np.searchsorted(self.open.key, parts.key), len(self.open) - 1)
        known = self.open.key[place] == parts.key
        if known.all():
            self.open.put(place, self.open.take(place).plus(parts))
            return
        here = place[known]
        self.open.put(here, self.open.take(here).plus(parts.take(known)))
        self.open = self.open.joined(parts.take(~known))

    def close(self, watermark: int) -> Parts:
        """Take out the bars that end at or before `watermark`."""
        done = start_of(self.open.key, self.length) + self.length <= watermark
        if not done.any():
            return Parts.empty()
        final, self.open = self.open.take(done), self.open.take(~done)
        return final

    def changed(self) -> Parts:
        """The bars with trades that nobody has been told of; they count as told now."""
        news = np.flatnonzero(self.open.ints[TRADES] > self.open.ints[SHOWN])
        columns = self.open.take(news)
        self.open.ints[SHOWN, news] = columns.ints[TRADES]
        return columns


def _before(ts: Ints, id: Ints, other_ts: Ints, other_id: Ints) -> Mask:  # noqa: A002
    before: Mask = (ts < other_ts) | ((ts == other_ts) & (id < other_id))
    return before
