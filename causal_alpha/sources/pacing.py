"""Waiting for event time: what is due now at a given speed."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple

import numpy as np

from causal_alpha.frames import Ints
from causal_alpha.intervals import MILLISECOND, SECOND

Clock = Callable[[], int]
"""Nanoseconds that never run backwards; used for waiting alone, never for stamping rows."""

Sleep = Callable[[float], Awaitable[None]]
"""Takes seconds."""

FOREVER = 2**62
STRIDE = 2 * SECOND
"""Longest event time between two heartbeats of a feed that goes on, at any speed: less than any patience with it."""
_STEP = 10 * MILLISECOND
_BEAT = SECOND


class Pace:
    """Event time as a function of a clock: `speed` event seconds a second, None or 0 for no waiting.

    `due` is the reading of `clock` at which event time `start` is due, None for now.

    >>> Pace(0, speed=2.0, clock=lambda: 5, due=0).now()
    10
    """

    def __init__(
        self,
        start: int,
        *,
        speed: float | None,
        clock: Clock = time.monotonic_ns,
        due: int | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.speed = speed or None
        self._start = start
        self._clock = clock
        self._due = clock() if due is None else due
        self._sleep = sleep

    def now(self) -> int:
        """The event time (ns) reached: rows up to it are due."""
        if self.speed is None:
            return FOREVER
        return self._start + round((self._clock() - self._due) * self.speed)

    async def wait(self, ts: int, longest: int) -> None:
        """Wait until event time `ts` is due, at most `longest` ns."""
        if self.speed is not None:
            left = min((ts - self.now()) / self.speed, longest)
            if left > 0:
                await self._sleep(left / SECOND)


class Cut(NamedTuple):
    """Rows `first` to `last` (exclusive) are due, and event time has reached `now`; none when idle."""

    first: int
    last: int
    now: int


def strides(after: int, upto: int) -> range:
    """Times for heartbeats between the last one, `after`, and `upto` (ns), both excluded.

    >>> [ts // SECOND for ts in strides(0, 7 * SECOND)]
    [2, 4, 6]
    """
    return range(after + STRIDE, upto, STRIDE)


async def cuts(
    due: Ints, pace: Pace, *, rows: int = 4_000, whole: bool = False, apart: int = FOREVER
) -> AsyncIterator[Cut]:
    """Cut rows that are due at `due` (ns, never falling) into batches of at most `rows`, in time.

    Batches come at least 10 ms apart unless they are full. A second without a row gives an empty
    cut. With `whole` rows that are due together are never parted, whatever their number. Rows more
    than `apart` ns after the one before begin a new cut.
    """
    first = 0
    holes = np.append(np.flatnonzero(np.diff(due) > apart) + 1, len(due))
    while first < len(due):
        now = pace.now()
        last = int(np.searchsorted(due, now, side="right"))
        if last == first:
            await pace.wait(int(due[first]), _BEAT)
            if pace.now() < due[first]:
                yield Cut(first, first, pace.now())
            continue
        hole = int(holes[np.searchsorted(holes, first, side="right")])
        full = last - first >= rows or last > hole
        last = min(last, hole)
        if last - first >= rows:
            last = first + rows
            if whole:
                last = int(np.searchsorted(due, due[last - 1], side="right"))
        yield Cut(first, last, now)
        first = last
        if not full:
            await pace.wait(FOREVER, _STEP)
