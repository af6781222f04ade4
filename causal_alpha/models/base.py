"""What a model is: what it is fitted on, what it sees when it serves, and what it says.

``fit(dataset) -> Model`` in each family's module, ``Model.outlook(vectors)`` for any number of symbols or times,
and `Artefact` around it, which makes quantiles of an outlook. `Forecaster` is the floor that needs no past.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats

HORIZONS = (1, 5)
"""Bars ahead that every model speaks of."""


@dataclass(frozen=True)
class Prediction:
    """Log returns of n symbols over each of h horizons.

    `location` and `variance` have shape (n, h), `quantiles` (n, h, 13) at `records.LEVELS`, rising.
    Rows with NaN say nothing.
    """

    location: Floats
    variance: Floats
    quantiles: Floats


@runtime_checkable
class Forecaster(Protocol):
    """A fitted model that serves.

    `predict` is called once a bar with the vectors of all symbols, `values` of shape (n, len(names)).
    It must not look across rows nor keep state, and must give NaN rows for NaN inputs. It raises
    ModelError when the features it needs are not among `names`.
    """

    family: str
    version: str

    def predict(self, names: Sequence[str], values: Floats) -> Prediction: ...


@dataclass(frozen=True)
class Vectors:
    """The last feature vectors of n symbols: `values` (n, lags, len(names)), oldest first, NaN where there was none.

    `symbols` names each row; a symbol may stand in many rows, once for each time that is looked at.
    """

    names: tuple[str, ...]
    symbols: tuple[str, ...]
    values: Floats

    def __len__(self) -> int:
        return len(self.symbols)

    def column(self, name: str, lags: int) -> Floats:
        """The last `lags` values of one feature, (n, lags). Raises ModelError when it or the lags are missing."""
        if name not in self.names:
            raise ModelError(f"features: expected {name}, was {', '.join(self.names)}")
        if lags > self.values.shape[1]:
            raise ModelError(f"vectors: expected {lags} of each symbol, was {self.values.shape[1]}")
        return np.ascontiguousarray(self.values[:, -lags:, self.names.index(name)])

    def last(self, name: str) -> Floats:
        """The newest values of one feature, (n,)."""
        return self.column(name, 1)[:, 0]


@dataclass(frozen=True)
class Outlook:
    """What a model says before calibration, (n, h) each; NaN rows say nothing.

    `location`: log return over the horizon. `ranges`: mean Garman-Klass variance of a bar over the horizon, what
    models are trained on and scored by. `squares`: variance of the log return over the horizon, for a model that
    stands for a normal distribution itself; None for one whose residuals tell the shape.
    """

    location: Floats
    ranges: Floats
    squares: Floats | None = None


@runtime_checkable
class Model(Protocol):
    """Fitted parameters of one family. Immutable, deterministic, no state between calls.

    `outlook` must not look across rows: what it says of a symbol doesn't depend on which others are asked for.
    It reads the last `lags` vectors and gives NaN for rows that hold NaN there or symbols it doesn't know.
    """

    @property
    def family(self) -> str: ...

    @property
    def lags(self) -> int: ...

    def outlook(self, vectors: Vectors) -> Outlook: ...
