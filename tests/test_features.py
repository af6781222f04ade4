"""Live equals backtest: pushed bar by bar or computed over history, the same bits; nothing looks ahead."""

import math
import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.errors import FeatureError
from causal_alpha.features import (
    DEFAULT,
    FIELDS,
    Feature,
    FeatureSet,
    MarketFeature,
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
from causal_alpha.frames import Floats, Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Features
from causal_alpha.windows import Rings, history

WIDTH = 40
NAN = math.nan
QUOTED = ("relative_spread", "queue_imbalance", "microprice_distance", "flow_imbalance", "flow_imbalance_20")


def random_bars(seed: int, symbols: int, times: int, missing: float = 0.1, quotes: bool = True) -> list[Bar]:
    """Bars of a random walk by start then symbol: some missing, as many without trades, with and without prices."""
    rng = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (times, symbols)), axis=0))
    bars = []
    for t in range(times):
        for s in range(symbols):
            kind = rng.random()
            if kind < missing:
                continue
            price = closes[t, s] * np.exp(rng.normal(0, 0.002, 4))
            bar = Bar(
                symbol=f"S{s}",
                interval="1s",
                start=t * SECOND,
                open=float(price[0]),
                high=float(price.max()),
                low=float(price.min()),
                close=float(price[1]),
                volume=float(rng.integers(0, 5)),
                vwap=float(price.mean()),
                trades=int(rng.integers(0, 9)),
            )
            if quotes:
                bar = with_quotes(bar, rng)
            if kind < 2 * missing:
                bar = no_trade(bar)
            elif kind < 2.5 * missing:
                bar = no_data(bar)
            bars.append(bar)
    return bars


def with_quotes(bar: Bar, rng: np.random.Generator) -> Bar:
    sizes = rng.integers(1, 9, 2).tolist()
    return msgspec.structs.replace(
        bar,
        bid=bar.close * 0.999,
        ask=bar.close * 1.001,
        bid_size=float(sizes[0]),
        ask_size=float(sizes[1]),
        buy_volume=bar.volume * rng.random(),
    )


def no_trade(bar: Bar) -> Bar:
    price = bar.close
    return msgspec.structs.replace(
        bar, open=price, high=price, low=price, vwap=price, volume=0.0, buy_volume=0.0 * bar.buy_volume, trades=0
    )


def no_data(bar: Bar) -> Bar:
    return msgspec.structs.replace(bar, **{name: NAN for name in FIELDS if name != "trades"}, trades=0)


def stream(feature_set: FeatureSet, bars: list[Bar], rings: Rings | None = None) -> list[Features]:
    rings = rings or Rings(WIDTH)
    rows: list[Features] = []
    for start in sorted({bar.start for bar in bars}):
        at = [bar for bar in bars if bar.start == start]
        random.Random(start).shuffle(at)
        rows += rings.push(feature_set, Frame.of(Bar, at)).rows()
    return rows


def matrix(rows: list[Features]) -> Floats:
    return np.asarray([row.values for row in rows])


def column(values: Floats, name: str) -> Floats:
    return values[:, DEFAULT.names.index(name)]


def window(**columns: list[float]) -> Window:
    """One symbol's bars; fields that aren't given are NaN."""
    width = len(next(iter(columns.values())))
    return Window(np.asarray([[columns.get(name, [NAN] * width)] for name in FIELDS]))


# -- live and history ------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 90))
def test_features_of_history_equal_those_of_the_stream_to_the_bit(seed: int, symbols: int, times: int) -> None:
    bars = random_bars(seed, symbols, times)
    if not bars:
        return

    live = stream(DEFAULT, bars)
    batch = list(history(DEFAULT, Frame.of(Bar, random.Random(seed).sample(bars, len(bars))), WIDTH).rows())

    assert [(row.symbol, row.start) for row in live] == [(row.symbol, row.start) for row in batch]
    assert matrix(live).tobytes() == matrix(batch).tobytes()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_features_before_a_cut_do_not_see_what_comes_after(seed: int, cut: int) -> None:
    bars = random_bars(seed, 3, 60, missing=0.0)
    wild = dict.fromkeys(FIELDS, 1e9) | {"trades": 10**9}
    poisoned = [bar if bar.start < cut * SECOND else msgspec.structs.replace(bar, **wild) for bar in bars]

    clean = history(DEFAULT, Frame.of(Bar, bars), WIDTH)
    after = history(DEFAULT, Frame.of(Bar, poisoned), WIDTH)

    past = clean.ints("start") < cut * SECOND
    assert clean.floats("values")[past].tobytes() == after.floats("values")[past].tobytes()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(DEFAULT.lookback, 70), st.booleans())
