"""Forecasts of vectors that somebody brings along: the same models and fallbacks as in the stream, not calibrated."""

from collections.abc import Sequence

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.forecasts import Hours, Said, always, dues, to_forecasts
from causal_alpha.frames import Floats, Frame, Labels
from causal_alpha.inference import DEPTH, speak_of, yardsticks
from causal_alpha.lineup import Lineup
from causal_alpha.models.base import Vectors
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import Features, Forecast


def predict(
    lineup: Lineup,
    *,
    interval: str,
    start: int,
    symbols: Sequence[str],
    closes: Floats,
    values: Floats,
    names: Sequence[str] = VOLATILITY.names,
    hours: Hours = always,
) -> Frame[Forecast]:
    """What every loaded model says after the bar that starts at `start` (ns) and closed at `closes` (n,).

    `values` (n, lags, len(names)) are the last vectors of each symbol, oldest first, with all of
    `models.inputs.VOLATILITY` among `names`. Served forecasts come first, those in shadow after them. Raises ModelError
    for what doesn't fit together.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 3 or values.shape[0] != len(symbols) or values.shape[2] != len(names):
        raise ModelError(f"values: expected shape ({len(symbols)}, lags, {len(names)}), was {values.shape}")
    if not 1 <= values.shape[1] <= DEPTH:
        raise ModelError(f"values: expected 1 to {DEPTH} vectors a symbol, was {values.shape[1]}")
    if missing := [name for name in VOLATILITY.names if name not in names]:
        raise ModelError(f"features: expected {', '.join(missing)}, was {', '.join(names)}")
    if np.shape(closes) != (len(symbols),) or not (np.isfinite(closes) & (np.asarray(closes) > 0)).all():
        raise ModelError(f"closes: expected {len(symbols)} prices above 0, was {np.asarray(closes).tolist()}")
    places = [list(names).index(name) for name in VOLATILITY.names]
    vectors = Vectors(VOLATILITY.names, tuple(symbols), values[:, :, places])
    n = len(symbols)
    features = Frame(
        Features,
        {
            "symbol": Labels.of(symbols),
            "interval": Labels.constant(interval, n),
            "start": np.full(n, start, dtype=np.int64),
            "close": np.asarray(closes, dtype=np.float64),
            "values": values[:, -1],
            "feature_set": Labels.constant(VOLATILITY.hash, n),
            "source": Labels.constant("foreign", n),
        },
        {"names": ",".join(names)},
    )
    if not n:
        return Frame.empty(Forecast)
    due, yard = dues(features, hours), yardsticks(vectors, features)
    said: list[Said] = list(speak_of(vectors, lineup, interval, yard).values())
    return Frame.concat([to_forecasts(features, one, yard, due) for one in said])
