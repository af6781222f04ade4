import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.models.smearing import least_squares


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from([1e-4, 1.0, 1e4]))
def test_least_squares_are_those_of_numpy(seed: int, columns: int, unit: float) -> None:
    rng = np.random.default_rng(seed)
    inputs = (rng.standard_normal((60, columns)) + 3) * unit ** rng.integers(0, 2, columns)
    target = rng.standard_normal(60)

    expected = np.linalg.lstsq(inputs, target, rcond=None)[0]

    assert np.allclose(inputs @ least_squares(inputs, target), inputs @ expected, atol=1e-8)


def test_least_squares_of_columns_that_say_the_same_share_the_weight() -> None:
    rng = np.random.default_rng(1)
    column = rng.standard_normal(500)
    inputs = np.column_stack([np.ones(500), column, column, np.zeros(500)])

    weights = least_squares(inputs, 2 * column + 1)

    assert np.allclose(weights, [1, 1, 1, 0], atol=1e-9)
