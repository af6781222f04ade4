import numpy as np
import pytest

from causal_alpha.calibration import SPEEDS, WIDEST, Conformal, Residuals
from causal_alpha.models.ewma import NORMAL
from causal_alpha.records import LEVELS
from causal_alpha.scoring import winkler


def test_residuals_speak_normal_before_and_learn_the_shape_after() -> None:
    rng = np.random.default_rng(0)
    state = Residuals(20)
    one, none = np.full(20, 1e-4), np.zeros(20)
    assert state.quantiles(none, one)[0] == pytest.approx(0.01 * np.asarray(NORMAL))

    for _ in range(500):
        state.observe(0.02 * rng.standard_t(4, 20) / np.sqrt(2), none, one)

    expected = 0.02 * np.quantile(rng.standard_t(4, 10**6) / np.sqrt(2), LEVELS)
    assert state.quantiles(none, one).mean(axis=0) == pytest.approx(expected, rel=0.06, abs=2e-4)


def test_residuals_give_a_wilder_symbol_more_room() -> None:
    rng = np.random.default_rng(0)
    state = Residuals(10)
    for _ in range(500):
        state.observe(
            0.01 * rng.standard_normal(10) * np.where(np.arange(10) == 3, 2.0, 1.0), np.zeros(10), np.full(10, 1e-4)
        )
    said = state.quantiles(np.zeros(10), np.full(10, 1e-4))[:, -1]
    assert 1.5 < said[3] / np.delete(said, 3).mean() < 1.8


def test_residuals_pass_over_what_is_unknown() -> None:
    state = Residuals(3, depth=200, least=100)
    for _ in range(200):
        state.observe(np.array([0.01, np.nan, -0.01]), np.zeros(3), np.full(3, 1e-4))
    assert np.isfinite(state.width).all()
    assert np.isfinite(state.quantiles(np.zeros(3), np.full(3, 1e-4))).all()
    assert np.isnan(state.quantiles(np.zeros(3), np.array([1e-4, np.nan, 1e-4]))[1]).all()


@pytest.mark.parametrize("wrong", [0.5, 2.0])
def test_layer_brings_wrong_widths_to_their_level(wrong: float) -> None:
    rng = np.random.default_rng(2)
    layer = Conformal(40, SPEEDS[1])
    inside = []
    for _ in range(2500):
        said = layer.adjust(wrong * np.broadcast_to(np.asarray(NORMAL), (40, len(LEVELS))))
        truth = rng.standard_normal(40)
        inside.append(((truth >= said[:, [2, 0]].T) & (truth <= said[:, [-3, -1]].T)).mean(axis=1))
        layer.observe(truth, said)
    assert np.mean(inside[1500:], axis=0) == pytest.approx([0.8, 0.95], abs=0.01)


def test_layer_keeps_quantiles_rising_and_the_median_in_place() -> None:
    rng = np.random.default_rng(3)
    layer = Conformal(5, SPEEDS[1])
    layer.own[:] = rng.normal(0, 2, layer.own.shape)
    said = np.sort(rng.standard_normal((5, len(LEVELS))), axis=1)
    adjusted = layer.adjust(said)
    assert (np.diff(adjusted, axis=1) >= 0).all()
    assert adjusted[:, 6].tolist() == said[:, 6].tolist()


def test_layer_is_not_carried_away_by_a_scale_that_is_wrong() -> None:
    """A thousand truths far beyond: still a number; and it finds back once the scale is right."""
    layer, plain = Conformal(3, SPEEDS[1]), np.broadcast_to(np.asarray(NORMAL), (3, len(LEVELS)))
    for _ in range(1_000):
        layer.observe(np.full(3, 1e9), layer.adjust(plain))
    assert layer.adjust(plain).max() == pytest.approx(WIDEST * max(NORMAL))
    for _ in range(4_000):
        layer.observe(np.zeros(3), layer.adjust(plain))
    assert layer.adjust(plain).max() < max(NORMAL)


def test_layer_learns_nothing_from_what_it_did_not_say() -> None:
    layer = Conformal(2, SPEEDS[1])
    layer.observe(np.array([np.nan, 5.0]), np.full((2, len(LEVELS)), np.nan))
    assert not layer.own.any()
    assert not layer.market.any()


def test_states_go_on_where_they_were_dumped() -> None:
    rng = np.random.default_rng(4)
    residuals, layer = Residuals(4, depth=100, every=1, least=50), Conformal(4, SPEEDS[5])
    for _ in range(130):
        said = layer.adjust(residuals.quantiles(np.zeros(4), np.full(4, 1e-4)))
        truth = 0.01 * rng.standard_normal(4)
        residuals.observe(truth, np.zeros(4), np.full(4, 1e-4))
        layer.observe(truth, said)

    again, layer_again = Residuals.load(residuals.dump(), every=1, least=50), Conformal.load(layer.dump(), SPEEDS[5])

    for _ in range(5):
        truth = 0.01 * rng.standard_normal(4)
        for each in (residuals, again):
            each.observe(truth, np.zeros(4), np.full(4, 1e-4))
        one = layer.adjust(residuals.quantiles(np.zeros(4), np.full(4, 1e-4)))
        other = layer_again.adjust(again.quantiles(np.zeros(4), np.full(4, 1e-4)))
        assert one.tobytes() == other.tobytes()


def test_residuals_learn_skewness_and_no_drift() -> None:
    rng = np.random.default_rng(6)
    state = Residuals(40)
    for _ in range(500):
        skewed = 0.01 * (1 - rng.exponential(1.0, 40))  # mean 0, median 0.0031, a long tail below
        state.observe(skewed + 0.002, np.zeros(40), np.full(40, 1e-4))
    said = state.quantiles(np.zeros(40), np.full(40, 1e-4)).mean(axis=0)
    assert said[LEVELS.index(0.5)] == pytest.approx(0.01 * (1 - np.log(2)), rel=0.1)


def test_layer_of_one_symbol_covers_without_swinging() -> None:
    """One miss is one in one: it must not widen everything as a day does on which all symbols are missed."""
    rng = np.random.default_rng(5)
    layer, right = Conformal(1, SPEEDS[1]), np.asarray(NORMAL)[None, :]
    inside, before, after = [], [], []
    for truth in rng.standard_normal((4000, 1)):
        said = layer.adjust(right)
        inside.append([(side[0] <= truth) & (truth <= side[1]) for side in (said[0, [2, -3]], said[0, [0, -1]])])
        before.append(winkler(truth, right[:, 0], right[:, -1], 0.95))
        after.append(winkler(truth, said[:, 0], said[:, -1], 0.95))
        layer.observe(truth, said)

    assert np.mean(inside, axis=0).ravel() == pytest.approx([0.8, 0.95], abs=0.01)
    assert np.mean(after) < 1.05 * np.mean(before)
