"""What must hold wherever time is cut, each as a check that takes the part it looks at: the real one, or a mutant."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from causal_alpha.dataset import Dataset
from causal_alpha.evaluation.density import Density
from causal_alpha.evaluation.tournament import Origins, truths
from causal_alpha.frames import Floats, Frame
from causal_alpha.intervals import DAY
from causal_alpha.models import har, network, transformer
from causal_alpha.models.artefact import look_back
from causal_alpha.models.base import Outlook
from causal_alpha.models.extras import training_package
from causal_alpha.records import Bar
from causal_alpha.scoring import qlike
from causal_alpha.training import Family
from tests.leaks.panel import panel, same, spoiled

SESSIONS, TEST = 420, 340
BARS = panel(SESSIONS, hole=150)

Build = Callable[[Frame[Bar]], Dataset]
Roll = Callable[..., Outlook]
Simulate = Callable[[Outlook, Floats, int], Density]


def check_no_future(build: Build) -> None:
    """Vectors and truth up to a cut are those of a world that goes on otherwise."""
    rng = np.random.default_rng(3)
    usual = build(BARS)
    for cut in (151, 250, 330, 400):
        known, past = (data.until(cut * DAY) for data in (build(spoiled(BARS, cut, rng, odds=1.0)), usual))
        assert known.symbols == past.symbols, f"symbols at cut {cut}"
        assert same([known.start, known.values, known.returns], [past.start, past.values, past.returns]), "vectors"
        assert same([known.variance, *known.future(5)], [past.variance, *past.future(5)]), "truth"


def check_truth(data: Dataset) -> None:
    """The truth of a row is what the next bars did, and nothing before them."""
    rng = np.random.default_rng(4)
    for horizon in (1, 5):
        returns, variance = data.future(horizon)
        for row in rng.choice(np.flatnonzero(data.place < SESSIONS - horizon), 50).tolist():
            after = slice(row + 1, row + 1 + horizon)
            happened = [data.returns[after].sum(), data.variance[after].mean()]
            assert np.allclose([returns[row], variance[row]], happened, equal_nan=True), f"row {row}"


def check_origins(roll: Roll) -> None:
    """What is said at an origin doesn't change when rows and truths from the next session on do."""
    data = Dataset.from_bars(BARS)
    origins = Origins.of(data, TEST * DAY)
    family = Family(lambda part, seed, say: har.fit(part, seed=seed), refit=21)
    usual = roll(data, origins, family, seed=0, say=str)
    rng = np.random.default_rng(5)
    for cut in (TEST + 1, TEST + 15, TEST + 40):
        later = data.start >= cut * DAY
        values = np.where(later[:, None], rng.standard_normal(data.values.shape), data.values)
        variance = np.where(later, rng.exponential(size=len(data)), data.variance)
        other = replace(data, values=values, returns=np.where(later, 0.1, data.returns), variance=variance)
        found = roll(other, origins, family, seed=0, say=str)
        before = slice(origins.warm, origins.warm + cut - TEST)
        assert same([found.ranges[before]], [usual.ranges[before]]), f"origins before session {cut}"


def check_validation(table_of: Callable[[Dataset, Any], Any]) -> None:
    """Neither what is trained on nor its scale knows the sessions that choose the stop."""
    data, plan = Dataset.from_bars(BARS), replace(network.Plan(), block=15)
    usual = table_of(data, plan)
    session = np.searchsorted(data.sessions, data.start)
    held = network._validation_blocks(session, plan.block, embargo=0)[0]
    wilder = replace(data, variance=np.where(held, 9 * data.variance, data.variance))
    targets = [table.target[usual.used] for table in (usual, table_of(wilder, plan))]
    assert same(targets[:1], targets[1:]), "targets that are trained on"
    assert usual.used.sum() > 0.8 * usual.known.sum()
    values = np.where(held[:, None], data.values + 1.0, data.values)
    scalers = [table.scaler for table in (usual, table_of(replace(data, values=values), plan))]
    assert same(*([s.low, s.high, s.centre, s.spread] for s in scalers)), "scale of the inputs"


def check_mask(build: Callable[..., Any]) -> None:
    """An output within a sequence doesn't see the patches after it."""
    keras = training_package("keras")
    plan = replace(transformer.PLAN, members=1, width=8, blocks=1)
    keras.utils.set_random_seed(0)
    net = build(keras, len(network.INPUTS), plan)
    rng = np.random.default_rng(0)
    head = net.get_layer("head_0")
    head.set_weights([rng.standard_normal(weights.shape) for weights in head.get_weights()])
    days = rng.standard_normal((2, 60, len(network.INPUTS))).astype(np.float32)
    changed = days.copy()
    changed[:, 40:] += rng.standard_normal((2, 20, len(network.INPUTS))).astype(np.float32)
    before, after = (np.asarray(net(one, training=False)) for one in (days, changed))
    assert same([before[:, :8]], [after[:, :8]]), "outputs of earlier patches"


def check_density(simulate: Simulate) -> None:
    """A truth changes no quantile before it has arrived, `horizon` sessions after its origin."""
    rng = np.random.default_rng(6)
    outlook = Outlook(np.zeros((400, 6, 2)), np.full((400, 6, 2), 1e-4))
    returns = 0.01 * rng.standard_normal((400, 6))
    jump = returns.copy()
    jump[300:] = 0.2
    for horizon in (1, 5):
        calm, wild = (simulate(outlook, truth, horizon) for truth in (returns, jump))
        until = 300 + horizon
        one, other = ([d.plain[:until], d.calibrated[:until]] for d in (calm, wild))
        assert same(one, other), f"quantiles before the truth, {horizon} ahead"


def check_canary(build: Build) -> None:
    """Truths dealt out anew over the days can't be forecast: whoever can was told them.

    `build` makes a dataset of bars whose days were shuffled after the features' own history: its skill against the
    mean must be gone.
    """
    rng = np.random.default_rng(9)
    first = BARS.take(BARS.ints("revision") == 0, meta={})
    days = rng.permutation(SESSIONS)
    shuffled = Frame(Bar, {**first.columns, "start": days[first.ints("start") // DAY] * DAY})
    data = build(shuffled)
    origins = Origins.of(data, TEST * DAY)
    rows = origins.rows[origins.warm :].ravel()
    said = look_back(har.fit(data.until(TEST * DAY)), data, rows).ranges[:, 0]
    truth = truths(data, origins, 1)[1][origins.warm :].ravel()
    known = np.isfinite(said) & np.isfinite(truth)
    ranges = data.variance[data.start < TEST * DAY]
    mean = np.full(int(known.sum()), np.nanmean(ranges))
    skill = qlike(truth[known], said[known]).mean() / qlike(truth[known], mean).mean()
    assert skill > 0.97, f"QLIKE over that of the mean: expected about 1 of shuffled days, was {skill:.2f}"
