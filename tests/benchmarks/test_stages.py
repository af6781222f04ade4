"""Where a tick was seen is read from topics, frames and the hub's messages alike."""

import json
import math

import numpy as np

from benchmarks import stages
from benchmarks.arrivals import Row
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Bar


def bar(symbol: str, close: float, trades: int) -> Bar:
    return Bar(
        symbol=symbol,
        interval="1s",
        start=3_000 * MILLISECOND,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=1.0,
        vwap=close,
        trades=trades,
        state="forming",
    )


def test_of_topic_gives_the_bars_that_hold_a_trade() -> None:
    frame = Frame.of(Bar, [bar("S000", 12.0, 1), bar("S001", 11.0, 0), bar("S002", math.nan, 0)])

    found = list(stages.of_topic([(5, frame.encode())], offset=-1_000_000))

    assert found == [Row(4_000_000, 0, "1s", 3_000, 12)]


def test_of_message_gives_the_same_bars_from_state_and_log() -> None:
    event = ["bar", "S003", "1s", 3_000, 1.0, 9.0, 1.0, 7.0, 5.0, 4.0, 2, "forming", 0, "ok", "foreign"]
    quiet = ["bar", "S004", "1s", 3_000, None, None, None, None, 0.0, None, 0, "final", 0, "no_data", "foreign"]
    expected = [Row(1, 3, "1s", 3_000, 7)]

    assert list(stages.of_message(1, json.dumps(["state", [event, ["quote", "S003", 1, 2.0, "foreign"]]]))) == expected
    assert list(stages.of_message(1, json.dumps(["log", [[1, *quiet], [2, *event]]]))) == expected
    assert list(stages.of_message(1, json.dumps(["hello", {"boot": "x"}]))) == []


def test_appended_leaves_heartbeats_out() -> None:
    records = [(7, b'{"symbol":"S000"}'), (8, heartbeat(9).encode()), (9, b'{"symbol":"S001"}')]

    assert stages.appended(records, offset=1).tolist() == [7_000_001, 9_000_001]


def test_latencies_leave_the_warm_up_out() -> None:
    sent = np.array([[3_000, 100], [3_001, 200], [3_002, 300]])
    rows = [Row(150, 0, "1s", 3_000, 1), Row(290, 1, "1s", 3_000, 2)]

    found, missing = stages.latencies(rows, sent, since=200)

    assert found.tolist() == [90]
    assert missing == 1
