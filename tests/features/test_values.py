"""What the functions give, worked out by hand."""

import math

import numpy as np
import pytest

from causal_alpha.features import (
    FIELDS,
    Window,
    close_zscore,
    ewma_variance,
    flow_imbalance,
    gap,
    garman_klass_variance,
    leverage,
    log_return,
    macd,
    macd_histogram,
    market_deviation,
    market_mean,
    microprice_distance,
    parkinson_variance,
    queue_imbalance,
    range_position,
    relative_spread,
    relative_to_market,
    rsi,
    volume_surprise,
    vwap_distance,
)

NAN = math.nan

LN2 = math.log(2)
E = math.e


def window(**columns: list[float]) -> Window:
    """One symbol's bars; fields that aren't given are NaN."""
    width = len(next(iter(columns.values())))
    return Window(np.asarray([[columns.get(name, [NAN] * width)] for name in FIELDS]))


@pytest.mark.parametrize(
    ("function", "columns", "expected"),
    [
        (log_return(1), {"close": [1, E, E**3]}, 2.0),
        (log_return(2), {"close": [1, E, E**3]}, 3.0),
        (gap, {"open": [5, E], "close": [1, 7]}, 1.0),
        (leverage, {"close": [1, E, E**-3]}, -1.5),
        (leverage, {"close": [1, E**-1, E**3]}, 0.0),
        (ewma_variance, {"close": [1, E, E**3]}, (0.94 * 1 + 4) / 1.94),
        (parkinson_variance, {"high": [E, E**2], "low": [1, 1]}, 2.5 / (4 * LN2)),
        (
            garman_klass_variance,
            {"high": [E, E**2], "low": [1, 1], "open": [1, 1], "close": [1, E]},
            1.25 - (2 * LN2 - 1) / 2,
        ),
        (volume_surprise, {"volume": [1, 3, 5]}, 1.5),
        (volume_surprise, {"volume": [0, 0, 5]}, 0.0),
        (vwap_distance, {"close": [1, E], "vwap": [7, 1], "volume": [0, 2]}, 1.0),
        (vwap_distance, {"close": [1, 4], "vwap": [1, 2.5], "volume": [1, 2]}, math.log(2)),
        (rsi, {"close": [1, 4, 3]}, 75.0),
        (rsi, {"close": [3, 2, 1]}, 0.0),
        (rsi, {"close": [2, 2, 2]}, 50.0),
        (close_zscore, {"close": [1, 3]}, 1.0),
        (close_zscore, {"close": [0.1, 0.1, 0.1]}, 0.0),
        (range_position, {"high": [5, 4], "low": [1, 2], "close": [2, 4]}, 0.75),
        (relative_spread, {"bid": [99.5], "ask": [100.5]}, 0.01),
        (queue_imbalance, {"bid_size": [3], "ask_size": [1]}, 0.5),
        (
            microprice_distance,
            {"bid": [99], "ask": [101], "bid_size": [3], "ask_size": [1], "close": [100]},
            math.log(100.5 / 100),
        ),
        (flow_imbalance, {"volume": [4], "buy_volume": [3]}, 0.5),
        (flow_imbalance, {"volume": [4, 0, 6], "buy_volume": [4, NAN, 0]}, -0.2),
        (flow_imbalance, {"volume": [0, 0], "buy_volume": [NAN, 0]}, 0.0),
        (flow_imbalance, {"volume": [0, 0], "buy_volume": [0, NAN]}, NAN),
        (macd, {"close": [5.0] * 35}, 0.0),
        (macd_histogram, {"close": [0.1] * 35}, 0.0),
    ],
)
def test_function_has_its_textbook_value(function: object, columns: dict[str, list[float]], expected: float) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        [value] = function(window(**columns)).tolist()  # type: ignore[operator]

    assert value == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True)


def test_macd_is_the_difference_of_two_averages_of_the_closes() -> None:
    closes = [100.0 + 3 * math.sin(i) + 0.2 * i for i in range(35)]

    def average(values: list[float], span: int) -> float:
        weights = [(1 - 2 / (span + 1)) ** age for age in reversed(range(len(values)))]
        return math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)

    lines = [average(closes[: t + 1], 12) - average(closes[: t + 1], 26) for t in range(35)]

    assert macd(window(close=closes))[0] * closes[-1] == pytest.approx(lines[-1], rel=1e-12)
    assert macd_histogram(window(close=closes))[0] * closes[-1] == pytest.approx(lines[-1] - average(lines, 9))


def test_market_deviation_divides_by_the_number_of_symbols() -> None:
    found = market_deviation(np.array([0.01, 0.03, NAN, 0.08]))

    mean = 0.04
    squares = (0.01 - mean) ** 2 + (0.03 - mean) ** 2 + (0.08 - mean) ** 2
    assert found.tolist() == pytest.approx([math.sqrt(squares / 3)] * 4)
    assert market_deviation(np.array([0.02])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (market_mean, [2.0, 2.0, 2.0]),
        (market_deviation, [1.0, 1.0, 1.0]),
        (relative_to_market, [-1.0, NAN, 1.0]),
    ],
)
def test_market_function_leaves_out_what_is_unknown(function: object, expected: list[float]) -> None:
    found = function(np.array([1.0, NAN, 3.0]))  # type: ignore[operator]
    nothing = function(np.array([NAN, NAN]))  # type: ignore[operator]

    assert found.tolist() == pytest.approx(expected, nan_ok=True)
    assert np.isnan(nothing).all()
