"""Live equals backtest: pushed bar by bar or computed over history, the same bits; nothing looks ahead."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.features import DEFAULT, FeatureSet
from causal_alpha.frames import Floats, Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Features
from causal_alpha.windows import Rings, history

WIDTH = 40


def random_bars(seed: int, symbols: int, times: int, missing: float = 0.1) -> list[Bar]:
    """Bars of a random walk by start then symbol, some of them missing."""
    rng = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (times, symbols)), axis=0))
    bars = []
    for t in range(times):
        for s in range(symbols):
            if rng.random() < missing:
                continue
            price = closes[t, s] * np.exp(rng.normal(0, 0.002, 4))
            bars.append(
                Bar(
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
            )
    return bars


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


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(1, 90))
def test_features_of_history_equal_those_of_the_stream_to_the_bit(seed: int, symbols: int, times: int) -> None:
    bars = random_bars(seed, symbols, times)
    if not bars:
        return

    live = stream(DEFAULT, bars)
    batch = list(history(DEFAULT, Frame.of(Bar, random.Random(seed).sample(bars, len(bars))), WIDTH).rows())

    assert [(row.symbol, row.start, row.close) for row in live] == [(row.symbol, row.start, row.close) for row in batch]
    assert matrix(live).tobytes() == matrix(batch).tobytes()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60))
def test_features_before_a_cut_do_not_see_what_comes_after(seed: int, cut: int) -> None:
    bars = random_bars(seed, 3, 60, missing=0.0)
    poisoned = [
        bar if bar.start < cut * SECOND else dataclasses.replace(_as_dataclass(bar), close=1e9, high=1e9).to_bar()
        for bar in bars
    ]

    clean = history(DEFAULT, Frame.of(Bar, bars), WIDTH)
    after = history(DEFAULT, Frame.of(Bar, poisoned), WIDTH)

    past = clean.ints("start") < cut * SECOND
    assert clean.floats("values")[past].tobytes() == after.floats("values")[past].tobytes()


@dataclasses.dataclass
class _as_dataclass:  # noqa: N801
    bar: Bar
    close: float = 0.0
    high: float = 0.0

    def to_bar(self) -> Bar:
        fields = {name: getattr(self.bar, name) for name in self.bar.__struct_fields__}
        return Bar(**fields | {"close": self.close, "high": self.high})


def test_features_survive_a_dump_in_the_middle_to_the_bit() -> None:
    bars = random_bars(3, 4, 70)
    half = 35 * SECOND
    rings = Rings(WIDTH)
    stream(DEFAULT, [bar for bar in bars if bar.start < half], rings)

    rest = stream(DEFAULT, [bar for bar in bars if bar.start >= half], Rings.load(rings.dump()))

    whole = [row for row in stream(DEFAULT, bars) if row.start >= half]
    assert matrix(rest).tobytes() == matrix(whole).tobytes()


def test_features_are_nan_until_their_lookback_is_full() -> None:
    bars = random_bars(5, 1, 40, missing=0.0)

    values = matrix(stream(DEFAULT, bars))

    for place, feature in enumerate(DEFAULT.features):
        finite = np.isfinite(values[:, place])
        assert not finite[: feature.lookback - 1].any(), feature.name
        assert finite[feature.lookback - 1 :].all(), feature.name


def test_features_have_their_textbook_values() -> None:
    closes = [100.0 * 1.01**i for i in range(32)]
    bars = [
        Bar(
            symbol="A",
            interval="1s",
            start=i * SECOND,
            open=c,
            high=c * 1.02,
            low=c,
            close=c,
            volume=2.0,
            vwap=c,
            trades=1,
        )
        for i, c in enumerate(closes)
    ]

    last = dict(zip(DEFAULT.names, matrix(stream(DEFAULT, bars))[-1].tolist(), strict=True))

    step = np.log(1.01)
    assert last["return_1"] == pytest.approx(step)
    assert last["return_20"] == pytest.approx(20 * step)
    assert last["ewma_variance"] == pytest.approx(step**2)
    assert last["parkinson_variance"] == pytest.approx(np.log(1.02) ** 2 / (4 * np.log(2)))
    assert last["garman_klass_variance"] == pytest.approx(0.5 * np.log(1.02) ** 2)
    assert last["rsi_14"] == 100.0
    assert last["vwap_distance"] == 0.0
    assert last["volume_surprise"] == 0.0
    assert last["market_return"] == pytest.approx(step)


def test_market_return_is_the_mean_over_the_universe() -> None:
    bars = random_bars(8, 5, 3, missing=0.0)

    values = matrix(stream(DEFAULT, bars))[-5:]

    own, market = DEFAULT.names.index("return_1"), DEFAULT.names.index("market_return")
    assert values[:, market] == pytest.approx(values[:, own].mean())
