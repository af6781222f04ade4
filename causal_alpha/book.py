"""The bars of one interval as columns, and how parts of a bar add up to the bar.

Adding is exact and knows no order: high and low are extremes, open and close are the prices at the
least and greatest (time, id), sums are those of `causal_alpha.sums`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import NEVER
from causal_alpha.keys import group_starts, start_of, symbol_of, to_key
from causal_alpha.records import NO_ID, Bar
from causal_alpha.sums import Slices, group_sums, totals

Mask = npt.NDArray[np.bool_]

_HIGHEST = 2**63 - 1

TRADES, REVISION, SHOWN, QUALITY, FIRST_TS, FIRST_ID, LAST_TS, LAST_ID, SOURCE = range(9)
"""Rows of `Parts.ints`. REVISION counts late trades, SHOWN the trades that somebody has been told of."""
OPEN, HIGH, LOW, CLOSE, BID, ASK, BID_SIZE, ASK_SIZE = range(8)
VOLUME, TURNOVER, BOUGHT = slice(8, 20, 3), slice(9, 20, 3), slice(10, 20, 3)
_SUMS = slice(8, 20)
"""Rows of `Parts.floats`; sums are in four slices each, see `causal_alpha.sums`."""

QUALITIES = ("ok", "partial", "no_trade", "no_data")
OK, PARTIAL, NO_TRADE, NO_DATA = range(4)


@dataclass(frozen=True, kw_only=True)
class Trades:
    """Accepted trades of one batch by the bar of the finest interval, and within one as they arrived.

    `ordered` says that this is also their order by time and id.
    `quote` has shape (4, n): bid, ask and their sizes, NaN where there are none; `sums` (12, n): the
    first slices of size, turnover and twice the bought size, then the second ones, and so on. Without any
    quote that is (8, n), the bought sizes are left out.
    """

    symbol: Ints
    ts: Ints
    id: Ints
    price: Floats
    size: Floats
    quote: Floats
    sums: Slices
    source: Ints
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.ts)

    @classmethod
    def joined(cls, parts: Sequence["Trades"]) -> "Trades":
        """All of them, one after the other."""
        if len(parts) == 1:
            return parts[0]
        every: dict[str, Any] = {
            name: np.concatenate([none, *(getattr(part, name) for part in parts)], axis=-1)
            for name, none in _NO_TRADES.items()
            if name != "sums"
        }
        sums = [_NO_TRADES["sums"], *(_with_bought(part.sums) for part in parts)]
        return cls(sums=np.concatenate(sums, axis=-1), **every)

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name, as the constructor takes them."""
        return {name: getattr(self, name) for name in _NO_TRADES}

    def ordered_at(self, ts: Ints) -> "Trades":
        """The same trades at other times, that they already stand by."""
        return replace(self, ts=ts, ordered=True)

    def take(self, rows: npt.NDArray[Any]) -> "Trades":
        """Rows that keep their order."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Trades(
            symbol=self.symbol[rows],
            ts=self.ts[rows],
            id=self.id[rows],
            price=self.price[rows],
            size=self.size[rows],
            quote=self.quote.take(rows, axis=1),  # [:, rows] would lay them out by column
            sums=self.sums.take(rows, axis=1),
            source=self.source[rows],
            ordered=self.ordered,
        )


_NO_TRADES: Mapping[str, Any] = {
    **{name: np.empty(0, dtype=np.int64) for name in ("symbol", "ts", "id", "source")},
    **{"price": np.empty(0), "size": np.empty(0), "quote": np.empty((4, 0)), "sums": np.empty((12, 0))},
}


def _with_bought(sums: Slices) -> Slices:
    """Sums (12, n) from those of trades without quotes (8, n): half of a trade is a buy, so twice that is all of it."""
    if len(sums) == 12:
        return sums
    every = sums.reshape(4, 2, -1)
    return np.concatenate([every, every[:, :1]], axis=1).reshape(12, -1)


@dataclass(frozen=True, slots=True)
class Parts:
    """What some trades say about their bars: one column a key, sorted by key (`causal_alpha.keys`).

    `ints` has shape (9, n), `floats` (20, n): a poll brings a few trades for a few bars, so what counts
    is how few numpy calls it takes to pick columns and put them back.
    """

    key: Ints
    ints: Ints
    floats: Floats

    def __len__(self) -> int:
        return len(self.key)

    @property
    def last_ts(self) -> Ints:
        """When the last trade of each bar was, ns."""
        last: Ints = self.ints[LAST_TS]
        return last

    @property
    def first_ts(self) -> Ints:
        """When the first trade of each bar was, ns."""
        first: Ints = self.ints[FIRST_TS]
        return first

    @classmethod
    def of(cls, trades: Trades, keys: Ints, begins: Ints) -> Self:
        """`keys`: the bar of each trade, sorted. `begins`: where the trades of each part begin."""
        ends = np.empty_like(begins)
        ends[:-1] = begins[1:] - 1
        ends[-1] = len(keys) - 1
        first, last = (begins, ends) if trades.ordered else _first_and_last(trades.ts, trades.id, begins, ends)
        ints = np.zeros((9, len(begins)), dtype=np.int64)
        ints[TRADES] = ends - begins + 1
        ints[FIRST_TS], ints[FIRST_ID] = trades.ts[first], trades.id[first]
        ints[LAST_TS], ints[LAST_ID] = trades.ts[last], trades.id[last]
        ints[SOURCE] = trades.source[last]
        floats = np.empty((20, len(begins)))
        floats[OPEN], floats[CLOSE] = trades.price[first], trades.price[last]
        floats[HIGH] = np.maximum.reduceat(trades.price, begins)
        floats[LOW] = np.minimum.reduceat(trades.price, begins)
        floats[BID : ASK_SIZE + 1] = trades.quote[:, last]
        floats[_SUMS] = _with_bought(group_sums(trades.sums, begins))
        return cls(keys[begins], ints, floats)

    @classmethod
    def empty(cls) -> Self:
        return cls(np.empty(0, dtype=np.int64), np.empty((9, 0), dtype=np.int64), np.empty((20, 0)))

    @classmethod
    def blank(cls, key: Ints, close: Floats, quote: Floats, source: Ints, quality: Ints) -> Self:
        """Bars without a trade: all prices are `close`, and `quote` (4, n) stands; NaN where the quality is NO_DATA."""
        ints = np.zeros((9, len(key)), dtype=np.int64)
        ints[SOURCE], ints[QUALITY] = source, quality
        floats = np.zeros((20, len(key)))
        floats[OPEN : CLOSE + 1] = np.where(quality == NO_DATA, np.nan, close)
        floats[BID : ASK_SIZE + 1] = np.where(quality == NO_DATA, np.nan, quote)
        return cls(key, ints, floats)

    def take(self, columns: npt.NDArray[Any]) -> "Parts":
        return Parts(self.key[columns], self.ints[:, columns], self.floats[:, columns])

    def copy(self) -> "Parts":
        return Parts(self.key.copy(), self.ints.copy(), self.floats.copy())

    def put(self, columns: Ints, parts: "Parts") -> None:
        """Replace columns in place."""
        self.ints[:, columns] = parts.ints
        self.floats[:, columns] = parts.floats

    @classmethod
    def side_by_side(cls, parts: Sequence["Parts"]) -> Self:
        """All of them as they stand, which may not be by key."""
        return cls(
            np.concatenate([part.key for part in parts]),
            np.concatenate([part.ints for part in parts], axis=1),
            np.concatenate([part.floats for part in parts], axis=1),
        )

    def joined(self, other: "Parts") -> "Parts":
        """The bars of both, which share none."""
        if not len(other) or not len(self):
            return self if len(self) else other
        both = Parts.side_by_side([self, other])
        return both.take(np.argsort(both.key, kind="stable"))

    def coarser(self, length: int, other: int) -> "Parts":
        """What trades of bars of `length` say about those of the `other` length, a multiple; ns.

        Only of `Parts.of`: nobody has been told of any.
        """
        keys = to_key(symbol_of(self.key), start_of(self.key, length), other)
        begins = group_starts(keys)
        ends = np.append(begins[1:], len(keys)) - 1
        ints, floats = self.ints[:, ends], self.floats[:, ends]
        if len(begins) < len(keys):
            ints[TRADES] = np.add.reduceat(self.ints[TRADES], begins)
            ints[FIRST_TS : FIRST_ID + 1] = self.ints[FIRST_TS : FIRST_ID + 1, begins]
            floats[OPEN] = self.floats[OPEN, begins]
            floats[HIGH] = np.maximum.reduceat(self.floats[HIGH], begins)
            floats[LOW] = np.minimum.reduceat(self.floats[LOW], begins)
            floats[_SUMS] = group_sums(self.floats[_SUMS], begins)
        return Parts(keys[begins], ints, floats)

    def plus(self, other: "Parts") -> "Parts":
        """Column by column, the bars of two halves; `other` arrived later."""
        ours, theirs = self.ints, other.ints
        earlier = _before(theirs[FIRST_TS], theirs[FIRST_ID], ours[FIRST_TS], ours[FIRST_ID])
        later = ~_before(theirs[LAST_TS], theirs[LAST_ID], ours[LAST_TS], ours[LAST_ID])
        ints, floats = ours + theirs, self.floats + other.floats  # right for counts and sums
        only_late = ours[TRADES] == ours[REVISION]  # as good as the worst of what came
        ints[QUALITY] = np.where(only_late, np.maximum(ours[QUALITY], theirs[QUALITY]), ours[QUALITY])
        ints[FIRST_TS : FIRST_ID + 1] = np.where(
            earlier, theirs[FIRST_TS : FIRST_ID + 1], ours[FIRST_TS : FIRST_ID + 1]
        )
        ints[LAST_TS:] = np.where(later, theirs[LAST_TS:], ours[LAST_TS:])
        floats[OPEN] = np.where(earlier, other.floats[OPEN], self.floats[OPEN])
        floats[CLOSE : ASK_SIZE + 1] = np.where(
            later, other.floats[CLOSE : ASK_SIZE + 1], self.floats[CLOSE : ASK_SIZE + 1]
        )
        np.maximum(self.floats[HIGH], other.floats[HIGH], out=floats[HIGH])
        np.minimum(self.floats[LOW], other.floats[LOW], out=floats[LOW])
        return Parts(self.key, ints, floats)

    def to_frame(
        self,
        *,
        interval: Labels,
        start: Ints,
        known_at: Ints,
        state: str,
        symbols: tuple[str, ...],
        sources: tuple[str, ...],
    ) -> Frame[Bar]:
        """The bars as records. VWAP is turnover / volume, and the close where no size was traded."""
        n, floats = len(self), self.floats
        close, volume, turnover = floats[CLOSE], totals(floats[VOLUME]), totals(floats[TURNOVER])
        return Frame(
            Bar,
            {
                "symbol": Labels(symbol_of(self.key).astype(np.int32), symbols),
                "interval": interval,
                "start": start,
                "open": floats[OPEN],
                "high": floats[HIGH],
                "low": floats[LOW],
                "close": close,
                "volume": volume,
                "vwap": np.divide(turnover, volume, out=close.copy(), where=volume > 0),
                "trades": self.ints[TRADES],
                "state": Labels.constant(state, n),
                "revision": self.ints[REVISION],
                "quality": Labels(self.ints[QUALITY].astype(np.int32), QUALITIES),
                "source": Labels(self.ints[SOURCE].astype(np.int32), sources),
                "bid": floats[BID],
                "ask": floats[ASK],
                "bid_size": floats[BID_SIZE],
                "ask_size": floats[ASK_SIZE],
                "buy_volume": np.where(np.isnan(floats[BID]), np.nan, totals(floats[BOUGHT]) / 2),
                "known_at": known_at,
            },
        )


@dataclass
class Book:
    """The bars of one interval of `length` ns: `open` ones, and `closed` ones that a late trade may revise.

    `closed_to`: every bar that ends at or before this time (ns) has been closed.
    """

    length: int
    closed_to: int = NEVER
    open: Parts = field(default_factory=Parts.empty)
    closed: Parts = field(default_factory=Parts.empty)

    def add(self, parts: Parts) -> None:
        """Trades for open bars."""
        self.open, _ = _merged(self.open, parts)

    def close(self, end: int) -> Parts:
        """Move the bars that end at or before `end` to the closed ones; returns them."""
        done = start_of(self.open.key, self.length) + self.length <= end
        if not done.any():
            return Parts.empty()
        final, self.open = self.open.take(done), self.open.take(~done)
        return final

    def revise(self, parts: Parts) -> Parts:
        """Trades for bars already closed, at most one part a bar; returns these bars as they are now."""
        self.closed, place = _merged(self.closed, parts)
        return self.closed.take(place)

    def forget(self, end: int) -> None:
        """Drop the closed bars that end at or before `end`."""
        if len(self.closed):
            kept = start_of(self.closed.key, self.length) + self.length > end
            if not kept.all():
                self.closed = self.closed.take(kept)

    def changed(self) -> Parts:
        """The open bars with trades that nobody has been told of; they count as told now."""
        news = np.flatnonzero(self.open.ints[TRADES] > self.open.ints[SHOWN])
        columns = self.open.take(news)
        self.open.ints[SHOWN, news] = columns.ints[TRADES]
        return columns


def _merged(bars: Parts, parts: Parts) -> tuple[Parts, Ints]:
    """`bars` with `parts` added (in place where all are known), and where these stand now."""
    if not len(bars):
        return parts, np.arange(len(parts))
    place = np.minimum(np.searchsorted(bars.key, parts.key), len(bars) - 1)
    known = bars.key[place] == parts.key
    if known.all():
        bars.put(place, bars.take(place).plus(parts))
        return bars, place
    here = place[known]
    bars.put(here, bars.take(here).plus(parts.take(known)))
    bars = bars.joined(parts.take(~known))
    return bars, np.searchsorted(bars.key, parts.key)


def _before(ts: Ints, id: Ints, other_ts: Ints, other_id: Ints) -> Mask:  # noqa: A002
    before: Mask = (ts < other_ts) | ((ts == other_ts) & (id < other_id))
    return before


def _first_and_last(ts: Ints, id: Ints, begins: Ints, ends: Ints) -> tuple[Ints, Ints]:  # noqa: A002
    """The rows with the least and the greatest (time, id) of each group; of equal ones the first and the last."""
    size = ends - begins + 1
    early, late = np.minimum.reduceat(ts, begins), np.maximum.reduceat(ts, begins)
    is_early, is_late = ts == np.repeat(early, size), ts == np.repeat(late, size)
    low = np.minimum.reduceat(np.where(is_early, id, _HIGHEST), begins)
    high = np.maximum.reduceat(np.where(is_late, id, NO_ID), begins)
    firsts = np.flatnonzero(is_early & (id == np.repeat(low, size)))
    lasts = np.flatnonzero(is_late & (id == np.repeat(high, size)))
    return firsts[np.searchsorted(firsts, begins)], lasts[np.searchsorted(lasts, ends, side="right") - 1]