def test_features_do_not_depend_on_other_rows_or_width_to_the_bit(
    seed: int, symbols: int, width: int, other_layout: bool
) -> None:
    rng = np.random.default_rng(seed)
    bars = np.exp(rng.normal(0, 0.3, (len(FIELDS), symbols, width)))
    bars[:, rng.random((symbols, width)) < 0.01] = np.nan
    if other_layout:
        bars = np.ascontiguousarray(bars.transpose(2, 0, 1)).transpose(1, 2, 0)

    together = DEFAULT.compute(Window(bars), np.arange(symbols))

    alone = [
        DEFAULT.compute(Window(bars[:, [row], width - DEFAULT.lookback :]), np.zeros(1, dtype=np.int64))
        for row in range(symbols)
    ]
    assert together.tobytes() == np.concatenate(alone).tobytes()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40))
def test_market_features_do_not_depend_on_the_order_of_symbols_to_the_bit(seed: int, symbols: int) -> None:
    rng = np.random.default_rng(seed)
    bars = np.exp(rng.normal(0, 0.3, (len(FIELDS), symbols, DEFAULT.lookback)))
    times, order = np.zeros(symbols, dtype=np.int64), rng.permutation(symbols)

    assert (
        DEFAULT.compute(Window(bars[:, order]), times).tobytes()
        == DEFAULT.compute(Window(bars), times)[order].tobytes()
    )


def test_features_survive_a_dump_in_the_middle_to_the_bit() -> None:
    bars = random_bars(3, 4, 70)
    half = 35 * SECOND
    rings = Rings(WIDTH)
    stream(DEFAULT, [bar for bar in bars if bar.start < half], rings)

    rest = stream(DEFAULT, [bar for bar in bars if bar.start >= half], Rings.load(rings.dump()))

    whole = [row for row in stream(DEFAULT, bars) if row.start >= half]
    assert matrix(rest).tobytes() == matrix(whole).tobytes()


# -- what is missing -------------------------------------------------------------------------------


def test_features_are_nan_until_their_lookback_is_full() -> None:
    values = matrix(stream(DEFAULT, random_bars(5, 1, 40, missing=0.0)))

    for feature in DEFAULT.features:
        finite = np.isfinite(column(values, feature.name))
        assert not finite[: feature.lookback - 1].any(), feature.name
        assert finite[feature.lookback - 1 :].all(), feature.name


def test_features_are_nan_while_they_look_back_on_a_bar_without_data() -> None:
    bars = random_bars(6, 1, 90, missing=0.0)
    bars[40] = no_data(bars[40])

    values = matrix(stream(DEFAULT, bars))

    for feature in DEFAULT.features:
        unknown = np.flatnonzero(~np.isfinite(column(values, feature.name)[DEFAULT.lookback - 1 :]))
        assert unknown.tolist() == [40 - DEFAULT.lookback + 1 + i for i in range(feature.lookback)], feature.name


@pytest.mark.parametrize("quiet", [1, 60])
def test_features_are_finite_where_nobody_traded(quiet: int) -> None:
    bars = random_bars(7, 1, 100, missing=0.0)
    last = no_trade(bars[39])
    bars[40 : 40 + quiet] = [msgspec.structs.replace(last, start=bar.start) for bar in bars[40 : 40 + quiet]]

    values = matrix(stream(DEFAULT, bars))

    assert np.isfinite(values[DEFAULT.lookback - 1 :]).all()
    if quiet > DEFAULT.lookback:
        flat = dict(zip(DEFAULT.names, values[40 + DEFAULT.lookback].tolist(), strict=True))
        assert {name for name, value in flat.items() if value != 0} == {
            *("rsi_14", "range_position"),  # in the middle
            *("relative_spread", "queue_imbalance", "microprice_distance"),  # the book stands
        }
        assert (flat["rsi_14"], flat["range_position"]) == (50.0, 0.5)


def test_features_of_a_feed_without_quotes_lack_those_of_quotes_only() -> None:
    values = matrix(stream(DEFAULT, random_bars(8, 2, 60, missing=0.0, quotes=False)))[-2:]

    assert {name for name in DEFAULT.names if not np.isfinite(column(values, name)).all()} == set(QUOTED)


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"close"}))
def test_features_of_an_unknown_field_are_nan_and_leave_the_others_alone(field: str) -> None:
    bars = np.exp(np.random.default_rng(9).normal(0, 0.1, (len(FIELDS), 3, DEFAULT.lookback)))
    whole = DEFAULT.compute(Window(bars), np.zeros(3, dtype=np.int64))
    bars[FIELDS.index(field)] = NAN

    values = DEFAULT.compute(Window(bars), np.zeros(3, dtype=np.int64))

    assert np.isfinite(whole).all()
    lost = {name for name in DEFAULT.names if np.isnan(column(values, name)).any()}
    assert lost == NEEDS[field]
    kept = [name not in lost for name in DEFAULT.names]
    assert values[:, kept].tobytes() == whole[:, kept].tobytes()


