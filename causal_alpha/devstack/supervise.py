"""Starts again what died, with a growing pause, and says so."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from causal_alpha.devstack.cache import Say
from causal_alpha.errors import ServiceError

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
HEALTHY = 60.0
"""Seconds: the first pause, the longest, and how long a life must be to start from the first pause again."""


class Watched(Protocol):
    """What can be supervised: a service or a program."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    @property
    def finished(self) -> bool:
        """Whether it ended on purpose."""

    def restart(self) -> None:
        """Starts it again once it is dead; ServiceError if that fails."""


@dataclass(slots=True)
class _Life:
    one: Watched
    pause: float = FIRST_PAUSE
    since: float = 0.0
    """When it was last started."""
    due: float | None = None
    """When it shall be started again, while it is dead."""
    told: bool = False


class Supervisor:
    """Looks after children. `check` is called often and from one thread; it may take as long as a start takes."""

    def __init__(self, *, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._lives: list[_Life] = []

    def watch(self, one: Watched) -> None:
        """From now on, `one` is started again when it dies."""
        self._lives.append(_Life(one, since=self._clock()))

    def check(self) -> None:
        """Starts again whatever died and has waited long enough."""
        for life in self._lives:
            if life.one.finished:
                if not life.told:
                    self._say(f"{life.one.name}: finished")
                life.told = True
            elif not life.one.alive:
                self._revive(life)

    def _revive(self, life: _Life) -> None:
        now = self._clock()
        if life.due is None:
            if now - life.since >= HEALTHY:
                life.pause = FIRST_PAUSE
            life.due = now + life.pause
            self._say(f"{life.one.name} died; it starts again in {life.pause:g} s")
        if now < life.due:
            return
        life.pause = min(LONGEST_PAUSE, life.pause * 2)
        life.due = None
        try:
            life.one.restart()
        except ServiceError as error:
            self._say(str(error))
        else:
            self._say(f"{life.one.name} runs again")
        life.since = self._clock()
