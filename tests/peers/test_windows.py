"""What users of other systems miss in windows and indicators: full windows, a warm-up that equals the real thing."""

import asyncio
from collections.abc import Iterator

import numpy as np
import pytest

from causal_alpha.bars import BarState, Beat, Rules, roll
from causal_alpha.features import DEFAULT, Feature, FeatureSet, Window
from causal_alpha.frames import Floats, Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Features, Tick
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.simulator import Simulator, made_up_symbols
from causal_alpha.universe import Universe

WIDTH = 60


def pushed(universe: Universe, bars: Frame[Bar], feature_set: FeatureSet, watermark: int) -> list[Features]:
    meta = {"origin": "bars/x", "watermark": str(watermark)}
    sections = universe.push("default|1s", Frame(Bar, bars.columns, meta), feature_set)
    return [row for section in sections for row in section.rows()]


def closes(n: int) -> Frame[Bar]:
    """Bars of one symbol that close at 1, 2, 3, …"""
    prices = [dict.fromkeys(("open", "high", "low", "close", "vwap"), 1.0 + i) for i in range(n)]
    facts = {"symbol": "A", "interval": "1s", "volume": 1.0, "trades": 1}
    rows = [Bar(**facts, **price, start=i * SECOND, known_at=(i + 1) * SECOND) for i, price in enumerate(prices)]
    return Frame.of(Bar, rows)


@pytest.mark.parametrize("size", [2, 5, WIDTH])
def test_case_6_window_that_hops_holds_its_full_size(size: int) -> None:
    """faust #195: the newest hopping window never held all of its bars."""
    seen: list[list[float]] = []

    def spy(window: Window) -> Floats:
        seen.append(window.close[0].tolist())
        return window.close[:, -1].copy()

    universe = Universe(WIDTH)
    n = 3 * WIDTH
    bars = closes(n)
    for place in range(n):
        one = bars.take(np.array([place]))
        pushed(universe, one, FeatureSet((Feature("spy", spy, lookback=size),)), (place + 1) * SECOND)

    assert len(seen) == n
    for end, window in enumerate(seen, start=1):
        held = [float(close) for close in range(max(1, end - size + 1), end + 1)]
        assert window[-len(held) :] == held
        assert np.isnan(window[: -len(held)]).all()
        assert len(window) == size


def test_case_14_warm_up_from_history_and_live_equals_all_live() -> None:
    """LEAN #8891, #5262, nautilus_trader #3190: indicators warmed up from history differ from those that ran all along.

    A worker that has seen every tick, and one that gets the first minute as bars and then goes on with ticks.
    """
    seconds, joined = 150, 80
    source = Simulator(
        symbols=made_up_symbols(3), seed=5, start=EPOCH, length=seconds * SECOND, rate=60.0, history=0, speed=None
    )
    first, last = EPOCH, EPOCH + seconds * SECOND
    ticks = Frame.concat([frame for frame in asyncio.run(collected(source)) if len(frame)])
    live = roll(BarState.new(Rules.of(("1s",))), ticks, [Beat(len(ticks), last, source.name)]).bars["1s"]
    past = asyncio.run(source.history(made_up_symbols(3), "1s", first, first + joined * SECOND))
    later = live.take(live.ints("start") >= first + joined * SECOND)

    all_live = pushed(Universe(WIDTH), live, DEFAULT, last)
    warm = Universe(WIDTH)
    pushed(warm, past, DEFAULT, first + joined * SECOND)
    warmed = pushed(warm, later, DEFAULT, last)

    wanted = [row for row in all_live if row.start >= first + joined * SECOND]
    assert len(wanted) == (seconds - joined) * 3
    assert [(row.symbol, row.start) for row in warmed] == [(row.symbol, row.start) for row in wanted]
    np.testing.assert_allclose(
        np.asarray([row.values for row in warmed]), np.asarray([row.values for row in wanted]), rtol=1e-9, atol=1e-12
    )
    assert np.isfinite(np.asarray([row.values for row in warmed])[:, : DEFAULT.names.index("relative_spread")]).all()


async def collected(source: Simulator) -> list[Frame[Tick]]:
    return [frame async for frame in source.frames() if frame.record is Tick]


@pytest.mark.parametrize("name", ["ewma_variance", "macd", "macd_histogram"])
def test_case_15_recursive_average_is_the_same_wherever_history_begins(name: str) -> None:
    """freqtrade's recursive-analysis, LEAN #3468: an average must not remember how long the worker has been up."""
    feature = next(one for one in DEFAULT.features if one.name == name)
    wave = [100.0 + np.sin(i) + 0.01 * i for i in range(300)]

    def values(begin: int) -> Iterator[float]:
        universe, bars = Universe(WIDTH), closes(len(wave))
        prices = dict.fromkeys(("open", "high", "low", "close", "vwap"), np.asarray(wave))
        bars = Frame(Bar, {**bars.columns, **prices}).take(np.arange(begin, len(wave)))
        for row in pushed(universe, bars, FeatureSet((feature,)), 10**9 * SECOND):
            yield row.values[0]

    whole = list(values(0))
    for begin in (1, 100, 250):
        again = list(values(begin))
        assert again[feature.lookback - 1 :] == whole[begin + feature.lookback - 1 :]
        assert np.isnan(again[: feature.lookback - 1]).all()
