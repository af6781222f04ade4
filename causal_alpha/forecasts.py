"""From feature vectors to forecast records: log returns become prices, horizons become due times."""

from collections.abc import Callable

import numpy as np

from causal_alpha.calendar import ALWAYS, Sessions, load_sessions
from causal_alpha.frames import Frame, Ints, Labels
from causal_alpha.intervals import interval_ns
from causal_alpha.models.base import HORIZONS, Forecaster
from causal_alpha.records import LEVELS, Features, Forecast


def forecast(
    model: Forecaster, features: Frame[Features], hours: Callable[[str], Sessions] = lambda _: load_sessions(ALWAYS)
) -> Frame[Forecast]:
    """What `model` says about each complete vector of one interval, horizon by horizon.

    A forecast is due when the horizon's bar of the symbol's `hours` ends; a symbol that trades while its
    market is closed has bars all the time.

    Vectors still warming up (NaN where the model needs a number) get no forecast.
    """
    names = features.meta["names"].split(",")
    said = model.predict(names, features.floats("values"))
    speaks = np.flatnonzero(np.isfinite(said.variance).all(axis=1) & np.isfinite(said.quantiles).all(axis=(1, 2)))
    if not len(speaks):
        return Frame.empty(Forecast)
    interval = features.labels("interval").tolist()[0]
    rows, ahead = np.repeat(speaks, len(HORIZONS)), np.tile(np.arange(len(HORIZONS)), len(speaks))
    picked = features.take(rows)
    n, length = len(rows), interval_ns(interval)
    made, horizon = picked.ints("start") + length, np.asarray(HORIZONS, dtype=np.int64)[ahead]
    return Frame(
        Forecast,
        {
            "symbol": picked.columns["symbol"],
            "interval": picked.columns["interval"],
            "start": picked.columns["start"],
            "made": made,
            "horizon": horizon,
            "due": _dues(picked, hours, length)[np.arange(n), ahead],
            "price": picked.columns["close"],
            "location": said.location[rows, ahead],
            "variance": said.variance[rows, ahead],
            "quantiles": picked.floats("close")[:, None] * np.exp(said.quantiles[rows, ahead]).reshape(n, len(LEVELS)),
            "family": Labels.constant(model.family, n),
            "version": Labels.constant(model.version, n),
            "feature_set": picked.columns["feature_set"],
            "source": picked.columns["source"],
            "naive": np.full(n, np.nan),
            "ewma": np.full(n, np.nan),
            "shadow": np.zeros(n, dtype=np.bool_),
        },
    )


def _dues(rows: Frame[Features], hours: Callable[[str], Sessions], length: int) -> Ints:
    """When the forecasts of each row are due, shape (n, horizons)."""
    labels, starts = rows.labels("symbol"), rows.ints("start")
    dues = np.empty((len(rows), len(HORIZONS)), dtype=np.int64)
    known: dict[tuple[str, int], Ints] = {}
    for row, (symbol, start) in enumerate(zip(labels.tolist(), starts.tolist(), strict=True)):
        sessions = hours(symbol)
        place = (sessions.name, start)
        if place not in known:
            if not len(sessions.bar_starts(start, start + length, length)):
                sessions = load_sessions(ALWAYS)
            closes = sessions.bar_closes(start + length, length, max(HORIZONS))
            known[place] = closes[np.asarray(HORIZONS) - 1]
        dues[row] = known[place]
    return dues
