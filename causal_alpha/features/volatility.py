"""Variance a bar, in squared log returns, of closes and of ranges. Its root is the volatility of a bar."""

import math
from functools import lru_cache

import numpy as np

from causal_alpha.features.window import Window
from causal_alpha.frames import Floats

EWMA_DECAY = 0.94


def ewma_variance(window: Window) -> Floats:
    """Exponentially weighted mean of squared log returns, zero mean, decay 0.94, weights summing to 1.

    J.P. Morgan/Reuters, RiskMetrics Technical Document, 4th ed., 1996, section 5.2.
    """
    returns = window.returns
    variance: Floats = (returns * returns * _decaying(returns.shape[1])).sum(axis=1)
    return variance


@lru_cache(maxsize=8)
def _decaying(n: int) -> Floats:
    weights = EWMA_DECAY ** np.arange(n)[::-1]
    return np.asarray(weights / weights.sum())


def parkinson_variance(window: Window) -> Floats:
    """Mean over the window of ln(high / low)² / (4 ln 2), the variance that a driftless bar's range speaks of.

    Parkinson, The Extreme Value Method for Estimating the Variance of the Rate of Return, Journal of Business 53(1),
    1980. Over short, medium and long windows it makes the components of HAR: Corsi, A Simple Approximate Long-Memory
    Model of Realized Volatility, Journal of Financial Econometrics 7(2), 2009.
    """
    variance: Floats = (window.ranges * window.ranges).mean(axis=1) / (4 * math.log(2))
    return variance


def garman_klass_variance(window: Window) -> Floats:
    """Mean over the window of ½ ln(high / low)² − (2 ln 2 − 1) ln(close / open)².

    Garman and Klass, On the Estimation of Security Price Volatilities from Historical Data,
    Journal of Business 53(1), 1980.
    """
    ranges, bodies = window.ranges, window.bodies
    variance: Floats = (0.5 * ranges * ranges - (2 * math.log(2) - 1) * bodies * bodies).mean(axis=1)
    return variance
