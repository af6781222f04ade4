"""The shipped check passes what keeps its word, and says what a faulty feature broke."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from causal_alpha.checks import check_feature
from causal_alpha.checks.walk import untraded, walk
from causal_alpha.features import DEFAULT, FIELDS, Feature, FeatureSet, MarketFeature, Window, rsi
from causal_alpha.frames import Floats
from examples.custom_feature import MINE

Function = Callable[[Window], Any]
CALLS: list[Floats] = []


def test_check_feature_passes_the_default_set() -> None:
    check_feature(DEFAULT)


@pytest.mark.parametrize("feature", [*DEFAULT.market, Feature("rsi_5", rsi, lookback=6), MINE])
def test_check_feature_passes_a_feature_by_itself(feature: Feature | MarketFeature | FeatureSet) -> None:
    check_feature(feature)


def forgets_fast(window: Window) -> Floats:
    """Old bars are lost in rounding, which is no hard end."""
    weights = 0.5 ** np.arange(window.width)[::-1]
    return np.asarray((window.close * weights).sum(axis=1) / weights.sum())


def of_three(window: Window) -> Floats:
    """Takes no other width than 3."""
    return np.asarray((window.close * np.array([0.2, 0.3, 0.5])).sum(axis=1))


def trend(window: Window) -> Floats:
    """A sign gives numbers that don't need a NaN: what has no close is not asked for."""
    return np.where(window.close[:, -1] > window.close[:, 0], 1.0, -1.0)


@pytest.mark.parametrize(("function", "lookback"), [(forgets_fast, 12), (of_three, 3), (trend, 9)])
def test_check_feature_passes_what_is_unusual_but_right(function: Function, lookback: int) -> None:
    check_feature(Feature("odd", function, lookback=lookback))


# -- faulty ones -----------------------------------------------------------------------------------


def scaled_by_all_of_history(window: Window) -> Floats:
    last = window.close[:, -1]
    return np.asarray((last - last.mean()) / last.std())


def takes_the_next_row(window: Window) -> Floats:
    return np.roll(window.returns[:, -1], -5)


def takes_the_row_before(window: Window) -> Floats:
    last = window.returns[:, -1]
    return np.concatenate([last[:1], last[:-1]])


def shares_out(window: Window) -> Floats:
    return window.close[:, -1] / len(window)


def spreads_nan(window: Window) -> Floats:
    last = window.close[:, -1]
    return np.asarray(last + 0.0 * last.sum())


def mean_of_20(window: Window) -> Floats:
    return np.asarray(window.close[:, -20:].mean(axis=1))


def highest_of_20(window: Window) -> Floats:
    return np.asarray(window.high[:, -20:].max(axis=1))


def return_5(window: Window) -> Floats:
    return np.asarray(np.log(window.close[:, -1] / window.close[:, -6]))


def rolling_20(window: Window) -> Floats:
    return mean_of_20(window) if window.width >= 20 else np.full(len(window), np.nan)


def demeans_in_place(window: Window) -> Floats:
    close = window.close
    close -= close.mean(axis=1, keepdims=True)
    return close[:, -1]


def cleans_returns_in_place(window: Window) -> Floats:
    return np.asarray(np.nan_to_num(window.returns, copy=False).sum(axis=1))


def counts_calls(window: Window) -> Floats:
    CALLS.append(window.close)
    return np.full(len(window), float(len(CALLS)))


def running_high(window: Window) -> Floats:
    CALLS.append(window.high)
    return np.full(len(window), max(float(high.max()) for high in CALLS))


def noise(window: Window) -> Floats:
    return np.random.default_rng().normal(size=len(window))


def spread_or_zero(window: Window) -> Floats:
    return np.nan_to_num(window.ask[:, -1] - window.bid[:, -1])


def log_volume(window: Window) -> Floats:
    return np.asarray(np.log(window.volume[:, -1]))


def position(window: Window) -> Floats:
    return np.asarray((window.close[:, -1] - window.low[:, -1]) / (window.high[:, -1] - window.low[:, -1]))


