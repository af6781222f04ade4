"""Tomorrow is like the last year: a random walk of constant variance. Nothing may be served that is worse."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.models.base import HORIZONS, Outlook, Vectors
from causal_alpha.scoring import SMALLEST

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset


@dataclass(frozen=True)
class Naive:
    """Location 0, the mean variance of the last `lags` bars for every bar to come."""

    family: str = "naive"
    lags: int = 250

    def outlook(self, vectors: Vectors) -> Outlook:
        ranges = np.exp(vectors.column("log_range_1", self.lags)).mean(axis=1)
        squares = np.maximum((vectors.column("return_1", self.lags) ** 2).mean(axis=1), SMALLEST)
        return Outlook(
            location=np.where(np.isfinite(ranges), 0.0, np.nan)[:, None] * np.ones(len(HORIZONS)),
            ranges=ranges[:, None] * np.ones(len(HORIZONS)),
            squares=squares[:, None] * np.asarray(HORIZONS, dtype=np.float64),
        )


def fit(dataset: "Dataset", *, seed: int = 0) -> Naive:
    """Nothing is learnt."""
    del dataset, seed
    return Naive()
