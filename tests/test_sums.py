import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.sums import group_sums, slices, totals

values = st.lists(st.floats(0, 1e9), min_size=1, max_size=60)


@given(values, st.randoms())
def test_sums_are_equal_in_any_order_to_the_bit(terms: list[float], rng: random.Random) -> None:
    shuffled = rng.sample(terms, len(terms))
    whole = np.zeros(1, dtype=np.int64)

    assert totals(group_sums(slices(np.asarray(terms)), whole)) == totals(
        group_sums(slices(np.asarray(shuffled)), whole)
    )


@given(values, st.integers(0, 60))
def test_sums_are_equal_in_any_grouping_to_the_bit(terms: list[float], cut: int) -> None:
    parts = slices(np.asarray(terms))
    cut = min(cut, len(terms))

    halves = parts[:, :cut].sum(axis=1) + parts[:, cut:].sum(axis=1)

    assert totals(halves[:, None]) == totals(group_sums(parts, np.zeros(1, dtype=np.int64)))


@given(values)
def test_sums_are_right(terms: list[float]) -> None:
    (found,) = totals(group_sums(slices(np.asarray(terms)), np.zeros(1, dtype=np.int64)))

    assert found == pytest.approx(math.fsum(terms), rel=3e-16, abs=1e-28)


def test_group_sums_keep_groups_apart() -> None:
    parts = slices(np.asarray([0.1, 0.2, 0.3]))

    assert totals(group_sums(parts, np.asarray([0, 2]))).tolist() == pytest.approx([0.3, 0.3])
