import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import NO_ID, Tick
from causal_alpha.ticks import all_usable, check_ticks, parse_json, tick_json

NOW = 1_700_000_000 * SECOND


def message(**changes: Any) -> bytes:
    return json.dumps({"symbol": "A", "ts": 1_700_000_000_000, "price": 1.5, "size": 2} | changes).encode()


def one(value: bytes) -> Tick:
    frame, _, bad = parse_json([value], "api")
    assert not bad
    return next(frame.rows())


@given(
    st.builds(
        Tick,
        symbol=st.text(min_size=1, max_size=8),
        ts=st.integers(0, 2**62),
        price=st.floats(1e-9, 1e9),
        size=st.floats(0, 1e9),
        id=st.integers(NO_ID, 2**63 - 1),
        bid=st.floats(1e-9, 1e9),
        source=st.just("api"),
    )
)
def test_tick_json_is_read_back_the_same(tick: Tick) -> None:
    assert repr(one(tick_json(tick))) == repr(tick)  # ask is NaN


@pytest.mark.parametrize(
    ("ts", "ns"),
    [
        (1_700_000_000_123, 1_700_000_000_123 * MILLISECOND),
        ("2023-11-14T22:13:20Z", NOW),
        ("2023-11-14t22:13:20.5z", NOW + SECOND // 2),
        ("2023-11-14T23:13:20.000000001+01:00", NOW + 1),
        ("2023-11-14 17:13:20-05:00", NOW),
    ],
)
def test_tick_time_is_ms_or_rfc_3339(ts: int | str, ns: int) -> None:
    assert one(message(ts=ts)).ts == ns


def test_tick_id_may_be_a_number_a_text_of_digits_or_any_text() -> None:
    assert one(message(id=17)).id == one(message(id="17")).id == 17
    assert one(message(id="a-17")).id == one(message(id="a-17")).id != one(message(id="a-18")).id
    assert one(message()).id == one(message(id=None)).id == NO_ID


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "malformed"),
        (b"\xff", "malformed"),
        (b"", "malformed"),
        (b"[1]", "schema"),
        (b'{"symbol": "A"}', "schema"),
        (message(price="1"), "schema"),
        (message(ts=-1), "schema"),
        (message(ts=1.5), "schema"),
        (message(ts="2023-11-14T22:13:20"), "schema"),
        (message(ts="2023-13-14T22:13:20Z"), "schema"),
        (message(ts="1700000000000"), "schema"),
        (message(symbol=""), "schema"),
        (message(symbol="x" * 65), "schema"),
        (message(id=2**63), "schema"),
        (message(price=float("nan")), "nan"),
        (message(size=float("inf")), "nan"),
        (message(extra=1), "unknown_field"),
    ],
)
def test_unreadable_messages_get_a_reason_and_spoil_no_other(value: bytes, reason: str) -> None:
    frame, places, bad = parse_json([message(), value, message(price=3)], "api")

    assert frame.floats("price").tolist() == [1.5, 3.0]
    assert places.tolist() == [0, 2]
    assert [(row.row, row.reason) for row in bad] == [(1, reason)]
    assert bad[0].detail


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": float("nan")}, "nan"),
        ({"size": float("nan")}, "nan"),
        ({"price": 0.0}, "not_positive"),
        ({"price": -1.0}, "not_positive"),
        ({"size": -1.0}, "not_positive"),
        ({"price": 1e12}, "absurd"),
        ({"size": float("inf")}, "absurd"),
        ({"bid": 0.0}, "absurd"),
        ({"ask": float("inf")}, "absurd"),
        ({"ts": 0}, "absurd"),
        ({"ts": NOW + 6 * SECOND}, "future"),
        ({"symbol": ""}, "schema"),
    ],
)
def test_unusable_rows_get_a_reason(changes: dict[str, Any], reason: str) -> None:
    good = Tick(symbol="A", ts=NOW, price=1.0, size=0.0)
    row = Tick(**{name: getattr(good, name) for name in good.__struct_fields__} | changes)

    bad = check_ticks(Frame.of(Tick, [good, row, good]), NOW, 5 * SECOND)

    assert [(found.row, found.reason) for found in bad] == [(1, reason)]


amounts = st.sampled_from([float("nan"), -1.0, 0.0, 1.5, 1e11, 1e12, float("inf")])


@given(st.lists(st.tuples(st.integers(-1, 3), *[amounts] * 6, st.sampled_from(["", "A"])), min_size=1, max_size=3))
def test_frames_told_usable_at_a_glance_are_those_without_a_bad_row(rows: list[Any]) -> None:
    names = ("ts", "price", "size", "bid", "ask", "bid_size", "ask_size", "symbol")
    frame = Frame.of(Tick, [Tick(**dict(zip(names, row, strict=True))) for row in rows])

    assert all_usable(frame, limit=2) == (not check_ticks(frame, 1, tolerance=1))


@given(st.permutations([message(), message(ts="2023-11-14T22:13:20Z"), message(bid=1), message(id="1_7"), b"{"]))
def test_a_message_is_read_the_same_whatever_is_beside_it(values: list[bytes]) -> None:
    frame, places, _ = parse_json(values, "api")

    assert [repr(row) for row in frame.rows()] == [repr(one(values[place])) for place in places]


def test_a_stamp_may_lead_its_record_by_the_tolerance() -> None:
    frame = Frame.of(Tick, [Tick(symbol="A", ts=NOW + 5 * SECOND, price=1.0, size=1.0)] * 2)

    assert check_ticks(frame, np.asarray([NOW, NOW - 1]), 5 * SECOND)[0].row == 1