RANGES = {
    *("parkinson_variance", "garman_klass_variance", "har_short", "har_medium", "har_long"),
    *("range_position", "market_variance"),
}
NEEDS = {
    "open": {"gap", "garman_klass_variance"},
    "high": RANGES,
    "low": RANGES,
    "volume": {"volume_surprise", "vwap_distance", "vwap_distance_20", "flow_imbalance", "flow_imbalance_20"},
    "vwap": {"vwap_distance", "vwap_distance_20"},
    "trades": set(),
    "bid": {"relative_spread", "microprice_distance"},
    "ask": {"relative_spread", "microprice_distance"},
    "bid_size": {"queue_imbalance", "microprice_distance"},
    "ask_size": {"queue_imbalance", "microprice_distance"},
    "buy_volume": {"flow_imbalance", "flow_imbalance_20"},
}
"""The features that look at a field."""


# -- values ----------------------------------------------------------------------------------------

LN2 = math.log(2)
E = math.e


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


def test_default_set_has_the_families_of_the_document() -> None:
    assert len(DEFAULT.names) >= 24
    assert DEFAULT.lookback <= WIDTH


# -- sets and windows ------------------------------------------------------------------------------


def last_close(window: Window) -> Floats:
    return window.close[:, -1]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: FeatureSet(()), "feature set: expected at least one feature, was none"),
        (lambda: Feature("a", last_close, lookback=0), "a: expected a lookback of at least 1 bar, was 0"),
        (lambda: DEFAULT + DEFAULT, "feature set: expected a name once, was twice close_zscore, "),
        (
            lambda: FeatureSet((Feature("a", last_close, 1),), (MarketFeature("m", "b", market_mean),)),
            "m: expected a feature of the set, was 'b'",
        ),
    ],
)
def test_feature_set_refuses(make: object, says: str) -> None:
    with pytest.raises(FeatureError, match=says):
        make()  # type: ignore[operator]


def test_feature_sets_add_up() -> None:
    mine = FeatureSet((Feature("last", last_close, 1),), (MarketFeature("mean_last", "last", market_mean),))

    both = DEFAULT + mine

    assert set(both.names) == {*DEFAULT.names, "last", "mean_last"}
    assert both.hash != DEFAULT.hash
    values = both.compute(window(close=[5.0] * 35), np.zeros(1, dtype=np.int64))
    assert values[0, both.names.index("mean_last")] == 5.0


@pytest.mark.parametrize(
    "change",
    [
        {"features": (Feature("last", last_close, 2),)},
        {"features": (Feature("last", last_close, 1, version=2),)},
        {"features": (Feature("end", last_close, 1),)},
        {"market": (MarketFeature("m", "last", market_mean),)},
    ],
)
def test_feature_set_of_another_meaning_has_another_hash(change: dict[str, object]) -> None:
    plain = {"features": (Feature("last", last_close, 1),)}

    assert FeatureSet(**plain | change).hash != FeatureSet(**plain).hash  # type: ignore[arg-type]


@pytest.mark.parametrize("result", [np.float64(1.0), np.ones((2, 1)), np.ones(3)])
def test_compute_refuses_another_shape(result: Floats) -> None:
    features = FeatureSet((Feature("odd", lambda _: result, 1),))

    with pytest.raises(FeatureError, match=r"odd: expected shape \(2,\), was "):
        features.compute(Window(np.ones((len(FIELDS), 2, 1))), np.zeros(2, dtype=np.int64))


def test_compute_refuses_windows_too_short() -> None:
    with pytest.raises(FeatureError, match="window: expected at least 35 bars, was 34"):
        DEFAULT.compute(Window(np.ones((len(FIELDS), 2, 34))), np.zeros(2, dtype=np.int64))


def test_compute_of_no_rows_gives_none() -> None:
    empty = Window(np.empty((len(FIELDS), 0, 40)))

    assert DEFAULT.compute(empty, np.empty(0, dtype=np.int64)).shape == (0, len(DEFAULT.names))


@pytest.mark.parametrize("name", ["close", "returns", "ranges", "bodies"])
def test_window_cannot_be_changed(name: str) -> None:
    bars = np.ones((len(FIELDS), 2, 5))

    with pytest.raises(ValueError, match="read-only"):
        getattr(Window(bars).last(3), name)[:] = 0.0
    bars[:] = 2.0  # whoever made the array still may


@pytest.mark.parametrize("n", range(1, 6))
def test_window_shares_what_it_derived_with_its_end(n: int) -> None:
    bars = np.exp(np.random.default_rng(n).normal(0, 0.1, (len(FIELDS), 3, 5)))
    whole = Window(bars)
    end, fresh = whole.last(4).last(n) if n < 5 else whole, Window(bars[:, :, 5 - n :])

    for name in ("returns", "ranges", "bodies"):
        assert getattr(end, name).tobytes() == getattr(fresh, name).tobytes()
        assert np.shares_memory(getattr(end, name), getattr(whole, name)) or n == 1
