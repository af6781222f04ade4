"""Fitted models and the stream of vectors that they were fitted on, made up and quick."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Floats, Frame
from causal_alpha.history import history
from causal_alpha.lineup import Loaded
from causal_alpha.models import blend, har
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.models.base import Outlook, Vectors
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.models.network import INPUTS, Network, Scaler
from causal_alpha.records import Bar, Features

SERVED = DEFAULT | VOLATILITY


@cache
def bars(*, odd: bool = True) -> Frame[Bar]:
    """Of six symbols; `odd`: one never moves, and one is new."""
    return made_up(sessions=420, odd=odd)


@cache
def dataset() -> Dataset:
    return Dataset.from_bars(bars())


@cache
def vectors(*, odd: bool = True) -> Frame[Features]:
    return history(SERVED, bars(odd=odd), SERVED.lookback)


def times(*, odd: bool = True) -> Iterator[Frame[Features]]:
    """The vectors of one time after the other, as the features agent sends them."""
    features = vectors(odd=odd)
    starts = features.ints("start")
    for start in np.unique(starts).tolist():
        yield features.take(starts == start)


@dataclass(frozen=True)
class Echo:
    """A stand-in for a deep net: looks back `lags` vectors, knows only some symbols."""

    family: str = "lstm"
    lags: int = 40
    knows: str = "S"

    def outlook(self, vectors: Vectors) -> Outlook:
        ranges = np.exp(vectors.column("log_range_1", self.lags)).mean(axis=1)
        ranges = np.where([name.startswith(self.knows) for name in vectors.symbols], ranges, np.nan)
        both = np.stack([ranges, ranges], axis=1)
        return Outlook(location=both * 0.0, ranges=both)


@cache
def har_artefact() -> Artefact:
    return seal(har.fit(dataset()), dataset(), seed=0)


@cache
def blend_artefact() -> Artefact:
    """HAR and a net whose skip is all there is: its graph is a plain function."""
    weights = np.linspace(-0.1, 0.1, len(INPUTS), dtype=np.float32)[:, None] * np.ones((1, 2), dtype=np.float32)
    ones = np.ones(len(INPUTS))
    scaler = Scaler(low=-5 * ones, high=5 * ones, centre=0 * ones, spread=ones)

    def run(windows: np.ndarray) -> np.ndarray:
        return (windows[:, -1, :, None] * weights).sum(axis=1)

    net = Network("lstm", 40, scaler, np.zeros(2), run, None, ())
    return seal(blend.Blend((har.fit(dataset()), net)), dataset(), seed=0)


def loaded(artefact: Artefact, alias: str = "champion", version: str = "1") -> Loaded:
    return Loaded(artefact.family, "1d", alias, version, artefact)


def echo(**facts: object) -> Artefact:
    """HAR's artefact with a stand-in for its model."""
    return replace(har_artefact(), model=Echo(**facts))  # type: ignore[arg-type]


def broken(change: Callable[[Floats], Floats]) -> Artefact:
    """HAR whose shape of errors was changed."""
    return replace(har_artefact(), shape=change(har_artefact().shape))
