"""The families of models there are, how each is fitted, and how often: the schedule is part of the model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.models import arima, blend, ewma, garch, har, lstm, naive, transformer
from causal_alpha.models.base import Model

Say = Callable[[str], None]
Fit = Callable[[Dataset, int, Say], Model]
"""``fit(dataset, seed, say)``; progress goes to `say`, a line at a time."""


@dataclass(frozen=True)
class Family:
    """How a family is fitted, and after how many sessions anew. `sketch` is the same in seconds, for a first look."""

    fit: Fit
    refit: int
    sketch: Fit | None = None

    @property
    def quick(self) -> "Family":
        """The family with its sketch for its fit; itself where it has none."""
        return replace(self, fit=self.sketch or self.fit)


_LSTM = replace(lstm.PLAN, members=1, targets=20_000, looks=3)
_TRANSFORMER = replace(transformer.PLAN, members=1, targets=20_000, looks=3)


def _sketch_blend(dataset: Dataset, seed: int, say: Say) -> Model:
    return blend.Blend(
        (
            har.fit(dataset, seed=seed),
            lstm.fit(dataset, seed=seed, plan=_LSTM, say=say),
            transformer.fit(dataset, seed=seed, plan=_TRANSFORMER, say=say),
            har.fit_per_symbol(dataset, seed=seed),
        )
    )


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "naive": Family(lambda dataset, seed, say: naive.fit(dataset, seed=seed), refit=252),
        "ewma": Family(lambda dataset, seed, say: ewma.fit(dataset, seed=seed), refit=252),
        "har": Family(lambda dataset, seed, say: har.fit(dataset, seed=seed), refit=21),
        "garch": Family(lambda dataset, seed, say: garch.fit(dataset, seed=seed), refit=63),
        "arima": Family(lambda dataset, seed, say: arima.fit(dataset, seed=seed), refit=21),
        "lstm": Family(
            lambda dataset, seed, say: lstm.fit(dataset, seed=seed, say=say),
            refit=252,
            sketch=lambda dataset, seed, say: lstm.fit(dataset, seed=seed, plan=_LSTM, say=say),
        ),
        "transformer": Family(
            lambda dataset, seed, say: transformer.fit(dataset, seed=seed, say=say),
            refit=252,
            sketch=lambda dataset, seed, say: transformer.fit(dataset, seed=seed, plan=_TRANSFORMER, say=say),
        ),
        "blend": Family(
            lambda dataset, seed, say: blend.fit(dataset, seed=seed, say=say), refit=252, sketch=_sketch_blend
        ),
    }
)
"""By name, in the order of tables."""

QUICK: Mapping[str, Family] = MappingProxyType({name: family.quick for name, family in FAMILIES.items()})
"""All families by their sketches."""


def find_family(name: str) -> Family:
    """The family of a name. Raises ModelError."""
    if name not in FAMILIES:
        raise ModelError(f"family: expected one of {', '.join(FAMILIES)}, was {name!r}")
    return FAMILIES[name]
