"""The served forecast: the geometric mean of several models' variances, HAR-X always among them.

Errors of the deep models and of the regression differ; their mean is better than the best, and nobody has to know
beforehand which that is. Location is 0: no family has proven one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.models import har, lstm, transformer
from causal_alpha.models.base import Model, Outlook, Vectors

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

MEMBERS = ("har", "lstm", "transformer")
"""Families in the blend. The first is the floor: where it is silent, so is the blend."""


def combine(outlooks: Sequence[Outlook]) -> Outlook:
    """Location 0 and the geometric mean of the variances that are known; NaN where the first one is.

    >>> floor = Outlook(np.zeros((2, 1)), np.array([[1e-4], [np.nan]]))
    >>> combine([floor, Outlook(np.zeros((2, 1)), np.array([[4e-4], [4e-4]]))]).ranges.round(9).tolist()
    [[0.0002], [nan]]
    """
    logs = np.log(np.stack([outlook.ranges for outlook in outlooks]))
    known = np.isfinite(logs)
    mean = np.where(known, logs, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    ranges = np.where(known[0], np.exp(mean), np.nan)
    return Outlook(location=ranges * 0.0, ranges=ranges)


@dataclass(frozen=True)
class Blend:
    """Fitted models, the pooled HAR first."""

    members: tuple[Model, ...]
    family: str = "blend"

    def __post_init__(self) -> None:
        if not self.members or self.members[0].family != "har":
            was = ", ".join(member.family for member in self.members) or "none"
            raise ModelError(f"members: expected har first, was {was}")

    @property
    def lags(self) -> int:
        return max(member.lags for member in self.members)

    def outlook(self, vectors: Vectors) -> Outlook:
        return combine([member.outlook(vectors) for member in self.members])


def fit(dataset: "Dataset", *, seed: int = 0) -> Blend:
    """All members on the same dataset; needs the extra `train`."""
    return Blend(
        (
            har.fit(dataset, seed=seed),
            lstm.fit(dataset, seed=seed),
            transformer.fit(dataset, seed=seed),
        )
    )
