"""From feature vectors to calibrated forecasts, series by series: the state behind the forecasts agent.

A series is a universe's interval. It keeps the last vectors of its symbols and the calibration of every model that
speaks of it. Fed with the same vectors and line-ups it says the same, to the last bit, through any dump and load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from causal_alpha.calibrator import Calibrator
from causal_alpha.errors import FrameError, ModelError
from causal_alpha.forecasts import Hours, Said, Yardsticks, always, dues, to_forecasts
from causal_alpha.frames import Codes, Floats, Frame, Labels
from causal_alpha.intervals import NEVER, interval_ns
from causal_alpha.lineup import Lineup, Loaded
from causal_alpha.models.base import HORIZONS, Prediction, Vectors
from causal_alpha.models.ewma import NORMAL, SMALLEST, Ewma
from causal_alpha.models.fallback import speak
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import Features, Forecast
from causal_alpha.series import check_rows, read_key
from causal_alpha.vectors import VectorRings

DEPTH = 128
"""Vectors kept of each symbol. A model that looks further back stays silent."""

_SERVED = "served"
_BARS = np.asarray(HORIZONS, dtype=np.float64)
_EWMA = ("ewma_variance", "log_square_ewma")
"""Features that the yardstick EWMA reads, one or the other."""


def check_features(key: bytes | None, features: Frame[Features], hashes: frozenset[str]) -> str:
    """The key as text, once it is sure that an `Inference` with `hashes` can take the frame. Raises FrameError."""
    text = read_key(key)
    check_rows(text, features)
    if not len(features):
        return text
    names, width = features.meta.get("names", "").split(","), features.floats("values").shape[1]
    if len(names) != width:
        raise FrameError(f"names: expected {width} in meta, one a value, was {','.join(names)!r}", reason="schema")
    if not set(_EWMA) & set(names):
        raise FrameError(f"names: expected {' or '.join(_EWMA)}, was {','.join(names)!r}", reason="schema")
    missing = sorted(set(VOLATILITY.names) - set(names))
    if missing and hashes & set(features.labels("feature_set").tolist()):
        raise FrameError(f"names: expected those of the feature set, was without {', '.join(missing)}", reason="schema")
    return text


@dataclass
class Series:
    """Vectors and calibrations (by slot of the line-up) of one universe and interval.

    `start` (ns) is that of the newest bars, `seen` their symbols.
    """

    rings: VectorRings = field(default_factory=lambda: VectorRings(DEPTH, len(VOLATILITY.names)))
    calibrators: dict[str, Calibrator] = field(default_factory=dict)
    start: int = NEVER
    seen: set[str] = field(default_factory=set)

    def fresh(self, features: Frame[Features]) -> Frame[Features]:
        """What is newer than anything seen: a worker that died sends vectors again. A time may come in parts."""
        start, symbols = features.ints("start"), features.labels("symbol").tolist()
        new = np.asarray([name not in self.seen for name in symbols], dtype=np.bool_)
        return features.take((start > self.start) | ((start == self.start) & new))

    def move(self, start: int, symbols: Sequence[str]) -> None:
        """These bars are the newest now."""
        self.seen = self.seen.union(symbols) if start == self.start else set(symbols)
        self.start = start


@dataclass
class Inference:
    """All series of a partition, by key.

    `hashes`: feature sets whose vectors carry what models read. Those of another set have other meanings: they are not
    kept, and only the EWMA speaks of them.
    """

    hashes: frozenset[str]
    series: dict[str, Series] = field(default_factory=dict)

    def push(self, key: str, features: Frame[Features], lineup: Lineup, hours: Hours = always) -> Frame[Forecast]:
        """What is said of the vectors of one time; forecasts in shadow come after those that are served.

        The frame's `meta` says when it was `made` and the `closes` of symbols without a served forecast, so that a
        reader of forecasts alone knows every truth. Vectors that were there before change nothing, and give a frame
        without `meta`. Raises ModelError where the vectors have no variance to go by.
        """
        series = self.series.setdefault(key, Series())
        features = series.fresh(features)
        if not len(features):
            return Frame.empty(Forecast)
        interval, start = features.labels("interval").tolist()[0], int(features.ints("start")[0])
        symbols, closes = features.labels("symbol").tolist(), features.floats("close")
        series.move(start, symbols)
        rows = series.rings.push(symbols, self._inputs(features))
        vectors = Vectors(VOLATILITY.names, tuple(symbols), series.rings.last(rows, DEPTH))
        due, yard = dues(features, hours), yardsticks(vectors, features)
        made, n = start + interval_ns(interval), len(series.rings)
        said = speak_of(vectors, lineup, interval, yard)
        frames = []
        for slot, one in said.items():
            calibrator = series.calibrators.setdefault(slot, Calibrator())
            calibrator.observe(made, rows, closes, n)
            prediction = calibrator.adjust(rows, one.prediction, n)
            calibrator.expect(rows, prediction, closes, due)
            frames.append(to_forecasts(features, Said(prediction, one.family, one.version, one.shadow), yard, due))
        series.calibrators = {slot: series.calibrators[slot] for slot in said}
        heard = set(frames[0].labels("symbol").tolist())
        told = zip(symbols, closes.tolist(), strict=True)
        truths = {name: close for name, close in told if name not in heard and np.isfinite(close)}
        return Frame.concat(frames, {"made": str(made), "closes": msgspec.json.encode(truths).decode()})

    def _inputs(self, features: Frame[Features]) -> Floats:
        values = np.full((len(features), len(VOLATILITY.names)), np.nan)
        known = np.asarray([name in self.hashes for name in features.labels("feature_set").tolist()])
        if known.any():
            names = features.meta["names"].split(",")
            values[known] = features.floats("values")[known][:, [names.index(name) for name in VOLATILITY.names]]
        return values

    def dump(self) -> dict[str, Any]:
        return {
            key: {
                "rings": series.rings.dump(),
                "calibrators": {slot: one.dump() for slot, one in series.calibrators.items()},
                "start": series.start,
                "seen": sorted(series.seen),
            }
            for key, series in self.series.items()
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any], hashes: frozenset[str]) -> "Inference":
        series = {
            key: Series(
                VectorRings.load(one["rings"], DEPTH, len(VOLATILITY.names)),
                {slot: Calibrator.load(held) for slot, held in one["calibrators"].items()},
                one["start"],
                set(one["seen"]),
            )
            for key, one in tree.items()
        }
        return cls(hashes, series)


def speak_of(vectors: Vectors, lineup: Lineup, interval: str, yard: Yardsticks) -> dict[str, Said]:
    """What each slot says before calibration, the served one first; a row is served by the first that speaks of it.

    Champion, floor, and below them the yardstick EWMA.
    """
    served, shadows = lineup.served(interval), lineup.shadows(interval)
    spoken = speak([one.artefact for one in served], vectors)
    floor = _normal(yard.ewma)
    silent = spoken.by < 0
    prediction = Prediction(
        np.where(silent[:, None], floor.location, spoken.prediction.location),
        np.where(silent[:, None], floor.variance, spoken.prediction.variance),
        np.where(silent[:, None, None], floor.quantiles, spoken.prediction.quantiles),
    )
    codes = np.where(silent, len(served), spoken.by).astype(np.int32)
    said = {
        _SERVED: Said(
            prediction,
            _chosen([*(one.family for one in served), Ewma.family], codes),
            _chosen([*(one.version for one in served), Ewma.version], codes),
        )
    }
    for one in shadows:
        taken = spoken.by == served.index(one) if one in served else np.zeros(len(vectors), dtype=np.bool_)
        said[one.slot] = _in_shadow(one, vectors, taken)
    return said


def _chosen(names: Sequence[str], codes: Codes) -> Labels:
    return Labels.of(names).take(codes)


def _in_shadow(one: Loaded, vectors: Vectors, taken: Any) -> Said:
    """What a model says of rows that aren't served by it already (`taken`)."""
    n = len(vectors)
    try:
        found = one.artefact.forecast(vectors)
    except ModelError:
        found = _normal(np.full((n, len(HORIZONS)), np.nan))
    hidden = Prediction(
        found.location,
        np.where(taken[:, None], np.nan, found.variance),
        np.where(taken[:, None, None], np.nan, found.quantiles),
    )
    return Said(hidden, Labels.constant(one.family, n), Labels.constant(one.version, n), shadow=True)


def _normal(variance: Floats) -> Prediction:
    """Normal around 0, variances (n, h)."""
    return Prediction(variance * 0.0, variance, np.sqrt(variance)[:, :, None] * np.asarray(NORMAL))


def yardsticks(vectors: Vectors, features: Frame[Features]) -> Yardsticks:
    """The naive variance is the mean square of the returns in the vectors, at least two of them."""
    squares = vectors.column("return_1", vectors.values.shape[1]) ** 2
    known = np.isfinite(squares)
    count = known.sum(axis=1)
    mean = np.where(known, squares, 0.0).sum(axis=1) / np.maximum(count, 1)
    naive = np.where(count > 1, np.maximum(mean, SMALLEST), np.nan)
    names, values = features.meta["names"].split(","), features.floats("values")
    if "ewma_variance" in names:
        ewma = Ewma().predict(names, values).variance
    elif "log_square_ewma" in names:
        ewma = np.maximum(np.exp(values[:, names.index("log_square_ewma")]), SMALLEST)[:, None] * _BARS
    else:
        raise ModelError(f"features: expected ewma_variance or log_square_ewma, was {', '.join(names)}")
    return Yardsticks(naive[:, None] * _BARS, ewma)
