import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.sources.pacing import Cut, Pace, cuts


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * SECOND))


@pytest.fixture
def time() -> Time:
    return Time()


async def collect(due: list[int], pace: Pace, **options: object) -> list[Cut]:
    return [cut async for cut in cuts(np.asarray(due, dtype=np.int64), pace, **options)]  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    steps=st.lists(st.integers(0, 3), max_size=300),
    rows=st.integers(1, 50),
    speed=st.sampled_from([None, 0.0, 1.0, 10.0]),
    whole=st.booleans(),
)
def test_cuts_cover_every_row_once_in_order(steps: list[int], rows: int, speed: float | None, whole: bool) -> None:
    due = np.cumsum([0, *steps]) * MILLISECOND
    clock = Time()
    pace = Pace(0, speed=speed, clock=clock, sleep=clock.sleep)
    found = asyncio.run(collect(due.tolist(), pace, rows=rows, whole=whole))
    filled = [cut for cut in found if cut.first < cut.last]
    assert [cut.first for cut in filled] == [0, *(cut.last for cut in filled[:-1])]
    assert filled[-1].last == len(due)
    assert all(cut.now >= due[cut.last - 1] for cut in filled)  # nothing before its time
    if whole:
        assert all(due[cut.last - 1] < due[cut.last] for cut in filled[:-1])
    else:
        assert max(cut.last - cut.first for cut in filled) <= rows


@pytest.mark.parametrize("speed", [0.5, 1.0, 100.0])
async def test_cuts_come_on_time_at_any_speed(time: Time, speed: float) -> None:
    due = [i * 37 * MILLISECOND for i in range(200)]
    late = []
    async for cut in cuts(np.asarray(due), Pace(0, speed=speed, clock=time, sleep=time.sleep)):
        late += [time.now - due[row] / speed for row in range(cut.first, cut.last)]
    assert max(late) <= 10 * MILLISECOND + 10
    assert min(late) >= 0


async def test_cuts_tell_of_idle_seconds(time: Time) -> None:
    found = await collect([0, 3_500 * MILLISECOND], Pace(0, speed=1.0, clock=time, sleep=time.sleep))
    assert [(cut.first, cut.last, round(cut.now / SECOND, 1)) for cut in found] == [
        (0, 1, 0.0),
        (1, 1, 1.0),
        (1, 1, 2.0),
        (1, 1, 3.0),
        (1, 2, 3.5),
    ]


async def test_cuts_of_the_fastest_speed_never_wait(time: Time) -> None:
    pace = Pace(0, speed=0, clock=time, sleep=time.sleep)
    found = await collect(list(range(0, 2_500 * SECOND, SECOND)), pace, rows=1_000)
    assert [cut.last for cut in found] == [1_000, 2_000, 2_500]
    assert time.now == 0


async def test_pace_catches_up_when_the_start_was_due_before() -> None:
    pace = Pace(1_000, speed=1.0, clock=lambda: 5_000, due=1_000)
    assert pace.now() == 5_000
    assert Pace(0, speed=4.0, clock=iter([10, 15]).__next__).now() == 20


async def test_cuts_are_on_time_by_the_real_clock() -> None:
    due = np.arange(50) * 20 * MILLISECOND
    pace = Pace(0, speed=2.0)
    errors = [pace.now() / 2 - due[cut.last - 1] / 2 async for cut in cuts(due, pace) if cut.first < cut.last]
    assert np.median(errors) < 15 * MILLISECOND
