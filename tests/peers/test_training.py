"""What users of other systems trained on by mistake: bars that are not whole, corrections that came later."""

import numpy as np
import pytest

from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.frames import Frame, Labels
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar


@pytest.fixture(scope="module")
def panel() -> Frame[Bar]:
    """Daily bars of three symbols, each known at its end."""
    bars = made_up(symbols=3, sessions=200, odd=False)
    return Frame(Bar, {**bars.columns, "known_at": bars.ints("start") + DAY})


def test_case_2_partial_bar_is_no_truth_to_train_on(panel: Frame[Bar]) -> None:
    """nautilus_trader #2597: of a bar whose trades are partly missing nobody knows the range.

    It is an input, as it is live; it becomes a truth once it is revised as a whole one.
    """
    cut = panel.labels("symbol").equals("S01") & (panel.ints("start") == 150 * DAY)
    partial = Frame(Bar, {**panel.columns, "quality": Labels(cut.astype(np.int32), ("ok", "partial"))})
    filled = partial.take(cut)
    news = {"quality": Labels.constant("ok", 1), "revision": np.array([1]), "known_at": np.array([153 * DAY])}
    mended = Frame.concat([partial, Frame(Bar, {**filled.columns, **news})])

    whole, data, again = map(Dataset.from_bars, (panel, partial, mended))
    row = np.flatnonzero((data.symbol == 1) & (data.start == 150 * DAY))

    assert np.flatnonzero(np.isnan(data.variance) & ~np.isnan(whole.variance)).tolist() == row.tolist()
    assert np.isnan(data.future(1)[1][row - 1]).all()
    assert np.isnan(data.future(5)[1][row - 5]).all()
    assert data.values.tobytes() == whole.values.tobytes()
    assert again.variance.tobytes() == whole.variance.tobytes()
    assert np.isnan(again.until(152 * DAY).variance[(again.until(152 * DAY).symbol == 1)][-2])


def test_case_24_training_set_as_of_a_time_is_the_same_after_a_late_correction(panel: Frame[Bar]) -> None:
    """feast #6615 and #6617: a join in the past saw values that became known afterwards."""
    bar = panel.take(panel.labels("symbol").equals("S02") & (panel.ints("start") == 120 * DAY))
    news = {
        "high": bar.floats("high") * 1.5,
        "volume": bar.floats("volume") * 2,
        "revision": np.array([1]),
        "known_at": np.array([140 * DAY]),
        "state": Labels.constant("revised", 1),
    }
    before = Dataset.from_bars(panel)
    after = Dataset.from_bars(Frame.concat([panel, Frame(Bar, {**bar.columns, **news})]))

    assert after.hash != before.hash
    for day in (100, 121, 139):
        assert after.until(day * DAY).hash == before.until(day * DAY).hash
    assert after.until(140 * DAY).hash != before.until(140 * DAY).hash
