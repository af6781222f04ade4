"""What a feature is, and what a set of them computes."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from causal_alpha.errors import FeatureError
from causal_alpha.features.window import Window
from causal_alpha.frames import Floats, Ints


@dataclass(frozen=True)
class Feature:
    """A named function of a window of exactly `lookback` bars: one number a row, looking at that row alone.

    It must not change the window. `version` counts up when the function changes its meaning.
    """

    name: str
    function: Callable[[Window], Floats]
    lookback: int
    version: int = 1

    def __post_init__(self) -> None:
        if self.lookback < 1:
            raise FeatureError(f"{self.name}: expected a lookback of at least 1 bar, was {self.lookback}")


@dataclass(frozen=True)
class MarketFeature:
    """A function of the values of the feature `of` over the universe at one time, symbols in sorted order.

    It gives one number a symbol. A symbol whose value is NaN is one that isn't there.
    """

    name: str
    of: str
    function: Callable[[Floats], Floats]
    version: int = 1


@dataclass(frozen=True)
class FeatureSet:
    """Features in the order of a vector's values. A model remembers `hash` and refuses another.

    Sets add up: `DEFAULT + MINE` has the features of both. Raises FeatureError for a name twice, or a market feature
    of one that isn't there.

    >>> last = Feature("last", lambda window: window.close[:, -1], lookback=1)
    >>> mean = Feature("mean", lambda window: window.close.mean(axis=1), lookback=3)
    >>> both = FeatureSet((last,)) + FeatureSet((mean,))
    >>> bars = np.array([[[5.0, 6.0, 7.0], [np.nan, 6.0, 7.0]]] * 4)  # two symbols; the second one is new
    >>> both.names, both.lookback, both.compute(Window(bars), np.array([0, 0])).tolist()
    (('last', 'mean'), 3, [[7.0, 6.0], [7.0, nan]])
    """

    features: tuple[Feature, ...]
    market: tuple[MarketFeature, ...] = ()

    def __post_init__(self) -> None:
        if not self.features:
            raise FeatureError("feature set: expected at least one feature, was none")
        own = {feature.name for feature in self.features}
        for market in self.market:
            if market.of not in own:
                raise FeatureError(f"{market.name}: expected a feature of the set, was {market.of!r}")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise FeatureError(f"feature set: expected a name once, was twice {', '.join(twice)}")

    def __add__(self, other: "FeatureSet") -> "FeatureSet":
        return self._plus(other.features, other.market)

    def __or__(self, other: "FeatureSet") -> "FeatureSet":
        """The features of both; what both declare alike (name, look-back or source, version) is there once.

        Raises FeatureError for a name that means something else in each.
        """
        own = set(self._declared())
        return self._plus(
            tuple(feature for feature in other.features if _declared(feature) not in own),
            tuple(feature for feature in other.market if _declared(feature) not in own),
        )

    def _declared(self) -> list[str]:
        return [_declared(one) for one in self.features] + [_declared(one) for one in self.market]

    def _plus(self, features: tuple[Feature, ...], market: tuple[MarketFeature, ...]) -> "FeatureSet":
        return FeatureSet(self.features + features, self.market + market)

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.features) + tuple(f.name for f in self.market)

    @cached_property
    def lookback(self) -> int:
        """Bars that the longest feature sees; vectors are complete from then on, but for what a feed lacks."""
        return max(feature.lookback for feature in self.features)

    @cached_property
    def lookbacks(self) -> dict[str, int]:
        """The bars that each value sees, in the order of `names`."""
        own = {feature.name: feature.lookback for feature in self.features}
        return own | {market.name: own[market.of] for market in self.market}

    @cached_property
    def hash(self) -> str:
        parts = self._declared()
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def compute(self, window: Window, times: Ints) -> Floats:
        """Values of shape (n, len(names)); NaN where not all bars that a feature looks back on have a close.

        `times` tells which rows belong together; rows must be sorted by time, then symbol. Raises FeatureError
        where the window has fewer bars than `lookback`, or a function gives another shape than (n,).
        """
        n = len(window)
        window = Window(window.last(self.lookback).bars)  # a whole one: nothing is derived that nobody looks at
        columns = np.empty((len(self.names), n))
        with np.errstate(divide="ignore", invalid="ignore"):
            for place, feature in enumerate(self.features):
                result = feature.function(window.last(feature.lookback))
                _expect_shape(feature.name, result, n)
                columns[place] = np.where(window.known >= feature.lookback, result, np.nan)
            edges = _edges(times) if self.market else []
            for place, market in enumerate(self.market, start=len(self.features)):
                source = columns[self.names.index(market.of)].copy()
                for first, end in pairwise(edges):
                    result = market.function(source[first:end])
                    _expect_shape(market.name, result, end - first)
                    columns[place, first:end] = result
        columns[np.isnan(columns)] = np.nan  # one NaN of the many there are: equal vectors have equal bytes
        return np.ascontiguousarray(columns.T)


def _declared(feature: Feature | MarketFeature) -> str:
    """What makes two features the same one."""
    way = feature.lookback if isinstance(feature, Feature) else feature.of
    return f"{feature.name}:{way}:{feature.version}"


def _edges(times: Ints) -> list[int]:
    """Where each time's rows begin, and the end."""
    return np.flatnonzero(np.diff(times, prepend=times[:1] - 1, append=times[-1:] + 1)).tolist()


def _expect_shape(name: str, result: Floats, n: int) -> None:
    if np.shape(result) != (n,):
        raise FeatureError(f"{name}: expected shape ({n},), was {np.shape(result)}")
