"""Features of the models that forecast variance: ranges on several scales, the gap overnight, volume, the market.

All are ratios within a window or logs of them, so restating old prices by a factor changes nothing. Variances are
of Garman and Klass, in logs, floored.

>>> VOLATILITY.names[:4], VOLATILITY.lookback
(('return_1', 'log_range_1', 'log_range_ewma', 'log_range_5'), 128)
"""

from collections.abc import Callable

import numpy as np

from causal_alpha.features import Feature, FeatureSet, MarketFeature, Window, gap, log_return, market_mean
from causal_alpha.frames import Floats
from causal_alpha.scoring import SMALLEST

DECAY = 0.94
MEMORY = 128
"""Bars in an exponentially weighted mean: what is left out weighs 0.94^127, less than 0.05 %."""


def garman_klass(opened: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """Variance of each bar by its range: ½ ln(high / low)² − (2 ln 2 − 1) ln(close / open)².

    Garman and Klass, Journal of Business 53(1), 1980.
    """
    ranges, bodies = np.log(high / low), np.log(close / opened)
    variance: Floats = 0.5 * ranges * ranges - (2 * np.log(2) - 1) * bodies * bodies
    return variance


def range_variance(window: Window) -> Floats:
    """Garman-Klass variance of each bar of a window, (n, W)."""
    variance: Floats = 0.5 * window.ranges * window.ranges - (2 * np.log(2) - 1) * window.bodies * window.bodies
    return variance


def log_mean_range(window: Window) -> Floats:
    """Log of the window's mean Garman-Klass variance."""
    result: Floats = np.log(np.maximum(range_variance(window).mean(axis=1), SMALLEST))
    return result


def range_unrest(window: Window) -> Floats:
    """Standard deviation of the logs of the window's Garman-Klass variances."""
    result: Floats = np.log(np.maximum(range_variance(window), SMALLEST)).std(axis=1)
    return result


def _weights(n: int) -> Floats:
    weights = DECAY ** np.arange(n)[::-1]
    return np.asarray(weights / weights.sum())


def log_ewma_range(window: Window) -> Floats:
    """Log of the exponentially weighted mean of Garman-Klass variances."""
    variance = range_variance(window)
    result: Floats = np.log(np.maximum((variance * _weights(variance.shape[1])).sum(axis=1), SMALLEST))
    return result


def log_ewma_square(window: Window) -> Floats:
    """Log of the exponentially weighted mean of squared log returns: RiskMetrics, 1996, section 5.2."""
    returns = window.returns
    result: Floats = np.log(np.maximum((returns * returns * _weights(returns.shape[1])).sum(axis=1), SMALLEST))
    return result


def log_volume(window: Window) -> Floats:
    """Log of the bar's volume over the mean of the bars before it; 0 when either traded nothing."""
    before, last = window.volume[:, :-1].mean(axis=1), window.volume[:, -1]
    ratio = np.where((before > 0) & (last > 0), last / np.where(before > 0, before, 1), 1.0)
    result: Floats = np.log(ratio)
    return result


def season(first: int, last: int) -> Callable[[Window], Floats]:
    """Greatest surprise between `first` and `last` bars before the next one, in logs of its range.

    Companies report about every 63 sessions, and ranges are wide on that day. The surprise of a bar is its log
    Garman-Klass variance, with the gap overnight added, less the log of the window's mean.
    """

    def function(window: Window) -> Floats:
        variance = range_variance(window)[:, 1:]
        gaps = np.log(window.open[:, 1:] / window.close[:, :-1])
        total = variance + gaps * gaps
        around = total[:, total.shape[1] - last : total.shape[1] - first + 1].max(axis=1)
        result: Floats = np.log(np.maximum(around, SMALLEST)) - np.log(np.maximum(total.mean(axis=1), SMALLEST))
        return result

    return function


VOLATILITY = FeatureSet(
    features=(
        Feature("return_1", log_return(1), lookback=2),
        Feature("log_range_1", log_mean_range, lookback=1, version=2),
        Feature("log_range_ewma", log_ewma_range, lookback=MEMORY, version=2),
        Feature("log_range_5", log_mean_range, lookback=5, version=2),
        Feature("log_range_22", log_mean_range, lookback=22, version=2),
        Feature("log_range_66", log_mean_range, lookback=66, version=2),
        Feature("log_square_ewma", log_ewma_square, lookback=MEMORY, version=2),
        Feature("gap", gap, lookback=2),
        Feature("log_volume", log_volume, lookback=21),
        Feature("return_5", log_return(5), lookback=6),
        Feature("return_22", log_return(22), lookback=23),
        Feature("range_unrest_22", range_unrest, lookback=22, version=2),
        Feature("season_63", season(62, 64), lookback=71, version=2),
    ),
    market=(
        MarketFeature("market_return", "return_1", market_mean),
        MarketFeature("market_return_5", "return_5", market_mean),
        MarketFeature("market_return_22", "return_22", market_mean),
        MarketFeature("market_range_1", "log_range_1", market_mean),
        MarketFeature("market_range_5", "log_range_5", market_mean),
        MarketFeature("market_range_22", "log_range_22", market_mean),
        MarketFeature("market_range_ewma", "log_range_ewma", market_mean),
    ),
)
