import numpy as np
import pytest

from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import Bar


@pytest.fixture(scope="module")
def panel() -> Frame[Bar]:
    return made_up(symbols=4, sessions=260, odd=False)


@pytest.fixture(scope="module")
def whole(panel: Frame[Bar]) -> Dataset:
    return Dataset.from_bars(panel)


def test_dataset_is_sorted_by_symbol_then_time_whatever_the_order_of_the_bars(
    panel: Frame[Bar], whole: Dataset
) -> None:
    shuffled = Dataset.from_bars(panel.take(np.random.default_rng(0).permutation(len(panel))))

    assert (np.diff(whole.symbol * 10**6 + whole.start // DAY) > 0).all()
    assert shuffled.hash == whole.hash


def test_truth_ahead_is_the_sum_of_returns_and_the_mean_of_variances(whole: Dataset) -> None:
    returns, variance = whole.future(5)
    row = 260 + 100

    assert returns[row] == pytest.approx(whole.returns[row + 1 : row + 6].sum(), rel=1e-12)
    assert variance[row] == pytest.approx(whole.variance[row + 1 : row + 6].mean(), rel=1e-12)
    assert np.isnan(returns.reshape(4, 260)[:, -5:]).all()
    assert np.isfinite(returns.reshape(4, 260)[:, 1:-5]).all()


def test_dataset_until_a_time_knows_no_truth_that_comes_later(panel: Frame[Bar], whole: Dataset) -> None:
    end = 200 * DAY
    cut = whole.until(end)
    fresh = Dataset.from_bars(panel.take(panel.ints("start") < end))

    assert cut.hash == fresh.hash
    for horizon in (1, 5):
        assert np.isnan(cut.future(horizon)[0].reshape(4, 200)[:, -horizon:]).all()


def test_vectors_before_a_cut_do_not_change_when_the_future_does(panel: Frame[Bar], whole: Dataset) -> None:
    rng = np.random.default_rng(1)
    for cut in rng.integers(130, 259, 5).tolist():
        later = panel.ints("start") >= cut * DAY
        poison = {name: panel.floats(name).copy() for name in ("open", "high", "low", "close", "volume")}
        for name, column in poison.items():
            column[later] *= np.exp(rng.standard_normal(later.sum())) if name == "volume" else 3.0
        poisoned = Dataset.from_bars(Frame(Bar, {**panel.columns, **poison}))
        before = whole.start < cut * DAY
        assert poisoned.values[before].tobytes() == whole.values[before].tobytes()
        assert poisoned.values[~before].tobytes() != whole.values[~before].tobytes()


def test_restated_prices_change_no_vector(panel: Frame[Bar], whole: Dataset) -> None:
    """`adj_close` is scaled anew with each dividend: only its ratios may matter."""
    restated = {name: panel.floats(name) * 0.37 for name in ("open", "high", "low", "close")}
    again = Dataset.from_bars(Frame(Bar, {**panel.columns, **restated}))

    assert np.allclose(again.values, whole.values, rtol=1e-9, atol=1e-12, equal_nan=True)


def test_truth_is_what_was_known_last_and_vectors_what_was_known_then(panel: Frame[Bar], whole: Dataset) -> None:
    bar = panel.take((panel.ints("start") == 200 * DAY) & panel.labels("symbol").equals("S01"))
    revised = {
        "high": bar.floats("high") * 1.5,
        "revision": np.array([1]),
        "known_at": np.array([203 * DAY]),
    }
    data = Dataset.from_bars(Frame.concat([panel, Frame(Bar, {**bar.columns, **revised})]))
    row = 260 + 200

    assert len(data) == len(whole)
    assert data.variance[row] > 3 * whole.variance[row]
    assert np.delete(data.variance, row).tolist() == np.delete(whole.variance, row).tolist()
    changed = (data.column("log_range_5") != whole.column("log_range_5")) & np.isfinite(whole.column("log_range_5"))
    assert np.flatnonzero(changed).tolist() == [row + 2, row + 3, row + 4]


def test_lags_are_the_past_vectors_and_nan_before_the_first(whole: Dataset) -> None:
    rows = np.array([260, 260 + 2, 260 + 200])
    lags = whole.lags(rows, ("return_1", "log_range_1"), 4)

    assert lags.shape == (3, 4, 2)
    assert np.isnan(lags[0, :3]).all()
    assert lags[1, 1:, 1].tolist() == whole.column("log_range_1")[260:263].tolist()
    assert lags[2, -1, 0] == whole.column("return_1")[460]


def test_run_of_rows_has_the_lags_of_each_without_a_copy(whole: Dataset) -> None:
    run = whole.run(260 + 3, 260 + 9, 4)

    assert run.tobytes() == whole.lags(np.arange(260 + 3, 260 + 9), whole.names, 4).tobytes()
    assert np.shares_memory(run, whole.values)
    assert not run.flags.writeable


def test_hash_tells_data_apart(panel: Frame[Bar], whole: Dataset) -> None:
    close = panel.floats("close").copy()
    close[-1] *= 1.0001
    assert Dataset.from_bars(Frame(Bar, {**panel.columns, "close": close})).hash != whole.hash


def test_unknown_feature_duplicate_bar_and_no_bar_are_said(panel: Frame[Bar], whole: Dataset) -> None:
    with pytest.raises(ModelError, match="expected magic, was return_1"):
        whole.column("magic")
    with pytest.raises(ModelError, match="expected one a symbol and start, was two of S00 at 0"):
        Dataset.from_bars(Frame.concat([panel, panel.take(np.array([0]))]))
    with pytest.raises(ModelError, match="expected at least one, was none"):
        Dataset.from_bars(Frame.empty(Bar))


def test_look_back_of_the_feature_set_is_what_its_vectors_need(whole: Dataset) -> None:
    complete = np.isfinite(whole.values).all(axis=1).reshape(4, 260)
    assert not complete[:, : VOLATILITY.lookback - 1].any()
    assert complete[:, VOLATILITY.lookback - 1 :].all()
