from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.errors import SourceError
from causal_alpha.intervals import SECOND
from causal_alpha.records import NO_ID
from causal_alpha.sources.cells import to_floats, to_ids, to_labels, to_times

NOON = int(datetime(2024, 7, 1, 12, tzinfo=UTC).timestamp()) * SECOND


@given(st.lists(st.floats(allow_nan=False)))
def test_floats_survive_as_text(values: list[float]) -> None:
    assert to_floats(pa.array([repr(value) for value in values], pa.string())).tolist() == values


def test_floats_that_are_none_become_nan() -> None:
    cells = pa.array(["1", "n/a", "", None, "1e3", "inf"])
    np.testing.assert_array_equal(to_floats(cells), [1, np.nan, np.nan, np.nan, 1_000, np.inf])
    np.testing.assert_array_equal(to_floats(pa.array([1, None, 3])), [1, np.nan, 3])


@pytest.mark.parametrize(
    ("cells", "name", "zone"),
    [
        (pa.array([NOON]), "ts", "UTC"),
        (pa.array([NOON]), "recv_ts_ns", "UTC"),
        (pa.array([NOON // 1_000]), "ts_us", "UTC"),
        (pa.array([NOON // 1_000_000]), "exch_ts_ms", "UTC"),
        (pa.array([NOON // SECOND]), "TS_S", "UTC"),
        (pa.array([str(NOON // 1_000_000)]), "ts_ms", "UTC"),
        (pa.array(["2024-07-01 12:00:00"]), "time", "UTC"),
        (pa.array(["2024-07-01T12:00:00Z"]), "time", "America/New_York"),
        (pa.array(["2024-07-01T14:00:00+02:00"]), "time", "UTC"),
        (pa.array(["2024-07-01 08:00:00"]), "time", "America/New_York"),
        (pa.array([datetime(2024, 7, 1, 12)], pa.timestamp("us")), "time", "UTC"),  # noqa: DTZ001
        (pa.array([datetime(2024, 7, 1, 8)], pa.timestamp("s")), "time", "America/New_York"),  # noqa: DTZ001
        (pa.array([datetime(2024, 7, 1, 12, tzinfo=UTC)], pa.timestamp("ms", "Asia/Tokyo")), "time", "UTC"),
    ],
)
def test_times_of_any_kind_are_ns_utc(cells: pa.Array, name: str, zone: str) -> None:
    assert to_times(cells, name, zone).tolist() == [NOON]


def test_times_of_dates_are_midnight_utc() -> None:
    assert to_times(pa.array([date(2024, 7, 1)]), "date", "America/New_York").tolist() == [NOON - 12 * 3600 * SECOND]
    assert to_times(pa.array(["2024-07-01"]), "date", "UTC").tolist() == [NOON - 12 * 3600 * SECOND]


def test_times_keep_every_nanosecond() -> None:
    assert to_times(pa.array(["2024-07-01T12:00:00.123456789"]), "ts", "UTC").tolist() == [NOON + 123_456_789]


def test_times_of_a_repeated_hour_are_the_first_and_of_a_missing_one_the_next() -> None:
    cells = pa.array(["2024-11-03 01:30:00", "2024-03-10 02:30:00"])
    expected = [datetime(2024, 11, 3, 5, 30, tzinfo=UTC), datetime(2024, 3, 10, 7, tzinfo=UTC)]
    found = to_times(cells, "ts", "America/New_York")
    assert found.tolist() == [int(time.timestamp()) * SECOND for time in expected]


def test_times_that_are_none_become_0() -> None:
    cells = pa.array(["2024-07-01 12:00:00", "soon", "", None, "2024-07-01T08:00:00-04:00"])
    assert to_times(cells, "ts", "UTC").tolist() == [NOON, 0, 0, 0, NOON]
    assert to_times(cells, "ts", "America/New_York").tolist()[0] == NOON + 4 * 3600 * SECOND
    assert to_times(pa.array([None, NOON], pa.int64()), "ts", "UTC").tolist() == [0, NOON]


def test_times_of_other_kinds_are_refused() -> None:
    with pytest.raises(SourceError, match="column ts: expected times, was double"):
        to_times(pa.array([1.5]), "ts", "UTC")


def test_ids_are_integers() -> None:
    assert to_ids(pa.array(["7", "8"])).tolist() == [7, 8]
    assert to_ids(pa.array([7, None])).tolist() == [7, NO_ID]
    with pytest.raises(SourceError, match="expected integers"):
        to_ids(pa.array(["a-7"]))


def test_labels_have_a_name_for_null() -> None:
    assert to_labels(pa.array(["A", None, "A"])).tolist() == ["A", "", "A"]
    assert to_labels(pa.array(["A", "B"]).dictionary_encode()).tolist() == ["A", "B"]
