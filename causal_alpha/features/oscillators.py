"""Where the close stands in its recent past: free of scale, so that symbols of any price compare."""

from functools import lru_cache

import numpy as np

from causal_alpha.features.window import Window
from causal_alpha.frames import Floats


def rsi(window: Window) -> Floats:
    """Relative strength index, 0 to 100, with plain means of gains and losses (Cutler's form); 50 when flat.

    Wilder, New Concepts in Technical Trading Systems, 1978.
    """
    steps = window.close[:, 1:] - window.close[:, :-1]
    gain, loss = np.maximum(steps, 0).sum(axis=1), np.maximum(-steps, 0).sum(axis=1)
    total = gain + loss
    return np.where(total == 0, 50.0, 100 * gain / total)


def macd(window: Window) -> Floats:
    """12-bar less 26-bar exponential average of the closes, as a fraction of the last close.

    Averages over the window, weights summing to 1. Appel, Technical Analysis: Power Tools for Active Investors, 2005.
    """
    return _weighted_close(window, _macd_weights(window.width)[-1])


def macd_histogram(window: Window) -> Floats:
    """`macd` less its 9-bar exponential average over the window: whether the trend gains or loses speed."""
    return _weighted_close(window, _histogram_weights(window.width))


def _weighted_close(window: Window, weights: Floats) -> Floats:
    """Weights that sum to 0 don't see a constant: without the last close, a flat window gives 0 exactly."""
    last = window.close[:, -1:]
    result: Floats = ((window.close - last) * weights).sum(axis=1) / last[:, 0]
    return result


@lru_cache(maxsize=8)
def _macd_weights(n: int) -> Floats:
    """Row t: what each of n closes weighs in the MACD of the closes up to t."""
    return _averages(12, n) - _averages(26, n)


@lru_cache(maxsize=8)
def _histogram_weights(n: int) -> Floats:
    lines = _macd_weights(n)
    return np.asarray(lines[-1] - (_averages(9, n)[-1][:, None] * lines).sum(axis=0))


def _averages(span: int, n: int) -> Floats:
    """Row t: the weights of values 0 … t in their exponential average, α = 2 / (span + 1)."""
    age = np.arange(n)[:, None] - np.arange(n)
    weights = np.where(age >= 0, (1 - 2 / (span + 1)) ** np.maximum(age, 0), 0.0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def close_zscore(window: Window) -> Floats:
    """The close in standard deviations from the window's mean close; 0 when all are equal.

    Bollinger, Bollinger on Bollinger Bands, 2001.
    """
    distance = window.close - window.close[:, -1:]  # exactly 0 where flat
    spread = distance.std(axis=1)
    return np.where(spread == 0, 0.0, -distance.mean(axis=1) / spread)


def range_position(window: Window) -> Floats:
    """Where the close stands between the window's low (0) and high (1); ½ when they are equal.

    The %K of Lane, Lane's Stochastics, Technical Analysis of Stocks & Commodities 2(3), 1984.
    """
    low, high = window.low.min(axis=1), window.high.max(axis=1)
    return np.where(high == low, 0.5, (window.close[:, -1] - low) / (high - low))
