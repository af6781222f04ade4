"""Live equals backtest: pushed bar by bar or computed over history, the same bits; nothing looks ahead."""

import math
import random

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.features import DEFAULT, FIELDS, FeatureSet, Window
from causal_alpha.frames import Floats, Frame
from causal_alpha.history import history
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Features
from causal_alpha.windows import Rings

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

    rest = stream(DEFAULT, [bar for bar in bars if bar.start >= half], Rings.load(rings.dump(), WIDTH))

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
