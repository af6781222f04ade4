"""Doing something at once when it is wanted, and then not again for a while."""

import asyncio
from collections.abc import Callable


class Pace:
    """Calls `act` when somebody wants it, but rests for `rest()` seconds after each call.

    `rest()` may grow meanwhile. What is wanted then is done once, at its end. No task stands between wanting
    and acting: on a busy loop each would cost a turn of it. Needs a running loop; what `act` raises reaches
    whoever wanted it, or the loop's handler where the rest was over.

    >>> async def main():
    ...     pace = Pace(lambda: print("acts"), rest=lambda: 0.01)
    ...     for _ in range(3):
    ...         pace.want()
    ...     print("wanted")
    ...     await asyncio.sleep(0.1)
    >>> asyncio.run(main())
    acts
    wanted
    acts
    """

    def __init__(self, act: Callable[[], None], *, rest: Callable[[], float]) -> None:
        self._act, self._rest = act, rest
        self._wanted = False
        self._acted = 0.0
        self._resting: asyncio.TimerHandle | None = None

    def want(self) -> None:
        self._wanted = True
        if self._resting is None:
            self._go()

    def stop(self) -> None:
        """Forget what was wanted, and the rest."""
        self._wanted = False
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None

    def _go(self) -> None:
        loop = asyncio.get_running_loop()
        self._wanted = False
        self._acted = loop.time()
        self._act()
        self._resting = loop.call_later(self._rest(), self._end_rest)

    def _end_rest(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._acted + self._rest() - loop.time()
        if left > 0:
            self._resting = loop.call_later(left, self._end_rest)
            return
        self._resting = None
        if self._wanted:
            self._go()
