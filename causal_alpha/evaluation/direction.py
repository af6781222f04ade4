"""How often the direction of the next second is right, on later minutes than those it was fitted on."""

from collections.abc import Sequence

import numpy as np

from causal_alpha.evaluation.moments import Moments
from causal_alpha.frames import Floats
from causal_alpha.intervals import SECOND
from causal_alpha.models import direction
from causal_alpha.models.direction import Direction

SHARE = 0.6
"""Of the time, for the fit; then a second that belongs to neither side; the rest is for the test."""
BLOCK = 10 * SECOND
DRAWS = 1_000


def judge_direction(moments: Sequence[Moments], *, seed: int = 0) -> tuple[Direction, dict[str, dict[str, float]]]:
    """One model for all symbols, fitted on the first part of the time, and figures of each on the rest.

    `accuracy`: share of right signs where the middle moved; `low`, `high`: its 95 % interval by a moving-block
    bootstrap (Künsch, Annals of Statistics 17(3), 1989) of blocks of ten seconds; `r2` of the move; `moves`: how many.
    """
    first, last = min(one.ts[0] for one in moments), max(one.ts[-1] for one in moments)
    edge = int(first + SHARE * (last - first))
    before = [one.take(one.ts < edge - SECOND) for one in moments]
    model = direction.fit(
        np.concatenate([one.inputs for one in before]),
        np.concatenate([one.scale for one in before]),
        np.concatenate([one.move for one in before]),
    )
    generator = np.random.default_rng(seed)
    return model, {one.symbol: _figures(model, one.take(one.ts >= edge), generator) for one in moments}


def _figures(model: Direction, one: Moments, generator: np.random.Generator) -> dict[str, float]:
    expected = model.expect(one.inputs, one.scale)
    spoken = np.isfinite(expected) & np.isfinite(one.move)
    moved = spoken & (one.move != 0) & (expected != 0)
    if not moved.any():
        return {"accuracy": float("nan"), "low": float("nan"), "high": float("nan"), "r2": float("nan"), "moves": 0.0}
    right = np.where(moved, (expected > 0) == (one.move > 0), False)
    step = int(np.median(np.diff(one.ts)))
    low, high = np.quantile(_resampled(right, moved, max(1, BLOCK // step), generator), [0.025, 0.975])
    error, change = ((one.move - expected)[spoken] ** 2).sum(), (one.move[spoken] ** 2).sum()
    return {
        "accuracy": float(right.sum() / moved.sum()),
        "low": float(low),
        "high": float(high),
        "r2": float(1 - error / change),
        "moves": float(moved.sum()),
    }


def _resampled(right: Floats, moved: Floats, block: int, generator: np.random.Generator) -> Floats:
    """Accuracies of DRAWS series put together from blocks of this one."""
    n = len(right)
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(np.stack([right, moved], axis=1).astype(float), axis=0)])
    block = min(block, n)
    begins = generator.integers(0, n - block + 1, (DRAWS, -(-n // block)))
    totals = (sums[begins + block] - sums[begins]).sum(axis=1)
    accuracies: Floats = totals[:, 0] / np.maximum(totals[:, 1], 1)
    return accuracies
