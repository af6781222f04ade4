from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND, interval_ns
from causal_alpha.records import Bar
from causal_alpha.sessions import Sessions
from causal_alpha.sources.gaps import Gap
from causal_alpha.sources.stitch import Stitch, Want, spoilt

MINUTE = 60 * SECOND
DAYTIME = Sessions("daytime", np.array([0, 40 * MINUTE]), np.array([30 * MINUTE, 70 * MINUTE]))
SPANS = st.tuples(st.integers(0, 4_200), st.integers(1, 900)).map(
    lambda pair: (pair[0] * SECOND, (pair[0] + pair[1]) * SECOND)
)


def bars(starts: list[int], symbol: str = "A", interval: str = "1m") -> Frame[Bar]:
    return Frame.of(
        Bar,
        [
            Bar(symbol=symbol, interval=interval, start=start, open=1, high=2, low=1, close=2, volume=5, vwap=1.5,
                trades=0, source="yahoo")
            for start in starts
        ],
    )  # fmt: skip


def stitch(*intervals: str, settle: float = 60.0, tries: int = 3) -> Stitch:
    return Stitch(intervals or ("1m",), lambda symbol: DAYTIME, settle=settle, tries=tries)


def fill(made: Stitch, want: Want, found: Frame[Bar], now: int) -> Frame[Bar]:
    return made.fill(want, found, source="yahoo:fill", now=now, margin=SECOND)


def minutes(starts: object) -> list[int]:
    return (np.asarray(starts) // MINUTE).tolist()  # type: ignore[no-any-return]


@given(gaps=st.lists(SPANS, max_size=5), interval=st.sampled_from(["1m", "5m", "1h"]))
def test_stitch_live_and_filled_cover_every_bar_and_never_overlap(gaps: list[tuple[int, int]], interval: str) -> None:
    """Case 11 of the peers' reference: a gap filled from REST is merged without a duplicate."""
    width = interval_ns(interval)
    every = DAYTIME.bar_starts(0, 100 * MINUTE, width).tolist()
    whole = [start for start in every if not any(start < last and first < start + width for first, last in gaps)]
    made = stitch(interval)
    for first, last in gaps:
        made.add(Gap("A", first, last))
    filled: list[int] = []
    now = 300 * MINUTE
    while wants := made.due(now):
        for want in wants:
            filled += fill(made, want, bars(every, interval=interval), now).ints("start").tolist()
        now += 2 * MINUTE
    assert sorted(whole + filled) == every


@given(
    gaps=st.lists(SPANS, min_size=1, max_size=5).map(sorted),
    lacks=st.sets(st.integers(0, 80)),
    looks=st.lists(st.integers(0, 200), max_size=12).map(sorted),
)
def test_stitch_fills_no_bar_twice_however_gaps_and_looks_take_turns(
    gaps: list[tuple[int, int]], lacks: set[int], looks: list[int]
) -> None:
    made, filled = stitch("1m", "5m"), Counter[tuple[str, int]]()
    events = sorted(
        [(last, (first, last)) for first, last in gaps] + [(look * MINUTE, None) for look in looks], key=str
    )
    for now, gap in sorted(events, key=lambda event: event[0]):
        if gap is not None:
            made.add(Gap("A", *gap))
            continue
        for want in made.due(now):
            width = interval_ns(want.interval)
            assert (want.starts + width + MINUTE <= now).all()
            there = [start for start in want.starts.tolist() if start // MINUTE not in lacks]
            found = bars([*there, *there, -width], interval=want.interval)
            filled.update((want.interval, start) for start in fill(made, want, found, now).ints("start").tolist())
    assert set(filled.values()) <= {1}
    for interval, start in filled:
        assert any(first < start + interval_ns(interval) and start < last for first, last in gaps)


def test_stitch_asks_for_a_bar_when_it_is_complete_and_settled() -> None:
    made = stitch("1m", "5m")
    made.add(Gap("A", 2 * MINUTE + 5, 4 * MINUTE + 1))
    assert made.due(4 * MINUTE - 1) == []
    (one,) = made.due(5 * MINUTE)
    assert (one.symbol, one.interval, minutes(one.starts)) == ("A", "1m", [2, 3])
    assert [(want.interval, minutes(want.starts)) for want in made.due(6 * MINUTE)] == [("1m", [2, 3, 4]), ("5m", [0])]


def test_stitch_marks_what_it_fills() -> None:
    made, now = stitch(), 9 * MINUTE
    made.add(Gap("A", 2 * MINUTE, 3 * MINUTE))
    (want,) = made.due(now)
    (bar,) = fill(made, want, bars([MINUTE, 2 * MINUTE, 3 * MINUTE]), now).rows()
    assert (bar.start, bar.state, bar.revision, bar.quality, bar.source) == (
        2 * MINUTE,
        "revised",
        1,
        "ok",
        "yahoo:fill",
    )
    assert bar.known_at == now + SECOND
    assert (bar.open, bar.close, bar.volume) == (1, 2, 5)
    assert made.due(99 * MINUTE) == []


def test_stitch_asks_again_for_what_is_not_there_yet_and_gives_up() -> None:
    made = stitch(tries=2)
    made.add(Gap("A", MINUTE, 3 * MINUTE))
    (want,) = made.due(9 * MINUTE)
    assert minutes(fill(made, want, bars([MINUTE]), 9 * MINUTE).ints("start")) == [1]
    assert made.due(9 * MINUTE + 59 * SECOND) == []
    (want,) = made.due(10 * MINUTE)
    assert minutes(want.starts) == [2]
    assert not len(fill(made, want, bars([MINUTE]), 10 * MINUTE))
    assert made.due(99 * MINUTE) == []


def test_stitch_asks_for_what_is_refused_after_longer_and_longer_waits_and_gives_up() -> None:
    made, now, asked = stitch(), 9 * MINUTE, []
    made.add(Gap("A", MINUTE, 2 * MINUTE))
    for _ in range(1_000):
        for want in made.due(now):
            asked.append(now)
            made.refused(want, now)
        now += MINUTE
    assert np.diff(asked).tolist() == [2**i * MINUTE for i in range(7)]
    made.add(Gap("A", MINUTE, 3 * MINUTE))
    assert [minutes(want.starts) for want in made.due(now)] == [[2]]


def test_stitch_wants_no_bar_that_came_whole_otherwise() -> None:
    made = stitch()
    made.have(bars([0, MINUTE]))
    made.add(Gap("A", 0, 4 * MINUTE))
    made.have(bars([3 * MINUTE]))
    assert [minutes(want.starts) for want in made.due(99 * MINUTE)] == [[2]]


def test_stitch_wants_no_bar_where_the_market_is_closed() -> None:
    assert minutes(spoilt(DAYTIME, 28 * MINUTE, 42 * MINUTE, MINUTE)) == [28, 29, 40, 41]
    made = stitch()
    made.add(Gap("A", 31 * MINUTE, 39 * MINUTE))
    assert made.due(99 * MINUTE) == []


@pytest.mark.parametrize("start", [0, 1, 59 * SECOND])
def test_stitch_fills_the_bars_that_a_gap_only_touches(start: int) -> None:
    assert minutes(spoilt(DAYTIME, start, start + 1, MINUTE)) == [0]
