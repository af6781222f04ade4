"""The state of a symbol and its market, in numbers around 0: what the pooled models read of one vector.

Everything is relative to the symbol's own exponentially weighted variance, the anchor, so that one set of weights
serves a utility and a chip maker. Surprises are cut off, because one day must not decide a regression.
"""

from collections.abc import Sequence

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


def state(names: Sequence[str], values: Floats) -> tuple[Floats, Floats]:
    """The anchor (...,), a log variance, and the numbers (..., len(STATE)) of vectors (..., len(names)).

    Raises ModelError where a feature is missing.
    """
    places = {name: place for place, name in enumerate(names)}

    def of(name: str) -> Floats:
        if name not in places:
            raise ModelError(f"features: expected {name}, was {', '.join(names)}")
        column: Floats = values[..., places[name]]
        return column

    anchor, market = of("log_range_ewma"), of("market_range_ewma")
    deviation = np.exp(anchor / 2)

    def own_return(name: str, bars: int) -> Floats:
        return np.asarray(np.clip(of(name) / (deviation * np.sqrt(bars)), -_CUT, _CUT))

    def whole_return(name: str, bars: int) -> Floats:
        return np.asarray(np.clip(of(name) / (np.exp(market / 2) * np.sqrt(bars)), -_CUT, _CUT))

    night = np.clip(of("gap") / deviation, -_CUT, _CUT)
    own, whole, whole_5 = (
        own_return("return_1", 1),
        whole_return("market_return", 1),
        whole_return("market_return_5", 5),
    )
    numbers = (
        np.abs(own),
        np.minimum(own, 0),
        of("log_range_1") - anchor,
        of("log_range_5") - anchor,
        of("log_range_22") - anchor,
        of("log_range_66") - anchor,
        np.abs(night),
        np.minimum(night, 0),
        of("log_volume"),
        np.abs(whole),
        np.minimum(whole, 0),
        of("market_range_1") - market,
        of("market_range_5") - market,
        of("market_range_22") - market,
        market,
        anchor,
        np.minimum(own_return("return_5", 5), 0),
        np.minimum(own_return("return_22", 22), 0),
        whole_5,
        np.minimum(whole_5, 0),
        np.minimum(whole_return("market_return_22", 22), 0),
        of("season_63"),
        of("range_unrest_22"),
        np.maximum(of("log_volume") - 1, 0),
    )
    return anchor, np.stack(numbers, axis=-1)
