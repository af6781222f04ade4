"""The state of a symbol and its market, in numbers around 0: what the pooled models read of one vector.

Everything is relative to the symbol's own exponentially weighted variance, the anchor, so that one set of weights
serves a utility and a chip maker. Surprises are cut off, because one day must not decide a regression.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats

STATE = (
    "return", "fall", "range_1", "range_5", "range_22", "range_66", "gap", "gap_fall", "volume",
    "market_return", "market_fall", "market_range_1", "market_range_5", "market_range_22", "market_level", "level",
    "fall_5", "fall_22", "market_return_5", "market_fall_5", "market_fall_22", "season", "unrest", "rush",
)  # fmt: skip
"""Names of the numbers, in order."""

RARE = 0.001
"""Share of training rows beyond which, on each side, a pooled model holds its inputs."""

_CUT = 5.0


def state(names: Sequence[str], values: Floats, wanted: Sequence[str] = STATE) -> tuple[Floats, Floats]:
    """The anchor (...,), a log variance, and the `wanted` numbers (..., len(wanted)) of vectors (..., len(names)).

    Raises ModelError where a feature is missing.
    """
    anchor, numbers = columns(names, values, wanted)
    return anchor, np.stack(list(numbers), axis=-1)


def columns(names: Sequence[str], values: Floats, wanted: Sequence[str]) -> tuple[Floats, Iterator[Floats]]:
    """What `state` gives, the numbers one after the other, (...,) each, so that not all are in memory at once.

    Some are views of `values`.
    """
    places = {name: place for place, name in enumerate(names)}

    def of(name: str) -> Floats:
        if name not in places:
            raise ModelError(f"features: expected {name}, was {', '.join(names)}")
        column: Floats = values[..., places[name]]
        return column

    anchor, market = of("log_range_ewma"), of("market_range_ewma")
    deviation = np.exp(anchor / 2)

    @cache
    def own(name: str, bars: int) -> Floats:
        return np.asarray(np.clip(of(name) / (deviation * np.sqrt(bars)), -_CUT, _CUT))

    @cache
    def whole(name: str, bars: int) -> Floats:
        return np.asarray(np.clip(of(name) / (np.exp(market / 2) * np.sqrt(bars)), -_CUT, _CUT))

    numbers: Mapping[str, Callable[[], Floats]] = {
        "return": lambda: np.abs(own("return_1", 1)),
        "fall": lambda: np.minimum(own("return_1", 1), 0),
        "range_1": lambda: of("log_range_1") - anchor,
        "range_5": lambda: of("log_range_5") - anchor,
        "range_22": lambda: of("log_range_22") - anchor,
        "range_66": lambda: of("log_range_66") - anchor,
        "gap": lambda: np.abs(own("gap", 1)),
        "gap_fall": lambda: np.minimum(own("gap", 1), 0),
        "volume": lambda: of("log_volume"),
        "market_return": lambda: np.abs(whole("market_return", 1)),
        "market_fall": lambda: np.minimum(whole("market_return", 1), 0),
        "market_range_1": lambda: of("market_range_1") - market,
        "market_range_5": lambda: of("market_range_5") - market,
        "market_range_22": lambda: of("market_range_22") - market,
        "market_level": lambda: market,
        "level": lambda: anchor,
        "fall_5": lambda: np.minimum(own("return_5", 5), 0),
        "fall_22": lambda: np.minimum(own("return_22", 22), 0),
        "market_return_5": lambda: whole("market_return_5", 5),
        "market_fall_5": lambda: np.minimum(whole("market_return_5", 5), 0),
        "market_fall_22": lambda: np.minimum(whole("market_return_22", 22), 0),
        "season": lambda: of("season_63"),
        "unrest": lambda: of("range_unrest_22"),
        "rush": lambda: np.maximum(of("log_volume") - 1, 0),
    }
    return anchor, (numbers[name]() for name in wanted)
