"""What users of other systems lost bars or money to: bars where the market is closed, numbers that poison others."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from causal_alpha.bars import BarState, Beat, Rules, roll
from causal_alpha.calendar import load_sessions
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.messages import Row
from causal_alpha.records import Bar, Tick
from causal_alpha.transform import Transform

MINUTE = 60 * SECOND
T0 = 1_700_000_040 * SECOND


def utc(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp()) * SECOND


def tick(ts: int, price: float = 10.0, **fields: Any) -> Tick:
    return Tick(symbol="A", ts=ts, price=price, size=1.0, source="x", **fields)


@pytest.mark.parametrize(
    ("calendar", "last", "opening"),
    [
        ("XNYS", "2024-11-27T20:59", "2024-11-29T14:30"),  # Thanksgiving
        ("XNYS", "2024-11-29T17:59", "2024-12-02T14:30"),  # the bell at 13:00 the day after it, and a weekend
        ("XNYS", "2024-12-24T17:59", "2024-12-26T14:30"),  # 13:00 on Christmas Eve
        ("XNYS", "2024-03-08T20:59", "2024-03-11T13:30"),  # the clocks go forward
        ("XNYS", "2024-11-01T19:59", "2024-11-04T14:30"),  # and back
        ("XNYS+ext", "2024-11-29T21:59", "2024-12-02T09:00"),
        ("XHKG", "2024-09-05T07:59", "2024-09-09T01:30"),  # a typhoon closed all of Friday
        ("XHKG", "2024-12-24T03:59", "2024-12-27T01:30"),  # a half day
    ],
)
def test_case_4_no_bar_between_the_bell_and_the_next_session(calendar: str, last: str, opening: str) -> None:
    """A feed that is alive all night makes no bar of it: nautilus_trader #868 and #928, pandas_market_calendars #390,
    exchange_calendars #142.
    """
    bell, bound = utc(last) + MINUTE, utc(opening)
    rules = Rules.of(("1m",), lateness=0.0, feed_timeout=120.0)
    state = BarState.new(rules, lambda _: load_sessions(calendar))
    beats = [Beat(1, ts, "x") for ts in range(bell, bound + 2 * MINUTE + 1, MINUTE)]

    bars = roll(state, Frame.of(Tick, [tick(bell - 110 * SECOND)]), beats).bars["1m"]

    found = [(bar.start, bar.quality, bar.close) for bar in bars.rows()]
    assert found == [
        (bell - 2 * MINUTE, "partial", 10.0),
        *((start, "no_trade", 10.0) for start in (bell - MINUTE, bound, bound + MINUTE)),
    ]


def test_case_4_a_connection_lost_overnight_is_no_gap_of_the_day_before() -> None:
    """nautilus_trader #3412, stale bars around session gaps: nothing is missing from the bell to the opening."""
    bell, opening = utc("2024-11-29T18:00"), utc("2024-12-02T14:30")
    rules = Rules.of(("1m",), lateness=0.0, feed_timeout=120.0)
    state = BarState.new(rules, lambda _: load_sessions("XNYS"))

    late = roll(state, Frame.of(Tick, [tick(bell - 10 * SECOND)]), [Beat(1, bell, "x")]).bars["1m"]
    back = roll(state, Frame.empty(Tick), [Beat(0, opening + 2 * MINUTE)]).bars["1m"]

    assert [bar.quality for bar in late.rows()] == ["partial"]
    assert [(bar.start, bar.quality) for bar in back.rows()] == [
        (opening, "no_data"),
        (opening + MINUTE, "no_data"),
    ]


def test_case_2_first_bar_of_a_feed_that_joins_midway_is_partial_at_every_interval() -> None:
    """nautilus_trader #2597: the first bar after a start, and the first one after a pause that was too long to fill."""
    state = BarState.new(Rules.of(("1s", "1m"), lateness=0.0, feed_timeout=5.0, quiet_bars=3))
    start = utc("2024-06-03T15:00")
    ticks = [tick(start + second * SECOND) for second in (30, 61, 119, 600, 601)]

    rolled = roll(state, Frame.of(Tick, ticks), [Beat(5, start + 660 * SECOND, "x")])

    minutes = {(bar.start - start) // MINUTE: bar.quality for bar in rolled.bars["1m"].rows() if bar.trades}
    seconds = {(bar.start - start) // SECOND: bar.quality for bar in rolled.bars["1s"].rows() if bar.trades}
    assert minutes == {0: "partial", 1: "ok", 10: "partial"}
    assert seconds == {30: "partial", 61: "partial", 119: "partial", 600: "partial", 601: "ok"}


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", "1e400", "-1", "0", "1e300"])
def test_case_13_a_price_that_is_none_is_rejected_and_poisons_no_bar(price: str) -> None:
    """NaN stays in the aggregates of quix-streams, -1 came out as a price in nautilus_trader #928."""
    good = [
        json.dumps({"symbol": "A", "ts": (T0 + i * SECOND) // MILLISECOND, "price": 10 + i, "size": 1}) for i in (0, 2)
    ]
    bad = f'{{"symbol": "A", "ts": {(T0 + SECOND) // MILLISECOND}, "price": {price}, "size": 1}}'

    bars, rejected = transformed([good[0], bad, good[1]])
    clean, _ = transformed(good)

    assert bars == clean
    assert (bars[0].open, bars[0].high, bars[0].low, bars[0].close, bars[0].vwap) == (10.0, 12.0, 10.0, 12.0, 11.0)
    assert rejected == [bad.encode()]


def transformed(texts: Sequence[str]) -> tuple[list[Bar], list[bytes]]:
    """The minute's bars of single JSON ticks, and the payloads of the rejects."""
    state = BarState.new(Rules.of(("1m",)))
    values = [*(text.encode() for text in texts), heartbeat(T0 + MINUTE).encode()]
    messages = [Row(place, T0 // MILLISECOND + 60_000, value) for place, value in enumerate(values)]
    bars, rejects = Transform(topic="ticks", partitions=1, tolerance=5.0).run(state, 0, messages)
    assert state.counts.balanced()
    return list(bars["1m"].rows()), [reject.payload for reject in rejects.rows()]
