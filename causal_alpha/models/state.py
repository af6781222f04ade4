"""The state of a symbol and its market, in numbers around 0: what the pooled models read of one vector.

Everything is relative to the symbol's own exponentially weighted variance, the anchor, so that one set of weights
serves a utility and a chip maker. Surprises are cut off, because one day must not decide a regression.
"""

from collections.abc import Sequence

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats

STATE = (
    "return", "fall", "range_1", "range_5", "range_22", "range_66", "gap", "volume",
    "market_return", "market_fall", "market_range_1", "market_range_5", "market_range_22", "market_level", "level",
)  # fmt: skip
"""Names of the numbers, in order."""

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
    own = np.clip(of("return_1") / deviation, -_CUT, _CUT)
    whole = np.clip(of("market_return") / np.exp(market / 2), -_CUT, _CUT)
    numbers = (
        np.abs(own),
        np.minimum(own, 0),
        of("log_range_1") - anchor,
        of("log_range_5") - anchor,
        of("log_range_22") - anchor,
        of("log_range_66") - anchor,
        np.abs(np.clip(of("gap") / deviation, -_CUT, _CUT)),
        of("log_volume"),
        np.abs(whole),
        np.minimum(whole, 0),
        of("market_range_1") - market,
        of("market_range_5") - market,
        of("market_range_22") - market,
        market,
        anchor,
    )
    return anchor, np.stack(numbers, axis=-1)
