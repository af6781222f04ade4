"""What a reject keeps: never more than fits into a message, and every row as it was."""

import hashlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.frames import ARROW_MAGIC, Frame
from causal_alpha.intake import Reader
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.messages import Row
from causal_alpha.records import NO_ID, Reject, Tick
from causal_alpha.rejects import LARGEST_PAYLOAD, kept, payloads, true_size
from causal_alpha.ticks import parse_json

NOW = 1_700_000_000 * SECOND

numbers = st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, 0.1]))
wide = st.integers(-(2**63), 2**63 - 1)


def tick(**fields: Any) -> Tick:
    return Tick(**{"symbol": "A", "ts": NOW, "price": 2.0, "size": 3.0, "source": "foreign", **fields})


def rejected(*values: bytes) -> list[Reject]:
    reader = Reader(topic="ticks", partition=3, tolerance=5 * SECOND)
    return reader.read([Row(7 + n, NOW // MILLISECOND, value) for n, value in enumerate(values)]).rejects


def read(payload: bytes) -> Tick:
    ticks = Frame.decode(Tick, payload) if payload.startswith(ARROW_MAGIC) else parse_json([payload], "foreign")[0]
    [row] = ticks.rows()
    return row


@given(
    st.lists(
        st.builds(tick, ts=wide, id=wide, price=numbers, size=numbers, bid=numbers, ask_size=numbers),
        min_size=1,
        max_size=5,
    )
)
def test_payload_of_a_row_says_all_of_it(rows: list[Tick]) -> None:
    assert repr([read(payload) for payload in payloads(Frame.of(Tick, rows))]) == repr(rows)


def test_payload_of_a_row_is_json_where_that_says_it() -> None:
    rows = [tick(), tick(id=NO_ID, bid=1.5), tick(price=math.inf), tick(size=math.nan), tick(ts=-5)]

    made = payloads(Frame.of(Tick, rows))

    assert [payload.startswith(ARROW_MAGIC) for payload in made] == [False, False, True, True, True]


def test_rows_rejected_out_of_a_frame_keep_their_values() -> None:
    rows = [tick(price=math.nan), tick(), tick(price=math.inf), tick(price=-1.0), tick(price=5.0, size=-math.inf)]

    rejects = rejected(Frame.of(Tick, rows).encode())

    assert [reject.row for reject in rejects] == [0, 2, 3, 4]
    assert repr([read(reject.payload) for reject in rejects]) == repr([rows[reject.row] for reject in rejects])
    assert rejects[2].payload.startswith(b"{")


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 6_000_000,
        ARROW_MAGIC + b"x" * 6_000_000,
        b'{"symbol": "A", "ts": "%s", "price": 1, "size": 1}' % (b"x" * 6_000_000),
        b'{"symbol": "A", "ts": 1, "price": 1, "size": -1%s}' % (b" " * 6_000_000),
    ],
    ids=["text", "frame", "quoted in the detail", "readable"],
)
def test_reject_of_a_large_message_is_small_and_says_what_it_was(value: bytes) -> None:
    [reject] = rejected(value)

    assert (reject.topic, reject.partition, reject.offset) == ("ticks", 3, 7)
    assert reject.payload == value[:LARGEST_PAYLOAD]
    assert true_size(reject) == len(value)
    assert hashlib.blake2b(value, digest_size=16).hexdigest() in reject.detail
    assert len(Frame.of(Reject, [reject]).encode()) < 1_010_000


def test_reject_of_a_small_message_keeps_all_of_it() -> None:
    value = b"{" * LARGEST_PAYLOAD

    payload, detail = kept(value, "no JSON")

    assert (payload, detail) == (value, "no JSON")
    assert true_size(rejected(b"{")[0]) == 1
