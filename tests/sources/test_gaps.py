import json
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.checks import check_source
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.records import NO_ID, Tick
from causal_alpha.sources.base import Batch, Source
from causal_alpha.sources.gaps import Gap, Numbered, Outages, SequenceGaps


def ticks(*rows: tuple[int, int], symbol: str = "A") -> Frame[Tick]:
    """Of (id, ts)."""
    return Frame.of(
        Tick, [Tick(symbol=symbol, ts=ts, price=1.0, size=1.0, id=number, source="numbers") for number, ts in rows]
    )


def test_sequence_without_a_hole_has_no_gap() -> None:
    gaps = SequenceGaps()
    assert gaps.push(ticks((1, 10), (2, 20), (3, 20))) == []
    assert gaps.push(ticks((4, 30))) == []
    assert gaps.push(ticks((900, 5), (901, 6), symbol="B")) == []  # where a feed is joined is no gap


def test_sequence_with_a_hole_has_a_gap_from_the_tick_before_to_the_tick_after() -> None:
    gaps = SequenceGaps()
    gaps.push(ticks((1, 10), (2, 20)))
    assert gaps.push(ticks((5, 50), (6, 60), (9, 90))) == [Gap("A", 20, 51), Gap("A", 60, 91)]
    assert gaps.push(ticks((10, 91))) == []


def test_sequence_may_be_out_of_order_within_a_frame_and_repeat_itself() -> None:
    gaps = SequenceGaps()
    assert gaps.push(ticks((2, 20), (4, 40), (1, 10), (3, 30), (4, 40))) == []
    assert gaps.push(ticks((3, 30), (4, 40), (5, 50))) == []
    assert gaps.push(ticks((2, 20))) == []


def test_sequence_that_begins_anew_has_no_gap_there() -> None:
    gaps = SequenceGaps()
    gaps.push(ticks((7_000, 10)))
    assert gaps.push(ticks((1, 20), (2, 30))) == []
    assert gaps.push(ticks((4, 40))) == [Gap("A", 30, 41)]


def test_sequence_passes_over_rows_without_a_number() -> None:
    gaps = SequenceGaps()
    assert gaps.push(ticks((1, 10), (NO_ID, 15), (2, 20))) == []
    assert gaps.push(ticks((NO_ID, 25))) == []
    assert gaps.push(Frame.empty(Tick)) == []


@given(
    lost=st.sets(st.integers(1, 39), max_size=12),
    cuts=st.lists(st.integers(0, 40), max_size=5).map(sorted),
    symbols=st.lists(st.sampled_from("AB"), min_size=40, max_size=40),
)
def test_sequence_finds_the_same_gaps_however_the_feed_is_cut(
    lost: set[int], cuts: list[int], symbols: list[str]
) -> None:
    counts = {"A": 0, "B": 0}
    rows = []
    for place, symbol in enumerate(symbols):
        counts[symbol] += 1
        rows.append(Tick(symbol=symbol, ts=place, price=1.0, size=1.0, id=counts[symbol]))
    kept = [row for place, row in enumerate(rows) if place not in lost]
    whole = SequenceGaps().push(Frame.of(Tick, kept))
    gaps, found = SequenceGaps(), []
    for first, last in zip([0, *cuts], [*cuts, len(kept)], strict=True):
        found += gaps.push(Frame.of(Tick, kept[first:last]))
    assert sorted(found) == sorted(whole)
    for row in (rows[place] for place in lost):
        mine = [one for one in kept if one.symbol == row.symbol]
        if mine and mine[0].ts < row.ts < mine[-1].ts:  # neither before the first nor after the last
            assert any(gap.symbol == row.symbol and gap.start < row.ts < gap.end for gap in found)


class Feed:
    """A source of given frames."""

    name = "numbers"

    def __init__(self, *frames: Batch) -> None:
        self._frames = frames

    async def frames(self) -> AsyncIterator[Batch]:
        for frame in self._frames:
            yield frame


async def test_numbered_source_tells_a_gap_before_the_ticks_that_show_it() -> None:
    feed = Numbered(Feed(ticks((1, 10), (2, 20)), heartbeat(20, "numbers"), ticks((4, 40)), heartbeat(40, "numbers")))
    assert isinstance(feed, Source)
    frames = [frame async for frame in feed.frames()]
    assert [len(frame) for frame in frames] == [2, 0, 0, 1, 0]
    assert json.loads(frames[2].meta["gap"]) == {"source": "numbers", "symbols": ["A"], "start": 20, "end": 41}
    await check_source(feed)


def test_outages_end_when_a_symbol_is_heard_again() -> None:
    outages = Outages("yahoo", ahead=2 * SECOND)
    assert outages.update({"A": 10, "B": 20}, 100) == []
    assert outages.update({"B": 30}, 200) == [Gap("A", 10, 200)]
    assert outages.update({}, 300) == [Gap("B", 20, 300)]
    assert outages.update({}, 400) == []


def test_outages_are_told_while_they_last_and_somewhat_ahead() -> None:
    outages = Outages("yahoo", ahead=2 * SECOND)
    assert list(outages.frames(5)) == []
    outages.update({"A": 10, "B": 20, "C": 10}, 100)
    said = [json.loads(frame.meta["gap"]) for frame in outages.frames(100)]
    assert [(one["symbols"], one["start"], one["end"]) for one in said] == [
        (["A", "C"], 10, 100 + 2 * SECOND),
        (["B"], 20, 100 + 2 * SECOND),
    ]


def test_outages_end_no_earlier_than_was_said() -> None:
    outages = Outages("yahoo", ahead=20)
    outages.update({"A": 10, "B": 10}, 100)
    assert len(list(outages.frames(100))) == 1
    assert outages.update({"B": 10}, 105) == [Gap("A", 10, 120)]
    assert outages.update({}, 130) == [Gap("B", 10, 130)]


def test_outages_of_a_feed_that_is_late_are_gaps_of_that_long_ago() -> None:
    outages = Outages("yahoo", ahead=20, behind={"A": 600, "B": 0, "C": 600}.__getitem__)
    outages.update({"A": 1_000, "B": 1_000, "C": 1_000}, 1_100)
    said = [json.loads(frame.meta["gap"]) for frame in outages.frames(1_100)]
    assert [(one["symbols"], one["start"], one["end"]) for one in said] == [
        (["A", "C"], 400, 520),
        (["B"], 1_000, 1_120),
    ]
    assert outages.update({}, 1_200) == [Gap("A", 400, 600), Gap("B", 1_000, 1_200), Gap("C", 400, 600)]


@pytest.mark.parametrize("since", [np.int64(10), 10])
def test_outages_write_plain_numbers(since: int) -> None:
    outages = Outages("yahoo", ahead=0)
    outages.update({"A": int(since)}, 100)
    (frame,) = outages.frames(100)
    assert Frame.decode(Tick, frame.encode()).meta == frame.meta
