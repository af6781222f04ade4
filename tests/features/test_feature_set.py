import numpy as np
import pytest

from causal_alpha.errors import FeatureError
from causal_alpha.features import DEFAULT, FIELDS, Feature, FeatureSet, MarketFeature, Window, market_mean
from causal_alpha.frames import Floats


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
    values = both.compute(Window(np.full((len(FIELDS), 1, 35), 5.0)), np.zeros(1, dtype=np.int64))
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
