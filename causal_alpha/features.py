"""Features: pure functions of the last W final bars, the same for one live bar and for all of history.

A feature is a function from a `Window` of shape (n, W) to n numbers; it must use only the last
`lookback` bars and may not look across rows. A market feature sees the numbers of all symbols at one
time. Windows are C-contiguous in both uses, so numpy adds in the same order and results are equal to
the last bit (`causal_alpha.windows`).

>>> DEFAULT.names[:3], DEFAULT.lookback
(('return_1', 'return_5', 'return_20'), 31)
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from causal_alpha.frames import Floats, Ints

FIELDS = ("open", "high", "low", "close", "volume", "vwap", "trades")
"""The columns of a window, in order."""


@dataclass(frozen=True)
class Window:
    """The last W final bars of n symbols, oldest first; NaN before a symbol's first bar.

    `bars` has shape (len(FIELDS), n, W). Columns are read as `window.close`.
    """

    bars: Floats

    def __len__(self) -> int:
        return int(self.bars.shape[1])

    @property
    def open(self) -> Floats:
        return self._column(0)

    @property
    def high(self) -> Floats:
        return self._column(1)

    @property
    def low(self) -> Floats:
        return self._column(2)

    @property
    def close(self) -> Floats:
        return self._column(3)

    @property
    def volume(self) -> Floats:
        return self._column(4)

    @property
    def vwap(self) -> Floats:
        return self._column(5)

    def _column(self, place: int) -> Floats:
        column: Floats = self.bars[place]
        return column

    def last(self, n: int) -> "Window":
        """The last n bars, contiguous."""
        return Window(np.ascontiguousarray(self.bars[:, :, -n:]))


@dataclass(frozen=True)
class Feature:
    """A named function of a window. `version` counts up when the function changes its meaning."""

    name: str
    function: Callable[[Window], Floats]
    lookback: int
    version: int = 1


@dataclass(frozen=True)
class MarketFeature:
    """A function of one feature's values over the universe at one time, symbols in sorted order."""

    name: str
    of: str
    function: Callable[[Floats], Floats]
    version: int = 1


@dataclass(frozen=True)
class FeatureSet:
    """Features in the order of a vector's values. A model remembers `hash` and refuses another."""

    features: tuple[Feature, ...]
    market: tuple[MarketFeature, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.features) + tuple(f.name for f in self.market)

    @cached_property
    def lookback(self) -> int:
        """Bars that the longest feature sees; vectors are complete from then on."""
        return max(feature.lookback for feature in self.features)

    @cached_property
    def hash(self) -> str:
        parts = [f"{f.name}:{f.lookback}:{f.version}" for f in self.features]
        parts += [f"{f.name}:{f.of}:{f.version}" for f in self.market]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def compute(self, window: Window, times: Ints) -> Floats:
        """Values of shape (n, len(names)); NaN where a symbol has fewer bars than a feature needs.

        `times` tells which rows belong together; rows must be sorted by time, then symbol.
        """
        n = len(window)
        values = np.empty((n, len(self.names)))
        held = np.isfinite(window.close)
        for place, feature in enumerate(self.features):
            full = held[:, -feature.lookback :].all(axis=1)
            part = window.last(feature.lookback)
            with np.errstate(divide="ignore", invalid="ignore"):
                values[:, place] = np.where(full, feature.function(part), np.nan)
        edges = np.flatnonzero(np.diff(times, prepend=times[:1] - 1, append=times[-1:] + 1))
        for place, whole in enumerate(self.market, start=len(self.features)):
            source: Floats = np.ascontiguousarray(values[:, self.names.index(whole.of)])
            for first, end in pairwise(edges.tolist()):
                values[first:end, place] = whole.function(source[first:end])
        return values


def log_return(bars: int) -> Callable[[Window], Floats]:
    """Log return of the close over the last `bars` bars."""

    def function(window: Window) -> Floats:
        returns: Floats = np.log(window.close[:, -1] / window.close[:, -1 - bars])
        return returns

    return function


