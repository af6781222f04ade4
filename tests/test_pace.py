import asyncio

import pytest

from causal_alpha.pace import Pace

REST = 0.02


class Acts:
    def __init__(self, *, rest: float = REST) -> None:
        self.rest = rest
        self.times: list[float] = []
        self.fails = False
        self.pace = Pace(self.act, rest=lambda: self.rest)

    def act(self) -> None:
        if self.fails:
            raise ValueError("no")
        self.times.append(asyncio.get_running_loop().time())


async def test_pace_acts_at_once_and_again_after_its_rest() -> None:
    acts = Acts()
    for _ in range(3):
        acts.pace.want()
        assert len(acts.times) == 1
    await asyncio.sleep(10 * REST)

    assert len(acts.times) == 2
    assert acts.times[1] - acts.times[0] >= REST


async def test_pace_that_nobody_wants_is_still() -> None:
    acts = Acts()
    acts.pace.want()
    await asyncio.sleep(5 * REST)
    assert len(acts.times) == 1

    acts.pace.want()
    assert len(acts.times) == 2


async def test_pace_rests_longer_when_the_rest_grows() -> None:
    acts = Acts()
    acts.pace.want()
    acts.pace.want()
    acts.rest = 5 * REST
    await asyncio.sleep(15 * REST)

    assert acts.times[1] - acts.times[0] >= 5 * REST


async def test_pace_stopped_forgets_what_was_wanted() -> None:
    acts = Acts()
    acts.pace.want()
    acts.pace.want()
    acts.pace.stop()
    await asyncio.sleep(5 * REST)

    assert len(acts.times) == 1


async def test_pace_goes_on_after_an_error() -> None:
    acts = Acts()
    acts.fails = True
    with pytest.raises(ValueError, match="no"):
        acts.pace.want()

    acts.fails = False
    acts.pace.want()
    assert len(acts.times) == 1
