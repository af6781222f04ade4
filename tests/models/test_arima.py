import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.models import arima, recursion
from causal_alpha.models.artefact import look_back


def simulated(order: str, bars: int = 900, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shocks = 0.01 * rng.standard_normal(bars + 2)
    series = np.zeros(bars + 2)
    ar, ma = {"ar": ((0.6, -0.2), (0, 0)), "ma": ((0, 0), (0.5, 0.2)), "both": ((0.7, 0), (0.4, 0))}[order]
    for t in range(2, bars + 2):
        series[t] = ar[0] * series[t - 1] + ar[1] * series[t - 2] + shocks[t]
        series[t] += ma[0] * shocks[t - 1] + ma[1] * shocks[t - 2]
    return series[2:]


@pytest.mark.parametrize(
    ("order", "coefficients"),
    [
        ((2, 0, 0), (0.6, -0.2, 0.0, 0.0)),
        ((0, 0, 2), (0.0, 0.0, 0.5, 0.2)),
        ((1, 0, 1), (0.7, 0.0, 0.4, 0.0)),
        ((2, 0, 2), (0.5, -0.3, 0.4, 0.1)),
    ],
)
def test_recursion_equals_statsmodels_to_1e_8(order: tuple[int, int, int], coefficients: tuple[float, ...]) -> None:
    from statsmodels.tsa.arima.model import ARIMA

    series = simulated("both")
    held = coefficients[: order[0]] + coefficients[2 : 2 + order[2]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = ARIMA(series[:800], order=order, trend="n")
        # Forecasts don't depend on the variance, but the filter stops refining its gain at an absolute tolerance.
        fitted = model.filter([*held, 1.0])
    ours = np.asarray([coefficients])
    state = recursion.run(ours, series[None, :800])
    for bar in range(800, 820):
        expected = fitted.forecast(5)
        assert np.abs(recursion.forecast(ours, state, 5)[0] - expected).max() <= 1e-8
        assert np.abs(expected).max() > 1e-4  # a random walk could not fail this
        state = recursion.step(ours, state, series[bar : bar + 1])
        fitted = fitted.append(series[bar : bar + 1], refit=False)


def test_recursion_of_many_symbols_is_that_of_each() -> None:
    returns = np.stack([simulated("ar", 300, seed) for seed in range(4)])
    coefficients = np.tile([0.5, -0.1, 0.2, 0.0], (4, 1))
    together = recursion.run(coefficients, returns)
    apart = [recursion.run(coefficients[:1], returns[row : row + 1])[0] for row in range(4)]
    assert together.tolist() == np.stack(apart).tolist()


def test_window_of_the_model_forgets_its_start() -> None:
    returns = simulated("both", 900)[None]
    far = np.asarray([[0.0, 0.0, 1.8, 0.81]])  # inverse roots at -0.9, twice: the slowest that a fit may give
    long, short = recursion.run(far, returns), recursion.run(far, returns[:, -128:])
    assert np.abs(recursion.forecast(far, long, 5) - recursion.forecast(far, short, 5)).max() < 1e-4


def test_wild_weeks_are_no_structure() -> None:
    """Returns without any, but for forty that swing to and fro ten times as wide."""
    rng = np.random.default_rng(4)
    raw = 0.01 * rng.standard_normal((20, 1000))
    raw[:, 700:740] *= 10
    calm = np.stack([arima.standardised(one) for one in raw])
    believed = []
    for returns in (raw, calm):
        search = arima._Search(returns, np.full(20, 1000))
        search.run()
        believed.append(np.mean([order != (0, 0) for order in search.order]))

    assert calm.std() == pytest.approx(1.1, abs=0.1)
    assert believed[0] >= 0.25
    assert believed[1] <= 0.1


def test_standardised_returns_know_no_later_one() -> None:
    returns = simulated("both", 300)
    later = returns.copy()
    later[200:] *= 7

    assert arima.standardised(returns)[:200].tolist() == arima.standardised(later)[:200].tolist()
    assert arima.standardised(np.zeros(300)).tolist() == [0.0] * 300
    assert len(arima.standardised(np.empty(0))) == 0


def test_squares_are_those_of_the_recursion_that_serves() -> None:
    returns = np.stack([simulated("both", 300, seed) for seed in range(3)])
    returns[1, :100] = 0.0  # a symbol that came later
    coefficients = np.array([[0.6, -0.2, 0.5, 0.1], [0.0, 0.0, 0.0, 0.0], [-0.4, 0.0, 0.3, 0.0]])
    state, total = recursion.start(3), np.zeros(3)
    for bar in range(300):
        state = recursion.step(coefficients, state, returns[:, bar])
        total += state[:, 2] ** 2

    assert np.allclose(arima._squares(coefficients, returns), total, rtol=1e-12)


@given(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5))
def test_forgetful_polynomials_have_no_root_beyond_the_limit(one: float, two: float) -> None:
    forced = arima.forgetful(np.array([one, two]))
    assert np.isrealobj(forced)
    # A double root moves by the square root of a rounding error.
    assert np.abs(np.roots([1, -forced[0], -forced[1]])).max(initial=0) <= arima.FURTHEST + 1e-6


@pytest.mark.parametrize(("kind", "near"), [("ar", 0.6), ("ma", 0.5), ("both", 0.9)])
def test_search_finds_structure_that_is_there(kind: str, near: float) -> None:
    returns = np.stack([simulated(kind, 1500, seed) for seed in range(3)])
    search = arima._Search(returns, np.full(3, 1500))
    search.run()
    assert all(sum(order) >= 1 for order in search.order)
    first = recursion.forecast(search.coefficients, np.tile([1.0, 0.0, 1.0, 0.0], (3, 1)), 1)[:, 0]
    truth = {"ar": 0.6, "ma": 0.5, "both": 1.1}[kind]
    assert first == pytest.approx(truth, abs=0.15)
    assert (search.trust() > 0.9).all()
    assert near > 0


def test_rough_estimates_spare_fits_and_change_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty walks and nine series with structure, some of which came later."""
    walks = 0.01 * np.random.default_rng(3).standard_normal((40, 900))
    found = [simulated(kind, 900, seed) for kind in ("ar", "ma", "both") for seed in range(3)]
    returns, counts = np.concatenate([walks, found]), np.full(49, 900)
    for late in (0, 41, 45):
        returns[late, :300], counts[late] = 0.0, 600
    fits = []
    fit_one = arima._hannan_rissanen

    def counted(returns: np.ndarray, order: tuple[int, int]) -> np.ndarray:
        fits.append(order)
        return fit_one(returns, order)

    monkeypatch.setattr(arima, "_hannan_rissanen", counted)

    spared = arima._Search(returns, counts)
    spared.run()
    few = len(fits)
    monkeypatch.setattr(arima, "DOUBT", np.inf)
    every = arima._Search(returns, counts)
    every.run()

    assert few < (len(fits) - few) / 2
    assert spared.order == every.order
    assert spared.coefficients.tolist() == every.coefficients.tolist()
    assert all(order != (0, 0) for order in spared.order[40:])


@pytest.mark.parametrize(("kind", "order"), [("ar", (2, 0)), ("ma", (0, 2)), ("both", (1, 1))])
def test_rough_estimate_is_near_that_of_statsmodels(kind: str, order: tuple[int, int]) -> None:
    returns = np.stack([simulated(kind, 1500, seed) for seed in range(3)])

    rough = arima._Rough(returns).coefficients(order, [0, 1, 2])

    fitted = np.stack([arima._hannan_rissanen(one, order) for one in returns])
    assert np.abs(rough - fitted).max() < 0.01
    assert np.abs(fitted).max() > 0.1


def test_search_leaves_a_random_walk_alone() -> None:
    returns = 0.01 * np.random.default_rng(1).standard_normal((40, 1000))
    search = arima._Search(returns, np.full(40, 1000))
    search.run()
    walks = [order == (0, 0) for order in search.order]
    assert np.mean(walks) >= 0.9
    assert (search.trust()[walks] == 0).all()


def test_fit_knows_each_symbol_and_is_silent_about_others() -> None:
    data = Dataset.from_bars(made_up(symbols=4, sessions=600, odd=False))
    model = arima.fit(data)
    rows = np.flatnonzero(data.place == 599)
    said = look_back(model, data, rows)
    assert np.isfinite(said.ranges).all()
    assert np.isfinite(said.location).all()
    short = arima.fit(data.take(~((data.symbol == 2) & (data.place < 500))))
    said = look_back(short, data, rows)
    assert np.isnan(said.location[2]).all()
    assert np.isfinite(said.location[[0, 1, 3]]).all()


@given(st.lists(st.floats(-0.45, 0.45), min_size=4, max_size=4), st.integers(2, 40))
def test_echoes_give_the_state_that_the_recursion_reaches(coefficients: list[float], bars: int) -> None:
    ours = np.asarray([coefficients, coefficients[::-1]])
    returns = np.stack([simulated("ar", bars), simulated("ma", bars)])

    settled = recursion.settle(recursion.echoes(ours, bars), returns)

    assert np.abs(settled - recursion.run(ours, returns)).max() < 1e-14
