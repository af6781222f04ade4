"""Bars by activity: one every so many trades, so much volume, so much money.

Lopez de Prado, Advances in Financial Machine Learning, 2018, section 2.3. Trades count in the order of
stream time, once the watermark has passed them; one that came late counts when it came. The trade that
reaches the threshold closes the bar, and the next bar begins with the next trade at zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Self

import numpy as np

from causal_alpha.book import OK, PARTIAL, QUALITY, Parts, Trades
from causal_alpha.frames import Floats, Ints
from causal_alpha.intervals import Activity
from causal_alpha.keys import group_starts, symbol_of

_BITS = 34
_AHEAD = 4096
"""Trades that are looked at for the end of a bar."""


def _ints() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass
class ActivityBook:
    """The open bars of one activity interval, one a symbol, and the trades that the watermark has not passed.

    Per symbol, by its code: `amount` so far in the open bar, its `number`, the `start` of the last bar begun.
    """

    rule: Activity
    open: Parts = field(default_factory=Parts.empty)
    pending: list[tuple[Trades, Ints]] = field(default_factory=list)
    amount: Floats = field(default_factory=lambda: np.empty(0))
    number: Ints = field(default_factory=_ints)
    start: Ints = field(default_factory=_ints)

    def add(self, trades: Trades, passed: Ints) -> None:
        """Accepted trades, and where the watermark stood when each came."""
        if len(trades.ts):
            self.pending.append((trades, np.maximum(trades.ts, passed)))

    def close(self, end: int) -> tuple[Parts, Ints]:
        """Count the trades before `end` (ns). Returns the bars that are full, by symbol and time, and their starts."""
        trades, at = self._due(end)
        if not len(at):
            return Parts.empty(), _ints()
        order = np.lexsort((trades.id, trades.ts, at, trades.symbol))
        trades, at = trades.take(order), at[order]
        numbers = self._number(trades)
        keys = (trades.symbol << _BITS) | numbers
        first = group_starts(keys)
        parts = Parts.of(trades.ordered_at(at), keys, first)  # so open is the first and close the last one that counted
        parts.ints[QUALITY] = np.where(numbers[first] == 0, PARTIAL, OK)
        self._merge(parts)
        full = (self.open.key & ((1 << _BITS) - 1)) < self.number[symbol_of(self.open.key)]
        done, self.open = self.open.take(full), self.open.take(~full)
        return done, self._starts(done)

    def _due(self, end: int) -> tuple[Trades, Ints]:
        if not self.pending:
            return Trades.joined([]), _ints()
        trades = Trades.joined([trades for trades, _ in self.pending])
        at = np.concatenate([at for _, at in self.pending])
        now = at < end
        left = trades.take(~now)
        self.pending = [(left, at[~now])] if len(left.ts) else []
        return trades.take(now), at[now]

    def _number(self, trades: Trades) -> Ints:
        """The bar of each trade. Amounts are added one by one, so it doesn't matter how the log is cut."""
        self._grow(int(trades.symbol[-1]) + 1)
        worth = self._worth(trades)
        numbers = np.empty(len(worth), dtype=np.int64)
        for first, end in pairwise([*group_starts(trades.symbol).tolist(), len(worth)]):
            symbol = int(trades.symbol[first])
            filled, full, amount = _fill(worth[first:end], float(self.amount[symbol]), self.rule.threshold)
            numbers[first:end] = self.number[symbol] + filled
            self.number[symbol] += full
            self.amount[symbol] = amount
        return numbers

    def _worth(self, trades: Trades) -> Floats:
        if self.rule.unit == "tick":
            return np.ones(len(trades.ts))
        return trades.size if self.rule.unit == "volume" else trades.price * trades.size

    def _merge(self, parts: Parts) -> None:
        place = np.minimum(np.searchsorted(self.open.key, parts.key), max(len(self.open) - 1, 0))
        known = self.open.key[place] == parts.key if len(self.open) else np.zeros(len(parts), dtype=np.bool_)
        self.open.put(place[known], self.open.take(place[known]).plus(parts.take(known)))
        self.open = self.open.joined(parts.take(~known))

    def _starts(self, bars: Parts) -> Ints:
        """When each bar's first trade counted, made distinct for bars of one symbol that begin at once."""
        starts: Ints = bars.first_ts.copy()
        for place, symbol in enumerate(symbol_of(bars.key).tolist()):
            starts[place] = self.start[symbol] = max(int(starts[place]), int(self.start[symbol]) + 1)
        return starts

    def _grow(self, n: int) -> None:
        more = n - len(self.number)
        if more > 0:
            self.amount = np.append(self.amount, np.zeros(more))
            self.number = np.append(self.number, np.zeros(more, dtype=np.int64))
            self.start = np.append(self.start, np.full(more, -1))

    def dump(self) -> dict[str, Any]:
        trades, at = Trades.joined([trades for trades, _ in self.pending]), [at for _, at in self.pending]
        return {
            "open": [self.open.key, self.open.ints, self.open.floats],
            "pending": [trades.columns(), np.concatenate(at) if at else _ints()],
            "symbols": [self.amount, self.number, self.start],
        }

    @classmethod
    def load(cls, rule: Activity, tree: Mapping[str, Any]) -> Self:
        columns, at = tree["pending"]
        pending = [(Trades(**columns), at)] if len(at) else []
        return cls(rule, Parts(*tree["open"]), pending, *tree["symbols"])


def _fill(worth: Floats, amount: float, threshold: float) -> tuple[Ints, int, float]:
    """For each trade how many bars were full before it; how many are in the end, and the amount in the open one.

    >>> _fill(np.array([1.0, 1.0, 5.0, 1.0]), 1.0, 3.0)
    (array([0, 0, 1, 2]), 2, 1.0)
    """
    numbers = np.empty(len(worth), dtype=np.int64)
    number = first = 0
    while first < len(worth):
        total = np.cumsum(np.append(amount, worth[first : first + _AHEAD]))[1:]
        size = int(np.searchsorted(total, threshold))
        full = size < len(total)  # the trade at `size` closes the bar
        numbers[first : first + size + full] = number
        first += size + full
        number += full
        amount = 0.0 if full else float(total[-1])
    return numbers, number, amount
