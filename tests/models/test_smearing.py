import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.models.smearing import BLOCKS, least_squares, unseen_smear


def sample(sessions: int, inputs: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ten symbols a session that share most of what can't be forecast, as stocks do; nothing can be forecast."""
    rng = np.random.default_rng(seed)
    session = np.repeat(np.arange(sessions), 10)
    shared = rng.standard_normal((sessions, inputs))[session]
    target = 0.5 * rng.standard_normal(sessions)[session] + 0.1 * rng.standard_normal(10 * sessions)
    return np.column_stack([np.ones(len(session)), shared]), target, session


def test_smear_of_unseen_sessions_makes_forecasts_unbiased_where_that_of_the_fit_does_not() -> None:
    said, plain = [], []
    for seed in range(40):
        inputs, target, session = sample(120, 24, seed)
        weights = least_squares(inputs, target)
        later, came, _ = sample(400, 24, 1000 + seed)
        ratio = np.exp(came - later @ weights).mean()
        plain.append(np.log(ratio) - np.log(np.exp(target - inputs @ weights).mean()))
        said.append(np.log(ratio) - unseen_smear(inputs, target, session))

    assert np.mean(plain) > 0.04
    assert abs(np.mean(said)) < 0.02


@given(st.floats(-3, 3), st.integers(2 * BLOCKS, 5 * BLOCKS))
def test_smear_does_not_move_with_a_constant(shift: float, sessions: int) -> None:
    inputs, target, session = sample(sessions, 1, 3)

    assert unseen_smear(inputs, target + shift, session) == pytest.approx(
        unseen_smear(inputs, target, session), abs=1e-6
    )


def test_smear_of_an_exact_line_is_nothing() -> None:
    inputs, _, session = sample(60, 3, 1)

    assert unseen_smear(inputs, inputs @ np.array([1.0, -2.0, 0.5, 0.1]), session) == pytest.approx(0.0, abs=1e-9)
