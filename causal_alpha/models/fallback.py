"""Who speaks: the first model of a list that has something to say of a symbol, and which one that was."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Ints
from causal_alpha.models.artefact import Artefact
from causal_alpha.models.base import HORIZONS, Prediction, Vectors
from causal_alpha.records import LEVELS


@dataclass(frozen=True)
class Spoken:
    """A prediction of n symbols; `by` (n,) is each row's place in the list of models, -1 where all were silent."""

    prediction: Prediction
    by: Ints


def speak(models: Sequence[Artefact], vectors: Vectors) -> Spoken:
    """The models' predictions, champion first, floor last. A row is taken whole from one model.

    A model that is silent about a row (NaN) leaves it to the next; one that raises ModelError leaves all.
    """
    n, h = len(vectors), len(HORIZONS)
    location, variance, quantiles = (
        np.full((n, h), np.nan),
        np.full((n, h), np.nan),
        np.full((n, h, len(LEVELS)), np.nan),
    )
    by = np.full(n, -1, dtype=np.int64)
    for place, model in enumerate(models):
        open_rows = np.flatnonzero(by < 0)
        if not len(open_rows):
            break
        some = Vectors(vectors.names, tuple(vectors.symbols[row] for row in open_rows), vectors.values[open_rows])
        try:
            said = model.forecast(some)
        except ModelError:
            continue
        speaks = np.isfinite(said.quantiles).all(axis=(1, 2)) & np.isfinite(said.variance).all(axis=1)
        rows = open_rows[speaks]
        location[rows], variance[rows] = said.location[speaks], said.variance[speaks]
        quantiles[rows], by[rows] = said.quantiles[speaks], place
    return Spoken(Prediction(location, variance, quantiles), by)
