"""What a forecaster is, and what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

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
