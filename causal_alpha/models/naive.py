"""The next bar is like the last ones: a random walk of constant variance. Nothing may be served that is worse."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook, Vectors
from causal_alpha.scoring import SMALLEST

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset


@dataclass(frozen=True)
class Naive:
    """Location 0, for every bar to come the mean variance of the last `lags` bars, as many as a worker keeps.

    Silent about a symbol of which fewer than `least` returns are known, or not the newest.
    """

    family: str = "naive"
    lags: int = 128
    least: int = 22

    def outlook(self, vectors: Vectors) -> Outlook:
        returns, ranges = vectors.column("return_1", self.lags), np.exp(vectors.column("log_range_1", self.lags))
        known = np.isfinite(returns) & np.isfinite(ranges)
        count = known.sum(axis=1)
        speaks = known[:, -1] & (count >= self.least)

        def mean(values: Floats) -> Floats:
            found = np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1)
            return np.where(speaks, np.maximum(found, SMALLEST), np.nan)[:, None]

        flat = np.ones(len(HORIZONS))
        return Outlook(
            location=np.where(speaks, 0.0, np.nan)[:, None] * flat,
            ranges=mean(ranges) * flat,
            squares=mean(returns**2) * np.asarray(HORIZONS, dtype=np.float64),
        )


def fit(dataset: "Dataset", *, seed: int = 0) -> Naive:
    """Nothing is learnt."""
    del dataset, seed
    return Naive()