@pytest.mark.parametrize(
    ("function", "lookback", "says"),
    [
        (scaled_by_all_of_history, 1, "expected later bars to change nothing"),
        (takes_the_next_row, 2, "expected later bars to change nothing"),
        (takes_the_row_before, 2, "expected one time alone to give what all times at once give"),
        (shares_out, 1, "expected one time alone to give what all times at once give"),
        (spreads_nan, 1, "expected later bars to change nothing, was nan instead of "),
        (mean_of_20, 5, "expected a lookback of the 20 bars that it looks at, was 5"),
        (highest_of_20, 12, "expected a lookback of the 20 bars that it looks at, was 12"),
        (return_5, 5, "expected values, raised IndexError: index -6 is out of bounds"),
        (rolling_20, 10, r"expected finite values once 10 bars are there, was \[nan\]"),
        (demeans_in_place, 5, "expected values, raised ValueError: .*read-only; what it is given must stay as it is"),
        (cleans_returns_in_place, 5, "expected values, raised ValueError: .*read-only; what it is given must stay"),
        (counts_calls, 1, "expected equal values for equal bars"),
        (running_high, 1, "expected equal values for equal bars"),
        (noise, 1, "expected equal values for equal bars"),
        (spread_or_zero, 1, r"expected nan where (bid|ask) is nan, was \[0. 0. 0. 0. 0.\]"),
        (log_volume, 1, r"expected finite values where nobody traded, was \[-inf\]"),
        (position, 1, r"expected finite values where nobody traded, was \[nan\]"),
        (lambda window: window.close[:, -1:], 1, r"expected shape \(5,\), was \(5, 1\)"),
        (lambda window: window.close[:, -1].mean(), 1, "expected an array, was "),
        (lambda window: window.close[:, -1].astype(np.float32), 1, "expected float64, was float32"),
        (lambda window: window.close[:, -1].tolist(), 1, r"expected an array, was \["),
    ],
)
def test_check_feature_says_what_a_feature_broke(function: Function, lookback: int, says: str) -> None:
    CALLS.clear()
    with pytest.raises(AssertionError, match=f"^faulty: {says}"):
        check_feature(Feature("faulty", function, lookback=lookback))


def test_check_feature_names_the_faulty_one_of_a_set() -> None:
    with pytest.raises(AssertionError, match=r"^noise: "):
        check_feature(DEFAULT + FeatureSet((Feature("noise", noise, lookback=3),)))


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda values: np.full(len(values), values.mean()), "expected a symbol without a value to count as absent"),
        (np.nan_to_num, "expected nan where no symbol has a value"),
        (np.nancumsum, "expected symbols in another order to give the same"),
        (
            lambda values: (values - np.nanmean(values)) / np.nanstd(values),
            "expected finite values for a single symbol",
        ),
        (np.nanmean, "expected an array"),
        (lambda values: values[:1] * np.ones(1), r"expected shape \(5,\), was \(1,\)"),
        (lambda values: values + np.random.default_rng().random(), "expected equal results for equal values"),
    ],
)
def test_check_feature_says_what_a_market_feature_broke(function: Callable[[Floats], Any], says: str) -> None:
    with pytest.raises(AssertionError, match=f"^faulty: {says}"):
        check_feature(MarketFeature("faulty", "return_1", function))


def test_check_feature_says_that_a_market_feature_changes_what_it_is_given() -> None:
    def function(values: Floats) -> Floats:
        values -= values.mean()
        return values.copy()

    with pytest.raises(AssertionError, match=r"^faulty: expected values that stay as they are"):
        check_feature(MarketFeature("faulty", "return_1", function))


def test_check_feature_refuses_what_is_no_feature() -> None:
    with pytest.raises(AssertionError, match="expected a Feature, MarketFeature or FeatureSet, was <function"):
        check_feature(rsi)  # type: ignore[arg-type]


# -- the bars it uses ------------------------------------------------------------------------------


def test_walk_makes_bars_that_could_be() -> None:
    bars = walk(3, 50, seed=2)

    opening, high, low, close, volume, vwap = bars[:6]
    assert ((low <= opening) & (opening <= high) & (low <= close) & (close <= high)).all()
    assert ((low <= vwap) & (vwap <= high) & (bars[FIELDS.index("bid")] < bars[FIELDS.index("ask")])).all()
    assert ((bars[FIELDS.index("buy_volume")] <= volume) & (volume > 0)).all()
    assert (bars == walk(3, 50, seed=2)).all()


def test_untraded_bars_stand_at_the_close_before() -> None:
    bars = walk(2, 9, seed=2)

    quiet = untraded(bars, 4, 7)

    close = bars[FIELDS.index("close"), :, 3]
    assert (quiet[:4, :, 4:7] == close[:, None]).all()
    assert (quiet[FIELDS.index("volume"), :, 4:7] == 0).all()
    assert (quiet[:, :, [*range(4), 7, 8]] == bars[:, :, [*range(4), 7, 8]]).all()
