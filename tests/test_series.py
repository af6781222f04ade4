"""What a key and `meta` must say, and that what they don't is said in words."""

from typing import Any

import pytest

from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame
from causal_alpha.records import Features, Reject
from causal_alpha.series import check_rows, number, read_key, unknown_intervals

ROW: Any = {"symbol": "A", "close": 1.0, "values": (1.0,), "feature_set": "x"}


def vectors(*rows: tuple[str, int]) -> Frame[Features]:
    return Frame.of(Features, [Features(interval=interval, start=start, **ROW) for interval, start in rows])


@pytest.mark.parametrize("key", [None, b"", b"default|\xff"])
def test_key_that_is_no_text_is_refused(key: bytes | None) -> None:
    with pytest.raises(FrameError, match=r"key: expected universe\|interval, was") as refused:
        read_key(key)

    assert refused.value.reason == "schema"


@pytest.mark.parametrize("text", ["soon", "", "1.5", "1e3", "-1", "5", "9" * 5_000])
def test_number_that_is_none_or_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(FrameError, match="origins: expected a number from 0 to 4, was") as refused:
        number({"origins": text}, "origins", 0, 0, 4)

    assert refused.value.reason == "schema"
    assert len(str(refused.value)) < 200


def test_rows_of_the_interval_in_the_key_are_taken() -> None:
    check_rows("default|1m", vectors(("1m", 0), ("1m", -(10**18))))
    check_rows("default|1m", vectors())


@pytest.mark.parametrize(
    ("key", "rows", "says"),
    [
        ("BAD", [("1m", 0)], "key: interval: expected a divisor of one day"),
        ("default|100tick", [("100tick", 0)], "key: interval: expected a divisor of one day"),
        ("default|1m", [("1m", 0), ("1s", 0)], "interval: expected the key's 1m, was 1s"),
        ("default|1m", [("1m", 2**62)], "start: expected times in ns"),
        ("default|1m", [("1m", -(2**63)), ("1m", 0)], "start: expected times in ns"),
    ],
)
def test_rows_that_the_key_does_not_tell_of_are_refused(key: str, rows: list[tuple[str, int]], says: str) -> None:
    with pytest.raises(FrameError, match=says) as refused:
        check_rows(key, vectors(*rows))

    assert refused.value.reason == "schema"


def test_intervals_are_known_of_any_kind_and_records_without_one_need_none() -> None:
    reject = Reject(topic="t", partition=0, offset=1, row=0, ts=0, reason="x", detail="y", payload=b"")

    assert unknown_intervals(vectors(("1m", 0), ("100tick", 0))) == []
    assert unknown_intervals(vectors(("1m", 0), ("../x", 0), ("7m", 0))) == ["../x", "7m"]
    assert unknown_intervals(Frame.of(Reject, [reject])) == []
