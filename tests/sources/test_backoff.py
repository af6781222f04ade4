import random
from itertools import pairwise

import numpy as np

from causal_alpha.sources.backoff import Backoff


def test_backoff_stays_within_its_bounds() -> None:
    full = Backoff(first=1.0, longest=60.0, draw=random.Random(1))
    waits = np.asarray([full.failed() for _ in range(2_000)])
    bounds = np.minimum(60.0, 2.0 ** np.arange(2_000).clip(max=60))
    assert (waits <= bounds).all()
    assert 25 < waits[10:].mean() < 35  # full jitter: evenly between 0 and the bound
    half = Backoff(first=1.0, longest=60.0, least=0.5, draw=random.Random(1))
    assert min(half.failed() for _ in range(500)) >= 0.5


def test_backoff_of_two_askers_is_not_in_step() -> None:
    """Case 10 of the peers' reference: waits grow, have a cap, and are random."""
    one, other = (Backoff(first=1.0, longest=60.0, least=0.25, draw=random.Random(seed)) for seed in (1, 2))
    waits = [(one.failed(), other.failed()) for _ in range(40)]
    assert all(mine != yours for mine, yours in waits)
    assert max(max(pair) for pair in waits) <= 60.0
    bounds = [min(60.0, 2.0**i) for i in range(40)]
    assert all(0.25 * bound <= min(pair) for pair, bound in zip(waits, bounds, strict=True))
    assert all(before <= after for before, after in pairwise(bounds))
    one.succeeded()
    assert one.failed() <= 1.0
