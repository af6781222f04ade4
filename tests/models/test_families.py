from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from causal_alpha.checks.forecaster import check_forecaster, made_up
from causal_alpha.dataset import Dataset
from causal_alpha.errors import MissingExtraError, ModelError
from causal_alpha.models import arima, blend, ewma, garch, har, lstm, naive, transformer
from causal_alpha.models.artefact import look_back, seal
from causal_alpha.models.base import HORIZONS, Model, Outlook, Vectors
from causal_alpha.models.fallback import speak
from causal_alpha.models.network import INPUTS, _validation_blocks

QUICK = replace(lstm.PLAN, members=1, targets=4_000, looks=2, width=8)
QUICK_PATCHES = replace(transformer.PLAN, members=1, targets=4_000, looks=2, width=8, blocks=1)

FAMILIES: dict[str, Callable[[Dataset], Model]] = {
    "naive": naive.fit,
    "ewma": ewma.fit,
    "har": har.fit,
    "garch": garch.fit,
    "arima": arima.fit,
    "lstm": lambda dataset: lstm.fit(dataset, plan=QUICK),
    "transformer": lambda dataset: transformer.fit(dataset, plan=QUICK_PATCHES),
}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_bars(made_up())


@pytest.mark.parametrize("family", FAMILIES)
def test_family_keeps_the_contract(family: str) -> None:
    check_forecaster(FAMILIES[family], cuts=2, rtol=1e-4)


class Peeking:
    """A model that knows tomorrow: the check must see it."""

    family, lags = "peeking", 1

    def __init__(self, dataset: Dataset) -> None:
        self.std = float(np.nanstd(dataset.returns))

    def outlook(self, vectors: Vectors) -> Outlook:
        ranges = np.exp(vectors.last("log_range_1"))[:, None] * np.ones(len(HORIZONS))
        return Outlook(ranges * 0 + np.roll(ranges, -1, axis=0), ranges + 1e-7)


class Restless(Peeking):
    """Another answer at each fit."""

    count = 0

    def outlook(self, vectors: Vectors) -> Outlook:
        Restless.count += 1
        ranges = np.exp(vectors.last("log_range_1"))[:, None] * np.ones(len(HORIZONS))
        return Outlook(ranges * 0.0, ranges * (1 + Restless.count) + 1e-7)


@pytest.mark.parametrize(("wrong", "says"), [(Peeking, "beside other symbols"), (Restless, "the same bits")])
def test_check_finds_a_model_that_breaks_the_contract(wrong: type[Peeking], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_forecaster(wrong, cuts=1)


def test_har_finds_the_persistence_that_the_panel_has(data: Dataset) -> None:
    cut = int(data.sessions[500])
    rows = np.flatnonzero((data.start >= cut) & (data.place >= 160) & (data.variance > 0))
    truth = data.future(1)[1][rows]
    known = np.isfinite(truth) & (truth > 0)
    losses = {}
    for name, fit in (("naive", naive.fit), ("har", har.fit), ("each", har.fit_per_symbol)):
        said = look_back(fit(data.until(cut)), data, rows).ranges[:, 0]
        ratio = truth[known] / said[known]
        losses[name] = float(np.nanmean(ratio - np.log(ratio) - 1))
    assert losses["har"] < 0.8 * losses["naive"]
    assert losses["each"] < 0.8 * losses["naive"]


def test_net_starts_as_the_regression_and_training_lowers_its_loss(data: Dataset) -> None:
    said: list[str] = []
    net = lstm.fit(data, plan=replace(QUICK, targets=16_000), say=said.append)
    assert min(net.losses[1:]) < net.losses[0] * 1.2
    assert len(said) == QUICK.looks
    assert "validation loss" in said[0]


def test_transformer_is_causal_within_its_sequence() -> None:
    """Later days are altered at random, because a constant would be erased by layer normalisation."""
    import keras

    plan = replace(transformer.PLAN, members=1)
    keras.utils.set_random_seed(0)
    inputs = len(INPUTS)
    net = transformer.build(keras, inputs, plan)
    rng = np.random.default_rng(0)
    head = net.get_layer("head_0")
    head.set_weights([rng.standard_normal(weights.shape) for weights in head.get_weights()])
    days = rng.standard_normal((3, 60, inputs)).astype(np.float32)
    changed = days.copy()
    changed[:, 40:] += rng.standard_normal((3, 20, inputs)).astype(np.float32)
    before, after = (np.asarray(net(one, training=False)) for one in (days, changed))
    assert before[:, :8].tobytes() == after[:, :8].tobytes()
    assert np.abs(before[:, 8:] - after[:, 8:]).min(axis=(0, 2, 3)).min() > 0


def test_validation_blocks_and_their_neighbours_are_not_trained_on() -> None:
    session = np.arange(1000)
    held, near = _validation_blocks(session, block=21, embargo=5)
    assert 0.04 < held.mean() < 0.07
    for day in np.flatnonzero(held):
        around = session[(session > day - 6) & (session < day + 6)]
        assert near[around].all()
    assert not near[-10:].any()


def test_blend_needs_its_floor_and_falls_silent_with_it(data: Dataset) -> None:
    floor = har.fit(data)
    with pytest.raises(ModelError, match=r"expected har and others of har, lstm, .*, once each, was naive"):
        blend.Blend((naive.fit(data),))
    plain = har.fit_per_symbol(data)
    both = blend.Blend((plain, floor))
    rows = np.flatnonzero((data.place == 400) & (data.variance > 0))
    said, one, other = (look_back(model, data, rows).ranges for model in (both, floor, plain))
    assert said[:, 0] == pytest.approx(one[:, 0])
    assert said[:, 1] == pytest.approx((((2 * one**4 + other**4) / 3) ** 0.25)[:, 1])
    assert (look_back(both, data, rows).location == 0).all()


def test_floor_speaks_where_the_champion_has_too_little_history(data: Dataset) -> None:
    champion, floor = (seal(one, data, seed=0) for one in (naive.Naive(lags=250, least=250), har.fit(data)))
    rows = np.flatnonzero((data.place == 150) | (data.place == 600) | (data.place == 20))
    symbols = tuple(data.symbols[code] for code in data.symbol[rows].tolist())
    spoken = speak([champion, floor], Vectors(data.names, symbols, data.lags(rows, data.names, 250)))
    by = dict(zip(data.place[rows].tolist(), spoken.by.tolist(), strict=True))
    assert by == {20: -1, 150: 1, 600: 0}
    assert (np.isfinite(spoken.prediction.variance).all(axis=1) == (spoken.by >= 0)).all()


@pytest.mark.parametrize(
    ("fit", "package"), [(garch.fit, "arch"), (arima.fit, "statsmodels"), (lstm.fit, "tensorflow")]
)
def test_missing_package_names_the_pip_command(
    fit: Callable[[Dataset], Model], package: str, data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [*sys.modules, package]:
        if name.partition(".")[0] == package:
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf'{package}: pip install "causal-alpha\[train\]"'):
        fit(data)


def test_too_short_a_dataset_is_said(data: Dataset) -> None:
    short = data.until(int(data.sessions[140]))
    with pytest.raises(ModelError, match="expected at least 500 complete rows, was"):
        har.fit(short)
    with pytest.raises(ModelError, match="expected at least 320 sequences of 60 bars, was 0"):
        lstm.fit(short, plan=QUICK)
