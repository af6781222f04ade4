import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from causal_alpha.records import LEVELS
from causal_alpha.scoring import (
    clustered_t,
    covered,
    crps,
    daily_means,
    hac_t,
    pinball,
    qlike,
    winkler,
    worst_window,
)

VARIANCE = st.floats(1e-6, 1e-1)


@given(truth=VARIANCE, forecast=VARIANCE)
def test_qlike_is_least_at_the_truth(truth: float, forecast: float) -> None:
    loss = float(qlike(np.array([truth]), np.array([forecast]))[0])
    assert loss >= -1e-12
    assert (loss < 1e-9) == (abs(forecast / truth - 1) < 1e-4)


def test_qlike_floors_still_days() -> None:
    assert qlike(np.array([0.0]), np.array([1e-7])).tolist() == [0.0]


@given(st.floats(-0.1, 0.1), st.floats(1e-4, 0.05))
def test_crps_over_many_levels_is_the_closed_form_of_the_normal(truth: float, scale: float) -> None:
    levels = tuple(((np.arange(2000) + 0.5) / 2000).tolist())
    said = crps(np.array([truth]), scale * norm.ppf(levels)[None, :], levels)[0]
    z = truth / scale
    closed = scale * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert said == pytest.approx(closed, rel=2e-3, abs=1e-7)


def test_pinball_is_least_at_the_quantiles_of_the_sample() -> None:
    sample = np.random.default_rng(1).standard_t(4, 20_000)
    best = np.quantile(sample, LEVELS)
    least = pinball(sample, np.broadcast_to(best, (len(sample), len(LEVELS)))).mean(axis=0)
    for shift in (-0.1, 0.1):
        worse = pinball(sample, np.broadcast_to(best + shift, (len(sample), len(LEVELS)))).mean(axis=0)
        assert (worse > least).all()


def test_covered_and_winkler_agree_on_what_lies_outside() -> None:
    truth, low, high = np.array([0.0, 2.0, -2.0, np.nan]), np.full(4, -1.0), np.full(4, 1.0)
    assert covered(truth, low, high)[:3].tolist() == [1, 0, 0]
    assert np.isnan(covered(truth, low, high)[3])
    assert winkler(truth, low, high, 0.95)[:3] == pytest.approx([2, 42, 42])


def test_daily_means_leave_out_the_unknown() -> None:
    assert daily_means(np.array([1.0, np.nan, 5.0, np.nan]), np.array([7, 7, 3, 9])).tolist() == [5.0, 1.0]


def test_t_by_date_is_not_fooled_by_many_symbols() -> None:
    """A hundred symbols that move together are one observation a day."""
    rng = np.random.default_rng(3)
    t_values = []
    for _ in range(200):
        common = np.repeat(rng.standard_normal(120), 100)
        dates = np.repeat(np.arange(120), 100)
        t_values.append(clustered_t(common + 0.1 * rng.standard_normal(len(common)), np.zeros(len(common)), dates))
    assert 0.8 < np.std(t_values) < 1.35


def test_t_allows_for_overlapping_horizons() -> None:
    rng = np.random.default_rng(4)
    overlapping = [np.convolve(rng.standard_normal(504), np.ones(5) / 5, "valid") for _ in range(300)]
    assert 0.8 < np.std([hac_t(series, horizon=5) for series in overlapping]) < 1.35
    assert hac_t(np.ones(10)) == 0.0
    assert hac_t(np.ones(1)) == 0.0


def test_worst_window_finds_the_stretch_furthest_from_nominal() -> None:
    hits = np.full(1000, 0.8)
    hits[400:450] = 0.3
    assert worst_window(hits, 0.8) == pytest.approx(0.7)
    assert worst_window(np.array([0.5, 0.7]), 0.8) == pytest.approx(0.6)
