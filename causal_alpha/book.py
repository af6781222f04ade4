"""The open bars of one interval as columns, and how parts of a bar add up to the bar.

Adding is exact and knows no order: high and low are extremes, open and close are the prices at the
least and greatest (time, id), sums are those of `causal_alpha.sums`.
"""

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.keys import group_starts, start_of, symbol_of
from causal_alpha.records import Bar
from causal_alpha.sums import Slices, group_sums, totals

Mask = npt.NDArray[np.bool_]


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


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What some trades say about their bars: one row a key, sorted by key (`causal_alpha.keys`).

    `shown` counts the trades that somebody has been told of, `source` is a place in a table of names.
    """

    key: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Slices
    turnover: Slices
    trades: Ints
    shown: Ints
    first_ts: Ints
    first_id: Ints
    last_ts: Ints
    last_id: Ints
    source: Ints

    def __len__(self) -> int:
        return len(self.key)

    @classmethod
    def of(cls, trades: Trades, keys: Ints) -> "Parts":
        """`keys`: the bar that each trade belongs to, sorted."""
        first = group_starts(keys)
        last = np.append(first[1:], len(keys)) - 1
        return cls(
            key=keys[first],
            open=trades.price[first],
            high=np.maximum.reduceat(trades.price, first),
            low=np.minimum.reduceat(trades.price, first),
            close=trades.price[last],
            volume=group_sums(trades.sizes, first),
            turnover=group_sums(trades.turnover, first),
            trades=last - first + 1,
            shown=np.zeros(len(first), dtype=np.int64),
            first_ts=trades.ts[first],
            first_id=trades.id[first],
            last_ts=trades.ts[last],
            last_id=trades.id[last],
            source=trades.source[last],
        )

    @classmethod
    def empty(cls) -> "Parts":
        ints = np.empty(0, dtype=np.int64)
        columns: dict[str, Any] = dict.fromkeys(_COLUMNS, ints)
        columns |= {name: np.empty(0) for name in ("open", "high", "low", "close")}
        return cls(**columns | {name: np.empty((4, 0)) for name in ("volume", "turnover")})

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        return {name: getattr(self, name) for name in _COLUMNS}

    def take(self, rows: npt.NDArray[Any]) -> "Parts":
        return Parts(**{name: column[..., rows] for name, column in self.columns().items()})

    def plus(self, other: "Parts") -> "Parts":
        """Row by row, the bars of two halves; `other` arrived later."""
        earlier = _before(other.first_ts, other.first_id, self.first_ts, self.first_id)
        later = ~_before(other.last_ts, other.last_id, self.last_ts, self.last_id)
        return Parts(
            key=self.key,
            open=np.where(earlier, other.open, self.open),
            high=np.maximum(self.high, other.high),
            low=np.minimum(self.low, other.low),
            close=np.where(later, other.close, self.close),
            volume=self.volume + other.volume,
            turnover=self.turnover + other.turnover,
            trades=self.trades + other.trades,
            shown=self.shown + other.shown,
            first_ts=np.where(earlier, other.first_ts, self.first_ts),
            first_id=np.where(earlier, other.first_id, self.first_id),
            last_ts=np.where(later, other.last_ts, self.last_ts),
            last_id=np.where(later, other.last_id, self.last_id),
            source=np.where(later, other.source, self.source),
        )

    def to_frame(
        self, *, interval: str, length: int, state: str, symbols: tuple[str, ...], sources: tuple[str, ...]
    ) -> Frame[Bar]:
        """The bars as records. VWAP is turnover / volume, and the close where no size was traded."""
        n = len(self)
        volume, turnover = totals(self.volume), totals(self.turnover)
        vwap = np.divide(turnover, volume, out=self.close.copy(), where=volume > 0)
        return Frame(
            Bar,
            {
                "symbol": Labels(symbol_of(self.key).astype(np.int32), symbols),
                "interval": Labels.constant(interval, n),
                "start": start_of(self.key, length),
                "open": self.open,
                "high": self.high,
                "low": self.low,
                "close": self.close,
                "volume": volume,
                "vwap": vwap,
                "trades": self.trades,
                "state": Labels.constant(state, n),
                "revision": np.zeros(n, dtype=np.int64),
                "quality": Labels.constant("ok", n),
                "source": Labels(self.source.astype(np.int32), sources),
            },
        )


_COLUMNS = tuple(column.name for column in fields(Parts))


@dataclass
class Book:
    """The open bars of one interval; `length` in ns."""

    length: int
    open: Parts = field(default_factory=Parts.empty)

    def add(self, parts: Parts) -> None:
        place = np.searchsorted(self.open.key, parts.key)
        inside = np.minimum(place, max(len(self.open) - 1, 0))
        known = self.open.key[inside] == parts.key if len(self.open) else np.zeros(len(parts), dtype=np.bool_)
        if known.any():
            both = self.open.take(place[known]).plus(parts.take(known))
            for name, column in both.columns().items():
                getattr(self.open, name)[..., place[known]] = column
        if not known.all():
            new, where = parts.take(~known).columns(), place[~known]
            self.open = Parts(
                **{name: np.insert(column, where, new[name], axis=-1) for name, column in self.open.columns().items()}
            )

    def close(self, watermark: int) -> Parts:
        """Take out the bars that end at or before `watermark`."""
        done = start_of(self.open.key, self.length) + self.length <= watermark
        if not done.any():
            return Parts.empty()
        final, self.open = self.open.take(done), self.open.take(~done)
        return final

    def changed(self) -> Parts:
        """The bars with trades that nobody has been told of; they count as told now."""
        news = self.open.trades > self.open.shown
        if not news.any():
            return Parts.empty()
        rows = self.open.take(news)
        self.open.shown[news] = rows.trades
        return rows


def _before(ts: Ints, id: Ints, other_ts: Ints, other_id: Ints) -> Mask:  # noqa: A002
    before: Mask = (ts < other_ts) | ((ts == other_ts) & (id < other_id))
    return before
