"""What a model is fitted on: feature vectors of final bars and the truth that came after them, point in time.

Rows are sorted by symbol, then time; `place` counts a symbol's bars. A dataset that ends at a time holds no row from
then on and no truth that was not yet known, revisions among it: `until` is the only cut there is, so a fit can't see
what comes after.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from causal_alpha.actions import from_meta
from causal_alpha.errors import ModelError
from causal_alpha.features import FeatureSet
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.history import history
from causal_alpha.intervals import DAY, NEVER, SECOND, interval_ns
from causal_alpha.keys import group_starts
from causal_alpha.models.inputs import VOLATILITY, garman_klass
from causal_alpha.records import Bar

Mask = npt.NDArray[np.bool_]
PRICES = ("open", "high", "low", "close")
PAUSE = 1800 * SECOND
"""A longer time without a bar, of those shorter than a day, is one in which the market was closed."""


@dataclass(frozen=True)
class Revisions:
    """The variances (k,) of bars that were revised: from `known` (ns) on that of `symbol` at `start` was `variance`.

    A bar's first version is among them, known from the beginning. In the order in which they became known.
    """

    symbol: Ints
    start: Ints
    known: Ints
    variance: Floats

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def bars(self) -> frozenset[tuple[int, int]]:
        """The symbol and start of each bar that they are of."""
        return frozenset(zip(self.symbol.tolist(), self.start.tolist(), strict=True))

    def until(self, end: int) -> "Revisions":
        kept = (self.known <= end) & (self.start < end)
        return Revisions(self.symbol[kept], self.start[kept], self.known[kept], self.variance[kept])


_NOTHING = np.empty(0, dtype=np.int64)
NO_REVISIONS = Revisions(_NOTHING, _NOTHING, _NOTHING, np.empty(0))


@dataclass(frozen=True)
class Dataset:
    """Vectors (rows, len(names)) with what happened in each row's bar.

    `returns` are the log returns of the bars, `variance` their Garman-Klass variances; NaN where unknown, the variance
    of a partial bar too, of which trades may be missing.
    `symbol` are codes into `symbols`, `start` ns. Of bars shorter than a day, what comes after a pause of the market is
    not known before it: nobody is asked in the evening about the first minute of tomorrow.
    """

    names: tuple[str, ...]
    feature_set: str
    symbols: tuple[str, ...]
    symbol: Ints
    start: Ints
    values: Floats
    returns: Floats
    variance: Floats
    revisions: Revisions = NO_REVISIONS
    interval: str = "1d"

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def from_bars(cls, bars: Frame[Bar], feature_set: FeatureSet = VOLATILITY) -> "Dataset":
        """The dataset of the final bars of one interval, in any order, one a symbol and start, and revisions of them.

        Vectors see a revision, and the splits and dividends that the frame's `meta` tells of, from when they are known
        on; truth is what was known last.
        """
        if not len(bars):
            raise ModelError("bars: expected at least one, was none")
        (interval,) = _intervals(bars)
        features = history(feature_set, bars, feature_set.lookback, from_meta(bars.meta))
        labels = features.labels("symbol")
        names = sorted(set(labels.tolist()))
        symbol, start = _codes(labels, names), features.ints("start")
        order = np.lexsort((start, symbol))
        symbol, start = symbol[order], start[order]
        again = np.flatnonzero((np.diff(symbol) == 0) & (np.diff(start) == 0))
        if len(again):
            row = int(again[0])
            raise ModelError(f"bars: expected one a symbol and start, was two of {names[symbol[row]]} at {start[row]}")
        values = features.floats("values")[order]
        variance, revisions = _truth(bars, names)
        keys = zip(symbol.tolist(), start.tolist(), strict=True)
        return cls(
            names=feature_set.names,
            feature_set=feature_set.hash,
            symbols=tuple(names),
            symbol=symbol,
            start=start,
            values=values,
            returns=values[:, feature_set.names.index("return_1")],
            variance=np.asarray([variance[key] for key in keys]),
            revisions=revisions,
            interval=interval,
        )

    # -- rows ------------------------------------------------------------------------------------

    @cached_property
    def place(self) -> Ints:
        """How many bars of its symbol come before each row."""
        first = group_starts(self.symbol)
        return np.arange(len(self)) - np.repeat(first, np.diff(np.append(first, len(self))))

    @cached_property
    def sessions(self) -> Ints:
        """The distinct starts, rising."""
        return np.unique(self.start)

    def take(self, rows: npt.NDArray[np.int64] | Mask) -> "Dataset":
        """Rows by mask or position, in their order. The truth after a row is sought among the rows that stay."""
        return Dataset(
            self.names,
            self.feature_set,
            self.symbols,
            self.symbol[rows],
            self.start[rows],
            self.values[rows],
            self.returns[rows],
            self.variance[rows],
            self.revisions,
            self.interval,
        )

    def until(self, end: int) -> "Dataset":
        """What was known when the bar before `end` (ns) closed: rows that start before `end`, as they were then."""
        past, known = self.take(self.start < end), self.revisions.until(end)
        if not len(known):
            return past
        keys = zip(past.symbol.tolist(), past.start.tolist(), strict=True)
        places = {key: row for row, key in enumerate(keys) if key in known.bars}
        variance = past.variance.copy()
        words = zip(known.symbol.tolist(), known.start.tolist(), known.variance.tolist(), strict=True)
        for symbol, start, value in words:  # the newest comes last
            if (row := places.get((symbol, start), -1)) >= 0:
                variance[row] = value
        return replace(past, variance=variance, revisions=known)

    def column(self, name: str) -> Floats:
        """One feature's values. Raises ModelError when it isn't there."""
        if name not in self.names:
            raise ModelError(f"features: expected {name}, was {', '.join(self.names)}")
        column: Floats = self.values[:, self.names.index(name)]
        return column

    def ahead(self, horizon: int) -> Ints:
        """The row `horizon` bars later of the same symbol, -1 where there is none yet."""
        rows = np.arange(len(self)) + horizon
        inside = rows < len(self)
        rows = np.where(inside, rows, 0)
        inside &= self.symbol[rows] == self.symbol
        length = interval_ns(self.interval)
        if length < DAY:
            inside &= self.start[rows] - self.start <= horizon * length + PAUSE
        return np.where(inside, rows, -1)

    def future(self, horizon: int) -> tuple[Floats, Floats]:
        """Log return over the next `horizon` bars and their mean variance; NaN where not all are known."""
        last = self.ahead(horizon)
        returns, variance = np.zeros(len(self)), np.zeros(len(self))
        for step in range(1, horizon + 1):
            rows = np.where(last >= 0, np.arange(len(self)) + step, 0)
            returns += self.returns[rows]
            variance += self.variance[rows]
        unknown = last < 0
        returns[unknown] = variance[unknown] = np.nan
        return returns, variance / horizon

    def lags(self, rows: npt.NDArray[np.int64], names: Sequence[str], length: int) -> Floats:
        """The last `length` vectors of each row, (rows, length, len(names)), oldest first.

        NaN before a symbol's first bar.
        """
        columns = np.stack([self.column(name) for name in names], axis=1)
        back = np.arange(length)[::-1]
        source = rows[:, None] - back
        window: Floats = columns[np.maximum(source, 0)]
        window[self.place[rows][:, None] < back] = np.nan
        return window

    def run(self, first: int, end: int, length: int) -> Floats:
        """The last `length` vectors, all of them, of the rows from `first` to `end`: a view that can't be written to.

        The rows and what comes before them are one symbol's; nothing checks it.
        """
        windows = sliding_window_view(self.values[first - length + 1 : end], length, axis=0)
        return np.moveaxis(windows, 1, 2)

    # -- identity --------------------------------------------------------------------------------

    @cached_property
    def hash(self) -> str:
        """SHA-256 over symbols, times, features and truth, first 16 digits: equal data, equal hash."""
        digest = hashlib.sha256("\n".join((*self.symbols, self.feature_set, *self.names)).encode())
        for column in (self.symbol, self.start, self.values, self.returns, self.variance):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()[:16]


def _intervals(bars: Frame[Bar]) -> tuple[str]:
    """The interval of bars. Raises ModelError where there are several."""
    labels = bars.labels("interval")
    names = sorted({labels.names[code] for code in np.unique(labels.codes).tolist()})
    if len(names) != 1:
        raise ModelError(f"bars: expected those of one interval, was {', '.join(names)}")
    return (names[0],)


def _codes(labels: Labels, names: Sequence[str]) -> Ints:
    """Each row's place in `names`, -1 for others."""
    places = {name: place for place, name in enumerate(names)}
    return np.asarray([places.get(name, -1) for name in labels.names], dtype=np.int64)[labels.codes]


def _truth(bars: Frame[Bar], names: Sequence[str]) -> tuple[dict[tuple[int, int], float], Revisions]:
    """The variance of each symbol and start as it was known last, and those of all versions of revised bars."""
    symbol, start = _codes(bars.labels("symbol"), names), bars.ints("start")
    with np.errstate(divide="ignore", invalid="ignore"):  # a price that is none makes a variance that is none
        variance = garman_klass(*(bars.floats(name) for name in PRICES))
    variance[bars.labels("quality").equals("partial")] = np.nan  # trades are missing, and the range with them
    order = np.lexsort((bars.ints("revision"), bars.ints("known_at"), start, symbol))
    order = order[symbol[order] >= 0]
    symbol, start, variance = symbol[order], start[order], variance[order]
    same = (np.diff(symbol) == 0) & (np.diff(start) == 0)
    known = np.where(np.append(False, same), bars.ints("known_at")[order], NEVER)
    several = np.flatnonzero(np.append(False, same) | np.append(same, False))
    several = several[np.argsort(known[several], kind="stable")]
    last = dict(zip(zip(symbol.tolist(), start.tolist(), strict=True), variance.tolist(), strict=True))
    return last, Revisions(symbol[several], start[several], known[several], variance[several])