EWMA_DECAY = 0.94


def ewma_variance(window: Window) -> Floats:
    """Exponentially weighted mean of squared log returns, zero mean, decay 0.94, weights summing to 1.

    J.P. Morgan/Reuters, RiskMetrics Technical Document, 4th ed., 1996, section 5.2.
    """
    returns = np.log(window.close[:, 1:] / window.close[:, :-1])
    weights = EWMA_DECAY ** np.arange(returns.shape[1])[::-1]
    result: Floats = (returns * returns * (weights / weights.sum())).sum(axis=1)
    return result


def parkinson_variance(window: Window) -> Floats:
    """Mean of ln(high / low)² / (4 ln 2). Parkinson, Journal of Business 53(1), 1980."""
    ranges = np.log(window.high / window.low)
    result: Floats = (ranges * ranges).mean(axis=1) / (4 * np.log(2))
    return result


def garman_klass_variance(window: Window) -> Floats:
    """Mean of ½ ln(high / low)² − (2 ln 2 − 1) ln(close / open)².

    Garman and Klass, Journal of Business 53(1), 1980.
    """
    ranges, bodies = np.log(window.high / window.low), np.log(window.close / window.open)
    result: Floats = (0.5 * ranges * ranges - (2 * np.log(2) - 1) * bodies * bodies).mean(axis=1)
    return result


def rsi(window: Window) -> Floats:
    """Relative strength index, 0 to 100, with plain means of gains and losses (Cutler's form); 50 when flat.

    Wilder, New Concepts in Technical Trading Systems, 1978.
    """
    steps = np.diff(window.close, axis=1)
    gain, loss = np.maximum(steps, 0).mean(axis=1), np.maximum(-steps, 0).mean(axis=1)
    total = gain + loss
    return np.where(total > 0, 100 * gain / total, 50.0)


def vwap_distance(window: Window) -> Floats:
    """Log distance of the bar's close from its volume-weighted average price."""
    distance: Floats = np.log(window.close[:, -1] / window.vwap[:, -1])
    return distance


def volume_surprise(window: Window) -> Floats:
    """The bar's volume over the mean of the bars before it, minus 1; 0 when those traded nothing."""
    before = window.volume[:, :-1].mean(axis=1)
    return np.where(before > 0, window.volume[:, -1] / before - 1, 0.0)


def close_zscore(window: Window) -> Floats:
    """The close in standard deviations from the window's mean close; 0 when all are equal."""
    spread = window.close.std(axis=1)
    return np.where(spread > 0, (window.close[:, -1] - window.close.mean(axis=1)) / spread, 0.0)


def range_position(window: Window) -> Floats:
    """Where the close stands between the window's low (0) and high (1); ½ when they are equal.

    The %K of Lane's stochastic oscillator.
    """
    low, high = window.low.min(axis=1), window.high.max(axis=1)
    return np.where(high > low, (window.close[:, -1] - low) / (high - low), 0.5)


def market_mean(values: Floats) -> Floats:
    """The mean over the symbols that have a value."""
    known = values[np.isfinite(values)]
    return np.full(len(values), known.mean() if len(known) else np.nan)


DEFAULT = FeatureSet(
    features=(
        Feature("return_1", log_return(1), lookback=2),
        Feature("return_5", log_return(5), lookback=6),
        Feature("return_20", log_return(20), lookback=21),
        Feature("ewma_variance", ewma_variance, lookback=31),
        Feature("parkinson_variance", parkinson_variance, lookback=20),
        Feature("garman_klass_variance", garman_klass_variance, lookback=20),
        Feature("rsi_14", rsi, lookback=15),
        Feature("vwap_distance", vwap_distance, lookback=1),
        Feature("volume_surprise", volume_surprise, lookback=21),
        Feature("close_zscore", close_zscore, lookback=20),
        Feature("range_position", range_position, lookback=14),
    ),
    market=(MarketFeature("market_return", "return_1", market_mean),),
)
