"""A model that can serve: its parameters, the shape of its errors, and where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.calibration import Residuals
from causal_alpha.frames import Floats, Ints
from causal_alpha.models.base import HORIZONS, Model, Outlook, Prediction, Vectors
from causal_alpha.models.ewma import NORMAL
from causal_alpha.records import LEVELS

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

_DEPTH = 500
_LONG = 128


@dataclass(frozen=True)
class Artefact:
    """A fitted model with the shape of its standardised errors.

    `shape` (h, 13): quantiles of (return - location) / sqrt(horizon * ranges), less their mean; `squares` (h,) the mean
    square. `feature_set` is the hash of the features it reads, `data` that of the dataset, `until` the start of the
    last bar in it (ns). A model that stands for a normal distribution itself is left one.
    """

    model: Model
    shape: Floats
    squares: Floats
    feature_set: str
    data: str
    until: int
    seed: int

    @property
    def family(self) -> str:
        return self.model.family

    @property
    def lags(self) -> int:
        return self.model.lags

    def forecast(self, vectors: Vectors) -> Prediction:
        """What it says of each row of `vectors`; NaN rows where it says nothing."""
        said = self.model.outlook(vectors)
        horizons = np.asarray(HORIZONS, dtype=np.float64)
        if said.squares is not None:
            variance, scale = said.squares, np.sqrt(said.squares)
            shape = np.broadcast_to(np.asarray(NORMAL), (len(HORIZONS), len(LEVELS)))
        else:
            variance, scale = horizons * said.ranges * self.squares, np.sqrt(horizons * said.ranges)
            shape = self.shape
        quantiles = said.location[:, :, None] + scale[:, :, None] * shape
        return Prediction(location=said.location, variance=variance, quantiles=quantiles)


def look_back(model: Model, dataset: "Dataset", rows: Ints) -> Outlook:
    """What the model says at each of these rows of a dataset, in chunks that fit into memory."""
    location, ranges, squares = (np.full((len(rows), len(HORIZONS)), np.nan) for _ in range(3))
    normal = False
    for places, vectors in _in_chunks(dataset, rows, model.lags):
        said = model.outlook(vectors)
        location[places], ranges[places] = said.location, said.ranges
        if said.squares is not None:
            normal = True
            squares[places] = said.squares
    return Outlook(location, ranges, squares if normal else None)


def _in_chunks(dataset: "Dataset", rows: Ints, lags: int) -> Iterator[tuple[Ints, Vectors]]:
    """Places in `rows` with the vectors of those rows. Long runs of neighbours are read where they lie: a copy would
    have each vector `lags` times.
    """
    chunk = max(64, 2_000_000 // (lags * len(dataset.names)))
    order = np.argsort(rows, kind="stable")
    whole = dataset.place[rows[order]] >= lags - 1
    apart = (np.diff(rows[order]) != 1) | ~whole[1:] | ~whole[:-1]
    runs = np.split(order, np.flatnonzero(apart) + 1)
    short = np.concatenate([order[:0], *(run for run in runs if len(run) < _LONG)])
    for run in (*(run for run in runs if len(run) >= _LONG), short):
        for at in range(0, len(run), chunk):
            places = run[at : at + chunk]
            some = rows[places]
            symbols = tuple(dataset.symbols[code] for code in dataset.symbol[some].tolist())
            values = (
                dataset.lags(some, dataset.names, lags)
                if run is short
                else dataset.run(int(some[0]), int(some[-1]) + 1, lags)
            )
            yield places, Vectors(dataset.names, symbols, values)


def seal(model: Model, dataset: "Dataset", *, seed: int) -> Artefact:
    """The artefact of a model that was fitted on this dataset: the shape comes from its last 500 sessions."""
    recent = np.flatnonzero(dataset.start >= dataset.sessions[-_DEPTH:][0])
    said = look_back(model, dataset, recent)
    shape, squares = np.empty((len(HORIZONS), len(LEVELS))), np.empty(len(HORIZONS))
    for at, horizon in enumerate(HORIZONS):
        state = Residuals(1, depth=len(recent), every=len(recent))
        error = (dataset.future(horizon)[0][recent] - said.location[:, at]) / np.sqrt(horizon * said.ranges[:, at])
        state.ring[:, 0] = error
        state.refresh()
        shape[at] = state.shape * state.width
        squares[at] = np.nanmean(error**2) if np.isfinite(error).any() else 1.0
    return Artefact(
        model=model,
        shape=shape,
        squares=squares,
        feature_set=dataset.feature_set,
        data=dataset.hash,
        until=int(dataset.sessions[-1]),
        seed=seed,
    )
