"""Losses of forecasts once their truth is known, and how sure a difference between two forecasters is.

Every loss is negatively oriented: smaller is better. Losses of one day are not independent of each other, so
differences are averaged by date first and tested over dates: pooled symbol-days would inflate t four to eight times.
"""

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Floats, Ints
from causal_alpha.records import LEVELS

FLOOR = 1e-7
"""Least variance of a day in a loss: 3 basis points of range, so that a still day can't decide a mean."""

SMALLEST = 1e-10
"""Least variance of any bar that models tell apart, and of a shorter bar in a loss: a tenth of a basis point."""


def floor_of(interval: str) -> float:
    """The least variance that counts in a loss of bars of an interval.

    >>> floor_of("1d"), floor_of("1m")
    (1e-07, 1e-10)
    """
    return FLOOR if interval == "1d" else SMALLEST


def qlike(truth: Floats, forecast: Floats, floor: float | Floats = FLOOR) -> Floats:
    """v / f - ln(v / f) - 1, with v = max(truth, floor): 0 where the forecast is the truth.

    Ranks forecasters as the true variance would although `truth` is a noisy proxy. Patton, Journal of
    Econometrics 160(1), 2011.

    >>> qlike(np.array([1e-4, 1e-4]), np.array([1e-4, 2e-4])).round(4).tolist()
    [0.0, 0.1931]
    """
    ratio = np.maximum(truth, floor) / np.maximum(forecast, floor)
    loss: Floats = ratio - np.log(ratio) - 1
    return loss


def pinball(truth: Floats, quantiles: Floats, levels: tuple[float, ...] = LEVELS) -> Floats:
    """Quantile losses of shape (..., k) for truth (...) and quantiles (..., k).

    Koenker and Bassett, Econometrica 46(1), 1978.
    """
    error = truth[..., None] - quantiles
    tau = np.asarray(levels)
    loss: Floats = np.maximum(tau * error, (tau - 1) * error)
    return loss


def crps(truth: Floats, quantiles: Floats, levels: tuple[float, ...] = LEVELS) -> Floats:
    """Continuous ranked probability score as twice the mean pinball loss over `levels`.

    Gneiting and Raftery, Journal of the American Statistical Association 102, 2007, section 4.2.
    """
    score: Floats = 2 * pinball(truth, quantiles, levels).mean(axis=-1)
    return score


def covered(truth: Floats, low: Floats, high: Floats) -> Floats:
    """1 where the truth lies in [low, high], 0 where not, NaN where any of them is unknown."""
    known = np.isfinite(truth) & np.isfinite(low) & np.isfinite(high)
    inside: Floats = np.where(known, ((truth >= low) & (truth <= high)).astype(np.float64), np.nan)
    return inside


def winkler(truth: Floats, low: Floats, high: Floats, level: float) -> Floats:
    """The interval's width, plus 2 / (1 - level) times how far the truth lies outside.

    Winkler, Journal of the American Statistical Association 67, 1972.

    >>> winkler(np.array([0.0, 3.0]), np.array([-1.0, -1.0]), np.array([1.0, 1.0]), 0.8).round(9).tolist()
    [2.0, 22.0]
    """
    outside = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    score: Floats = (high - low) + 2 / (1 - level) * outside
    return score


def daily_means(values: Floats, dates: Ints) -> Floats:
    """Mean of the known values of each date, in the order of dates; dates without any are left out."""
    known = np.isfinite(values)
    _, place = np.unique(dates[known], return_inverse=True)
    means: Floats = np.bincount(place, weights=values[known]) / np.bincount(place)
    return means


def hac_t(series: Floats, horizon: int = 1) -> float:
    """t of the mean of a series, its long-run variance by Bartlett weights.

    Lags: floor(4 (n / 100)^(2/9)) of Newey and West, Review of Economic Studies 61(4), 1994, plus the
    horizon - 1 that overlapping forecasts make dependent. 0 for a series without any spread.

    >>> round(hac_t(np.array([1.0, -1.0, 1.0, 1.0] * 50)), 2) > 5
    True
    """
    n = len(series)
    if n < 2:
        return 0.0
    centred = series - series.mean()
    lags = min(int(4 * (n / 100) ** (2 / 9)) + horizon - 1, n - 1)
    variance = float(centred @ centred) / n
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * float(centred[lag:] @ centred[:-lag]) / n
    return float(series.mean() / np.sqrt(variance / n)) if variance > 0 else 0.0


def clustered_t(loss: Floats, other: Floats, dates: Ints, horizon: int = 1) -> float:
    """How sure it is that `loss` differs from `other`; below 0 in favour of the first. Diebold-Mariano by date."""
    return hac_t(daily_means(loss - other, dates), horizon)


def mean_where(values: Floats, known: npt.NDArray[np.bool_]) -> float:
    """Mean over the rows that both sides of a comparison know; NaN without any."""
    return float(values[known].mean()) if known.any() else float("nan")


def worst_window(hits: Floats, nominal: float, width: int = 250) -> float:
    """Coverage in the window of `width` consecutive dates where it is furthest from `nominal`.

    `hits`: each date's mean coverage. All windows are looked at; one of all dates where there are fewer.

    >>> worst_window(np.array([1.0, 1.0, 0.0, 0.0]), nominal=0.8, width=2)
    0.0
    """
    if len(hits) <= width:
        return float(hits.mean()) if len(hits) else float("nan")
    sums = np.concatenate([[0.0], np.cumsum(hits)])
    rolling = (sums[width:] - sums[:-width]) / width
    return float(rolling[np.argmax(np.abs(rolling - nominal))])
