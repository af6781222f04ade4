"""Fits a family on a dataset. The command line, the schedule and the tournament call the same function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.models import arima, blend, ewma, garch, har, lstm, naive, transformer
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.models.base import Model

Say = Callable[[str], None]


@dataclass(frozen=True)
class Family:
    """How a family is fitted, and after how many sessions anew: the schedule is part of the model."""

    fit: Callable[[Dataset, int, Say], Model]
    refit: int


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "naive": Family(lambda dataset, seed, say: naive.fit(dataset, seed=seed), refit=252),
        "ewma": Family(lambda dataset, seed, say: ewma.fit(dataset, seed=seed), refit=252),
        "har": Family(lambda dataset, seed, say: har.fit(dataset, seed=seed), refit=21),
        "garch": Family(lambda dataset, seed, say: garch.fit(dataset, seed=seed), refit=63),
        "arima": Family(lambda dataset, seed, say: arima.fit(dataset, seed=seed), refit=21),
        "lstm": Family(lambda dataset, seed, say: lstm.fit(dataset, seed=seed, say=say), refit=252),
        "transformer": Family(lambda dataset, seed, say: transformer.fit(dataset, seed=seed, say=say), refit=252),
        "blend": Family(lambda dataset, seed, say: blend.fit(dataset, seed=seed), refit=252),
    }
)
"""By name, in the order of tables."""


def find_family(name: str) -> Family:
    """The family of a name. Raises ModelError."""
    if name not in FAMILIES:
        raise ModelError(f"family: expected one of {', '.join(FAMILIES)}, was {name!r}")
    return FAMILIES[name]


def train(name: str, dataset: Dataset, *, seed: int = 0, say: Say = lambda line: None) -> Artefact:
    """The artefact of a family fitted on all of the dataset. Raises ModelError, MissingExtraError."""
    family = find_family(name)
    say(f"{name}: fit on {len(dataset)} rows of {len(dataset.symbols)} symbols")
    return seal(family.fit(dataset, seed, say), dataset, seed=seed)
