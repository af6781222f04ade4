"""Which way the middle of a quote goes within a second: a line through what the book and the last second say.

Sizes at the best prices lean where the price goes next (Gould and Bonart, Market Microstructure and Liquidity 2(2),
2016); so does who has just traded, and the move has some momentum. No claim of profit: the moves are smaller than
what trading them costs.
"""

from dataclasses import dataclass

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats

INPUTS = ("imbalance", "flow", "momentum")
"""Bid size less ask size over their sum; volume bought less sold in the last second over their sum; log return of the
middle over the last second in units of `scale`."""


@dataclass(frozen=True)
class Direction:
    """`weights` (3,) of INPUTS. No constant: what is turned round is forecast the other way.

    >>> model = Direction(np.array([0.4, 0.1, 0.2]))
    >>> model.expect(np.array([[0.5, 0.0, 1.0], [-0.5, 0.0, -1.0]]), np.array([1e-5, 1e-5])).round(8).tolist()
    [4e-06, -4e-06]
    """

    weights: Floats

    def expect(self, inputs: Floats, scale: Floats) -> Floats:
        """Expected log return (n,) of the middle over the next second.

        `inputs` (n, 3), `scale` (n,) the root mean square of a second's move.
        """
        expected: Floats = (inputs * self.weights).sum(axis=1) * scale
        return expected


def fit(inputs: Floats, scale: Floats, move: Floats, *, least: int = 300) -> Direction:
    """Least squares of the moves (n,), log returns, in units of `scale`; rows with NaN are left out.

    Raises ModelError for fewer than `least` complete rows.
    """
    target = move / np.where(scale > 0, scale, np.nan)
    known = np.isfinite(inputs).all(axis=1) & np.isfinite(target)
    if known.sum() < least:
        raise ModelError(f"moments: expected at least {least} complete ones, was {int(known.sum())}")
    held = np.clip(target[known], -5, 5)  # one jump must not decide
    return Direction(np.asarray(np.linalg.lstsq(inputs[known], held, rcond=None)[0]))
