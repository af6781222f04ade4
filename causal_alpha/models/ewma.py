"""The floor: a random walk whose variance is the exponentially weighted one. Needs no training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook, Prediction, Vectors

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

NORMAL = (
    -1.959963984540054, -1.6448536269514729, -1.2815515655446004, -0.8416212335729142, -0.5244005127080409,
    -0.2533471031357997, 0.0, 0.2533471031357997, 0.5244005127080407, 0.8416212335729143, 1.2815515655446004,
    1.6448536269514722, 1.959963984540054,
)  # fmt: skip
"""Quantiles of the standard normal distribution at `records.LEVELS`."""

SMALLEST = 1e-12
"""Least variance of a bar: a hundredth of a basis point, for symbols that stand still."""


class Ewma:
    """Location 0, variance `ewma_variance` times the horizon, normal quantiles.

    The square-root-of-time rule of RiskMetrics, 1996, section 5.2.

    >>> said = Ewma().predict(("ewma_variance",), np.array([[1e-4]]))
    >>> said.variance.tolist(), round(float(said.quantiles[0, 0, -1]), 4)
    ([[0.0001, 0.0005]], 0.0196)
    """

    family = "ewma"
    version = "1"

    def predict(self, names: Sequence[str], values: Floats) -> Prediction:
        if "ewma_variance" not in names:
            raise ModelError(f"features: expected ewma_variance, was {', '.join(names)}")
        bar = np.maximum(values[:, tuple(names).index("ewma_variance")], SMALLEST)
        variance = bar[:, None] * np.asarray(HORIZONS)
        return Prediction(
            location=variance * 0.0,
            variance=variance,
            quantiles=np.sqrt(variance)[:, :, None] * np.asarray(NORMAL),
        )


@dataclass(frozen=True)
class EwmaModel:
    """The same floor over the features of `models.inputs`: the yardstick that CRPS is compared with."""

    family: str = "ewma"
    lags: int = 1

    def outlook(self, vectors: Vectors) -> Outlook:
        ranges, squares = np.exp(vectors.last("log_range_ewma")), np.exp(vectors.last("log_square_ewma"))
        flat = np.ones(len(HORIZONS))
        return Outlook(
            location=(ranges * 0.0)[:, None] * flat,
            ranges=ranges[:, None] * flat,
            squares=squares[:, None] * np.asarray(HORIZONS, dtype=np.float64),
        )


def fit(dataset: "Dataset", *, seed: int = 0) -> EwmaModel:
    """Nothing is learnt: the decay is RiskMetrics' 0.94."""
    del dataset, seed
    return EwmaModel()
