"""A model that can serve: its parameters, the shape of its errors, and where it comes from."""

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
    columns = dataset.names
    chunk = max(64, 2_000_000 // (model.lags * len(columns)))
    parts = []
    for at in range(0, len(rows), chunk):
        some = rows[at : at + chunk]
        symbols = tuple(dataset.symbols[code] for code in dataset.symbol[some].tolist())
        parts.append(model.outlook(Vectors(dataset.names, symbols, dataset.lags(some, columns, model.lags))))
    if not parts:
        nothing = np.empty((0, len(HORIZONS)))
        return Outlook(nothing, nothing)
    squares = [part.squares for part in parts if part.squares is not None]
    return Outlook(
        location=np.concatenate([part.location for part in parts]),
        ranges=np.concatenate([part.ranges for part in parts]),
        squares=np.concatenate(squares) if squares else None,
    )


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
