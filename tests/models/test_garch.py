"""GARCH recursion and how long a past it needs, alone and in a worker."""

import numpy as np
import pytest

from causal_alpha.inference import DEPTH, Inference
from causal_alpha.lineup import Lineup
from causal_alpha.models import garch
from causal_alpha.models.artefact import seal
from causal_alpha.models.inputs import VOLATILITY
from tests.panel import SERVED, dataset, loaded, times

PARAMETERS = np.asarray([[2e-6, 0.04, 0.06, 0.90]])
UNKNOWN = np.asarray([np.nan])


@pytest.fixture(scope="module")
def returns() -> np.ndarray:
    return 0.01 * np.random.default_rng(3).standard_normal((1, 600))


def test_variance_is_the_recursion_of_the_model(returns: np.ndarray) -> None:
    omega, alpha, gamma, beta = PARAMETERS[0]
    variance = omega / (1 - alpha - gamma / 2 - beta)
    for one in returns[0]:
        variance = omega + (alpha + gamma * (one < 0)) * one**2 + beta * variance

    assert garch.variance_after(PARAMETERS, returns, UNKNOWN) == pytest.approx(variance)


def test_window_that_starts_from_what_came_before_is_as_good_as_all_returns(returns: np.ndarray) -> None:
    whole = garch.variance_after(PARAMETERS, returns, UNKNOWN)
    short = returns[:, -DEPTH:]
    before = garch.variance_after(PARAMETERS, returns[:, : 1 - DEPTH], UNKNOWN)

    assert garch.variance_after(PARAMETERS, short, before) == pytest.approx(whole)
    assert garch.variance_after(PARAMETERS, short, 1.5 * before) == pytest.approx(whole, rel=0.01)


def test_young_symbol_is_spoken_of_from_the_first_honest_moment_on(returns: np.ndarray) -> None:
    young, gap = returns.copy(), returns.copy()
    young[:, : -garch.LEAST] = np.nan
    gap[:, -10] = np.nan

    alone = garch.variance_after(PARAMETERS, returns[:, -garch.LEAST :], UNKNOWN)
    assert garch.variance_after(PARAMETERS, young, UNKNOWN) == pytest.approx(alone)
    young[:, -garch.LEAST] = np.nan
    assert np.isnan(garch.variance_after(PARAMETERS, young, UNKNOWN)).all()
    assert np.isnan(garch.variance_after(PARAMETERS, gap, UNKNOWN)).all()


def test_worker_keeps_enough_vectors_for_garch() -> None:
    """It is served from the bar on that has its least number of returns, of each symbol that it was fitted on."""
    models = Lineup((loaded(seal(garch.fit(dataset(), least=250), dataset(), seed=0)),), ("garch",))
    inference, heard = Inference(frozenset({SERVED.hash, VOLATILITY.hash})), []
    for frame in times():
        said = inference.push("default|1d", frame, models)
        heard.append({row.symbol for row in said.rows() if row.family == "garch"})

    first = next(place for place, names in enumerate(heard) if names)
    assert first == garch.LEAST
    assert heard[-1] == set(dataset().symbols) - {"NEW"}
