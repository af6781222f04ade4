"""The served forecast: a mean of several models' variances, HAR-X always among them.

Errors of the deep models and of the regression differ; their mean is about as good as the best, and nobody has to know
beforehand which that is. The mean is one of fourth powers: one that sees a storm coming is heard, as it would not be in
a mean of logs, and a variance that is too small costs more than one that is too large. Location is 0: no family has
proven one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.models import har, lstm, transformer
from causal_alpha.models.base import HORIZONS, Model, Outlook, Vectors

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

WEIGHTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"har": (1.0, 1.0), "lstm": (1.0, 1.0), "transformer": (1.0, 1.0), "har per symbol": (0.0, 0.5)}
)
"""Families in the blend, with their weights one and five bars ahead. The first is the floor.

Five bars ahead the plain regressions of each symbol alone temper what the others make of the market's state. Their
weight was chosen on 2014 to 2017 of the development data, and so was the kind of mean.
"""

POWER = 4.0
"""Of the variances in their mean; 1 would be that of a mixture, next to 0 that of logs."""


def combine(outlooks: Mapping[str, Outlook]) -> Outlook:
    """Location 0 and the weighted power mean of the variances that are known; NaN where the floor's is.

    `outlooks` by family, (..., h) each.

    >>> floor = Outlook(np.zeros((2, 2)), np.array([[1e-4, 1e-4], [np.nan, np.nan]]))
    >>> combine({"har": floor, "lstm": Outlook(np.zeros((2, 2)), np.full((2, 2), 4e-4))}).ranges.round(9).tolist()
    [[0.000336687, 0.000336687], [nan, nan]]
    """
    said = np.stack([outlook.ranges for outlook in outlooks.values()])
    weights = np.asarray([WEIGHTS[family] for family in outlooks])
    weights = weights.reshape(len(weights), *(1,) * (said.ndim - 2), len(HORIZONS)) * np.isfinite(said)
    powers = np.where(weights > 0, said, 0.0) ** POWER * weights
    mean = (powers.sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-9)) ** (1 / POWER)
    ranges = np.where(np.isfinite(outlooks["har"].ranges), mean, np.nan)
    return Outlook(location=ranges * 0.0, ranges=ranges)


@dataclass(frozen=True)
class Blend:
    """Fitted models of different families, the pooled HAR among them."""

    members: tuple[Model, ...]
    family: str = "blend"

    def __post_init__(self) -> None:
        families = [member.family for member in self.members]
        if "har" not in families or len(set(families)) < len(families) or not set(families) <= WEIGHTS.keys():
            was = ", ".join(families) or "none"
            raise ModelError(f"members: expected har and others of {', '.join(WEIGHTS)}, once each, was {was}")

    @property
    def lags(self) -> int:
        return max(member.lags for member in self.members)

    def outlook(self, vectors: Vectors) -> Outlook:
        return combine({member.family: member.outlook(vectors) for member in self.members})


def fit(dataset: "Dataset", *, seed: int = 0, say: Callable[[str], None] | None = None) -> Blend:
    """All members on the same dataset; needs the extra `train`."""
    return Blend(
        (
            har.fit(dataset, seed=seed),
            lstm.fit(dataset, seed=seed, say=say),
            transformer.fit(dataset, seed=seed, say=say),
            har.fit_per_symbol(dataset, seed=seed),
        )
    )
