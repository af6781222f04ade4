from collections.abc import AsyncIterator

import pytest

from causal_alpha.actions import Action, to_meta
from causal_alpha.checks import check_source
from causal_alpha.frames import Frame, gap, heartbeat
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import Batch

SPLIT = Action(symbol="A", kind="split", date=0, ts=0, value=2.0, known_at=0)


class Fixed:
    """A source of given frames."""

    name = "fixed"

    def __init__(self, *frames: Batch) -> None:
        self._frames = frames
        self.left = False

    async def frames(self) -> AsyncIterator[Batch]:
        try:
            for frame in self._frames:
                yield frame
        finally:
            self.left = True


def ticks(*times: int, source: str = "fixed:7", beat: int | None = None) -> Frame[Tick]:
    rows = [Tick(symbol="A", ts=ts, price=1.0, size=1.0, source=source) for ts in times]
    return Frame.of(Tick, rows, {} if beat is None else {"heartbeat": str(beat)})


def bars(
    *starts: int,
    interval: str = "1s",
    state: str = "final",
    closed: bool = False,
    revision: int = 0,
    known_at: int = 0,
) -> Frame[Bar]:
    rows = [
        Bar(symbol="A", interval=interval, start=start, open=1, high=1, low=1, close=1, volume=1, vwap=1, trades=1,
            state=state, source="fixed", revision=revision, known_at=known_at)
        for start in starts
    ]  # fmt: skip
    return Frame.of(Bar, rows, {"closed": "1"} if closed else {})


@pytest.mark.parametrize(
    "frames",
    [
        [],
        [ticks(5, 3), heartbeat(5)],
        [heartbeat(1), ticks(1, beat=2), ticks(9, 8, beat=9)],
        [ticks(5, beat=5), gap("fixed", ["A"], 2, 9), heartbeat(6), heartbeat(7, "fixed")],
        [Frame.empty(Bar, to_meta([SPLIT])), bars(0)],
        [bars(0, closed=True), bars(0, 10**9, state="revised", revision=1, known_at=2 * 10**9)],
        [bars(0, 10**9), bars(2 * 10**9, closed=True), bars(0, interval="1m"), ticks(5, beat=5)],
    ],
)
async def test_check_source_accepts_a_feed_that_keeps_its_word(frames: list[Batch]) -> None:
    await check_source(Fixed(*frames))


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([ticks(5)], "expected heartbeats beside ticks, was none"),
        ([ticks(5), heartbeat(4)], "expected a last heartbeat from 5 on, was 4"),
        ([heartbeat(4), heartbeat(3)], "frame 2: expected a heartbeat from 4 on, was 3"),
        ([heartbeat(4), ticks(3, beat=4)], "expected at most 0 ticks before a heartbeat, was 1"),
        ([ticks(5, source="other"), heartbeat(5)], r"frame 1: expected sources that start with 'fixed', was \['other"),
        ([ticks(-5), heartbeat(5)], r"frame 1: expected ns since 1970, was \[-5\]"),
        ([ticks()], "frame 1: expected rows, a heartbeat or a gap, was none"),
        ([bars(5)], r"frame 1: expected starts on the grid of the interval, was \[5\]"),
        ([bars(0, interval="7m")], "frame 1: interval: expected a divisor of one day"),
        ([bars(0, state="forming")], r"frame 1: expected final or revised bars, was \['forming'\]"),
        ([bars(0, state="revised")], "frame 1: expected revisions from 1 on, and when they are known"),
        ([heartbeat(5, "other")], "frame 1: expected a word of 'fixed', was of 'other'"),
        ([gap("", ["A"], 5, 6)], "frame 1: expected a word of 'fixed', was of ''"),
        ([gap("fixed", ["A"], 6, 5)], "frame 1: heartbeat or gap: expected 0 <= start < end"),
        ([Frame.empty(Bar, {"actions": "split"})], "frame 1: actions: "),
        ([Frame(Bar, bars(0).columns, to_meta([SPLIT]))], "frame 1: expected actions without bars, was 1 bars"),
        ([bars(0, closed=True), bars(10**9)], r"frame 2: expected no bars of \['1s'\] after closed"),
    ],
)
async def test_check_source_says_what_a_feed_broke(frames: list[Batch], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        await check_source(Fixed(*frames))


async def test_check_source_refuses_what_is_no_source() -> None:
    with pytest.raises(AssertionError, match="expected name and frames"):
        await check_source(object())  # type: ignore[arg-type]


async def test_check_source_stops_an_endless_feed_and_leaves_it() -> None:
    feed = Fixed(*[ticks(i, beat=i) for i in range(100)])
    await check_source(feed, frames=10)
    assert feed.left


async def test_check_source_allows_as_many_late_ticks_as_it_is_told() -> None:
    feed = Fixed(heartbeat(10), ticks(3, 4, 12), heartbeat(12))
    await check_source(feed, late=2)
    with pytest.raises(AssertionError, match="at most 1 ticks before a heartbeat, was 2"):
        await check_source(feed, late=1)
