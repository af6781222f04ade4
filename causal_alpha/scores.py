"""What a forecast lost once its truth is known: the records of the ledger, and the same figures offline."""

import numpy as np

from causal_alpha.frames import Floats, Frame, Ints
from causal_alpha.models.ewma import NORMAL
from causal_alpha.records import LEVELS, Forecast, Score
from causal_alpha.scoring import covered, crps, floor_of, qlike, winkler

_80 = LEVELS.index(0.1), LEVELS.index(0.9)
_95 = LEVELS.index(0.025), LEVELS.index(0.975)
_SHARED = ("symbol", "interval", "start", "made", "horizon", "due", "family", "version", "price", "shadow", "source")


def score(forecasts: Frame[Forecast], truth: Floats, scored: Ints) -> Frame[Score]:
    """A score for each forecast; `truth` (n,) are the closes due, NaN where there is none, known at `scored` (n,) ns.

    Row by row: what a forecast scores doesn't depend on those beside it.
    """
    price = forecasts.floats("price")
    ret = np.log(truth / price)
    quantiles = np.log(forecasts.floats("quantiles") / price[:, None])
    intervals = forecasts.labels("interval")
    floor = np.asarray([floor_of(name) for name in intervals.names], dtype=np.float64)[intervals.codes]
    low, high = quantiles[:, _80[0]], quantiles[:, _80[1]]
    known = {
        "truth": truth,
        "ret": ret,
        "crps": crps(ret, quantiles),
        "crps_naive": crps(ret, _normal(forecasts.floats("naive"))),
        "crps_ewma": crps(ret, _normal(forecasts.floats("ewma"))),
        "qlike": np.where(np.isnan(ret), np.nan, qlike(ret * ret, forecasts.floats("variance"), floor)),
        "inside_80": covered(ret, low, high),
        "inside_95": covered(ret, quantiles[:, _95[0]], quantiles[:, _95[1]]),
        "winkler_80": winkler(ret, low, high, 0.8),
        "scored": scored,
    }
    shared = {name: forecasts.columns[name] for name in _SHARED}
    return Frame.from_columns(Score, shared | known)


def _normal(variance: Floats) -> Floats:
    """Quantiles (n, 13) of normal distributions around 0."""
    quantiles: Floats = np.sqrt(variance)[:, None] * np.asarray(NORMAL)
    return quantiles
