"""Whatever comes after a moment, and whatever is said of the past after it, what was said at the moment stays.

A thousand random cuts; at each all later bars of all symbols are altered, earlier ones revised and splits announced,
but known only later. Features, truths and the forecasts of every family up to the cut must not change in one bit.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from causal_alpha.actions import from_meta
from causal_alpha.dataset import Dataset
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Frame
from causal_alpha.history import history
from causal_alpha.intervals import DAY
from causal_alpha.models import arima, blend, ewma, garch, har, lstm, naive, transformer
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.models.base import Model, Vectors
from causal_alpha.records import Bar
from tests.leaks.panel import between, panel, same, spoiled

CUTS = 1_000
FITTED, SESSIONS = 520, 800
NEAR = 12
"""Sessions before a cut whose vectors are made anew in the spoiled world."""
PAST = 128 + NEAR
QUICK = replace(lstm.PLAN, members=1, targets=4_000, looks=2, width=8)
QUICK_PATCHES = replace(transformer.PLAN, members=1, batch=64, targets=4_000, looks=2, width=8, blocks=1)


@dataclass(frozen=True)
class World:
    bars: Frame[Bar]
    data: Dataset
    models: dict[str, Artefact]


def fitted(train: Dataset) -> dict[str, Artefact]:
    models: dict[str, Model] = {
        "naive": naive.fit(train),
        "ewma": ewma.fit(train),
        "har": har.fit(train),
        "har per symbol": har.fit_per_symbol(train),
        "garch": garch.fit(train),
        "arima": arima.fit(train),
        "lstm": lstm.fit(train, plan=QUICK),
        "transformer": transformer.fit(train, plan=QUICK_PATCHES),
    }
    members = tuple(models[name] for name in blend.WEIGHTS)
    return {name: seal(model, train, seed=0) for name, model in {**models, "blend": blend.Blend(members)}.items()}


@pytest.fixture(scope="module")
def world() -> World:
    bars = panel(SESSIONS, symbols=3, hole=5)
    data = Dataset.from_bars(bars)
    return World(bars, data, fitted(data.until(FITTED * DAY)))


def newest(data: Dataset, cut: int, lags: int, spoiled_world: Dataset | None = None) -> Vectors:
    """The vectors of all symbols when the session before `cut` closed, the newest ones those of a spoiled world."""
    rows = np.flatnonzero(data.start == (cut - 1) * DAY)
    symbols = tuple(data.symbols[code] for code in data.symbol[rows].tolist())
    values = data.lags(rows, data.names, lags)
    if spoiled_world is not None:
        near = np.flatnonzero(spoiled_world.start == (cut - 1) * DAY)
        values[:, -NEAR:] = spoiled_world.lags(near, data.names, NEAR)
    return Vectors(data.names, symbols, values)


def joined(parts: list[Vectors]) -> Vectors:
    return Vectors(
        parts[0].names,
        tuple(symbol for part in parts for symbol in part.symbols),
        np.concatenate([part.values for part in parts]),
    )


def test_no_vector_truth_or_forecast_changes_with_the_future_at_a_thousand_cuts(world: World) -> None:
    rng = np.random.default_rng(5)
    lags = max(model.lags for model in world.models.values())
    spoke = dict.fromkeys(world.models, 0)
    for _ in range(CUTS // 50):
        before, after = [], []
        for cut in rng.integers(FITTED, SESSIONS - 4, 50).tolist():
            known = Dataset.from_bars(spoiled(between(world.bars, cut - PAST, cut + 4), cut, rng)).until(cut * DAY)
            usual = world.data.take(world.data.start >= (cut - PAST) * DAY).until(cut * DAY)
            complete = usual.place >= 127
            assert known.symbols == usual.symbols == world.data.symbols
            assert same(*([d.start, d.symbol, d.variance, *d.future(5)] for d in (known, usual))), f"truth, cut {cut}"
            assert same(*([d.values[complete], d.returns[complete]] for d in (known, usual))), f"vectors, cut {cut}"
            before.append(newest(world.data, cut, lags))
            after.append(newest(world.data, cut, lags, known))
        one, other = joined(before), joined(after)
        for name, model in world.models.items():
            said, again = model.forecast(one), model.forecast(other)
            assert same(*([p.location, p.variance, p.quantiles] for p in (said, again))), name
            spoke[name] += int(np.isfinite(said.variance).all(axis=1).sum())
    assert min(spoke.values()) > 0.9 * CUTS * len(world.data.symbols), spoke


def test_no_default_feature_changes_with_the_future_at_a_thousand_cuts(world: World) -> None:
    rng = np.random.default_rng(6)
    width = DEFAULT.lookback
    usual = history(DEFAULT, world.bars, width, from_meta(world.bars.meta))
    starts, values = usual.ints("start"), usual.floats("values")
    for cut in rng.integers(FITTED, SESSIONS - 4, CUTS).tolist():
        some = spoiled(between(world.bars, cut - width - 3, cut + 2), cut, rng)
        found = history(DEFAULT, some, width, from_meta(some.meta))
        at = found.ints("start")
        before = (starts >= (cut - 4) * DAY) & (starts < cut * DAY)
        after = (at >= (cut - 4) * DAY) & (at < cut * DAY)
        assert same([values[before]], [found.floats("values")[after]]), f"cut {cut}"


def test_spoiling_alters_everything_from_the_cut_on(world: World) -> None:
    """What the two tests above look at must be worth looking at."""
    rng = np.random.default_rng(7)
    for cut in (530, 600, 700):
        known = Dataset.from_bars(spoiled(world.bars, cut, rng))
        at = [d.values[(d.start == cut * DAY) & (d.symbol == 0)] for d in (known, world.data)]
        assert not len(at[0]) or not np.array_equal(at[0], at[1], equal_nan=True)
        assert not same([known.take(known.start < cut * DAY).variance], [known.until(cut * DAY).variance])


@pytest.mark.parametrize("name", ["naive", "ewma", "har", "garch", "arima", "lstm", "transformer"])
def test_no_fit_changes_with_the_future(world: World, name: str) -> None:
    """Fitted again on a spoiled world up to the cut, a family says the same to the last bit."""
    cut = FITTED
    spoiled_world = Dataset.from_bars(spoiled(world.bars, cut, np.random.default_rng(8)))
    fits: dict[str, Callable[[Dataset], Model]] = {
        "naive": naive.fit,
        "ewma": ewma.fit,
        "har": har.fit,
        "garch": garch.fit,
        "arima": arima.fit,
        "lstm": lambda data: lstm.fit(data, plan=QUICK),
        "transformer": lambda data: transformer.fit(data, plan=QUICK_PATCHES),
    }
    train = spoiled_world.until(cut * DAY)
    again = seal(fits[name](train), train, seed=0)
    vectors = newest(world.data, cut, again.lags)
    said, now = world.models[name].forecast(vectors), again.forecast(vectors)
    assert same(*([p.location, p.variance, p.quantiles] for p in (said, now)))
    assert again.data == world.models[name].data
