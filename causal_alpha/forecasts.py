"""From predictions to forecast records: log returns become prices, horizons become due times."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from causal_alpha.calendar import ALWAYS, Sessions, load_sessions
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import interval_ns
from causal_alpha.models.base import HORIZONS, Prediction
from causal_alpha.records import LEVELS, Features, Forecast

Hours = Callable[[str], Sessions]


def always(symbol: str) -> Sessions:
    """Hours of symbols that trade all the time."""
    del symbol
    return load_sessions(ALWAYS)


@dataclass(frozen=True)
class Said:
    """What was said of n symbols, and by which model: a name (`family`, `version`) for each row."""

    prediction: Prediction
    family: Labels
    version: Labels
    shadow: bool = False


@dataclass(frozen=True)
class Yardsticks:
    """Variances (n, h) that a score compares with, normal around 0."""

    naive: Floats
    ewma: Floats


def to_forecasts(features: Frame[Features], said: Said, yardsticks: Yardsticks, due: Ints) -> Frame[Forecast]:
    """The records of one interval's vectors, symbol by symbol, horizon by horizon; `due` as `dues` gives it.

    Rows of which nothing was said (NaN) get no forecast.
    """
    prediction = said.prediction
    speaks = np.isfinite(prediction.variance).all(axis=1) & np.isfinite(prediction.quantiles).all(axis=(1, 2))
    rows = np.flatnonzero(speaks & np.isfinite(features.floats("close")))
    if not len(rows):
        return Frame.empty(Forecast)
    interval = features.labels("interval").tolist()[0]
    rows, ahead = np.repeat(rows, len(HORIZONS)), np.tile(np.arange(len(HORIZONS)), len(rows))
    picked = features.take(rows)
    n = len(rows)
    prices = picked.floats("close")[:, None] * np.exp(prediction.quantiles[rows, ahead]).reshape(n, len(LEVELS))
    return Frame(
        Forecast,
        {
            "symbol": picked.columns["symbol"],
            "interval": picked.columns["interval"],
            "start": picked.columns["start"],
            "made": picked.ints("start") + interval_ns(interval),
            "horizon": np.asarray(HORIZONS, dtype=np.int64)[ahead],
            "due": due[rows, ahead],
            "price": picked.columns["close"],
            "location": prediction.location[rows, ahead],
            "variance": prediction.variance[rows, ahead],
            "quantiles": prices,
            "family": said.family.take(rows),
            "version": said.version.take(rows),
            "feature_set": picked.columns["feature_set"],
            "source": picked.columns["source"],
            "naive": yardsticks.naive[rows, ahead],
            "ewma": yardsticks.ewma[rows, ahead],
            "shadow": np.full(n, said.shadow),
        },
    )


def dues(features: Frame[Features], hours: Hours = always) -> Ints:
    """When forecasts of each row are due, shape (n, horizons): when the horizon's bar of the symbol's hours ends.

    A symbol that trades while its market is closed has bars all the time.
    """
    found = np.empty((len(features), len(HORIZONS)), dtype=np.int64)
    if not len(features):
        return found
    length = interval_ns(features.labels("interval").tolist()[0])
    labels, starts = features.labels("symbol"), features.ints("start")
    known: dict[tuple[str, int], Ints] = {}
    for row, (symbol, start) in enumerate(zip(labels.tolist(), starts.tolist(), strict=True)):
        sessions = hours(symbol)
        place = (sessions.name, start)
        if place not in known:
            if not len(sessions.bar_starts(start, start + length, length)):
                sessions = load_sessions(ALWAYS)
            closes = sessions.bar_closes(start + length, length, max(HORIZONS))
            known[place] = closes[np.asarray(HORIZONS) - 1]
        found[row] = known[place]
    return found
