from itertools import pairwise

import pytest

from causal_alpha.devstack.supervise import Supervisor
from causal_alpha.errors import ServiceError


class Mortal:
    """Lives for `lives[n]` seconds after its n-th start; None ends on purpose, an error fails the start."""

    name = "mortal"

    def __init__(self, clock, lives):
        self.clock = clock
        self.lives = list(lives)
        self.starts = []
        self.finished = False
        self.restart()

    @property
    def alive(self):
        return not self.finished and self.clock.now < self.dies

    def restart(self):
        self.starts.append(self.clock.now)
        life = self.lives.pop(0)
        self.dies = self.clock.now
        if isinstance(life, ServiceError):
            raise life
        self.finished = life is None
        self.dies += life or 0


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def watch():
    """Runs a supervisor over one mortal for so many seconds; returns when it was started, and what was said."""

    def run(lives, seconds):
        clock, said = Clock(), []
        mortal = Mortal(clock, lives)
        supervisor = Supervisor(say=said.append, clock=clock)
        supervisor.watch(mortal)
        while clock.now < seconds:
            supervisor.check()
            clock.now += 0.125
        return mortal.starts, said

    return run


def test_supervisor_waits_twice_as_long_each_time_up_to_30_s(watch):
    starts, _ = watch([0] * 100, 200)

    pauses = [later - earlier for earlier, later in pairwise(starts)]
    assert pauses[:9] == [0.5, 1.125, 2.125, 4.125, 8.125, 16.125, 30.125, 30.125, 30.125]


def test_supervisor_forgets_the_pause_after_a_healthy_life(watch):
    starts, _ = watch([0, 0, 0, 100, 1000], 200)

    assert starts[3] == pytest.approx(4, abs=0.3)
    assert starts[4] == pytest.approx(starts[3] + 100.5, abs=0.3)


def test_supervisor_says_what_died_and_what_runs_again(watch):
    _, said = watch([1, 1000], 10)

    assert said == ["mortal died; it starts again in 0.5 s", "mortal runs again"]


def test_supervisor_tries_on_after_a_failed_start(watch):
    starts, said = watch([1, ServiceError("mortal didn't come back"), 1000], 20)

    assert len(starts) == 3
    assert said[1] == "mortal didn't come back"
    assert said[-1] == "mortal runs again"


def test_supervisor_lets_rest_what_has_finished(watch):
    starts, said = watch([None], 100)

    assert starts == [0]
    assert said == ["mortal: finished"]
