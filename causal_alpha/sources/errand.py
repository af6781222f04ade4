"""Requests beside a loop that must not wait for them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Generic, TypeVar

from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.intervals import SECOND
from causal_alpha.sources.backoff import Backoff

logger = logging.getLogger(__name__)

_IN_A_ROW = 5
"""Refusals after which it is the feed that refuses."""

A = TypeVar("A")
Q = TypeVar("Q")
T = TypeVar("T")


class Errand(Generic[T]):
    """One task at a time; after a refusal none before a growing, random wait. `purpose` is for the log."""

    def __init__(self, purpose: str, backoff: Backoff | None = None) -> None:
        self._purpose = purpose
        self._backoff = backoff or Backoff(first=30.0, longest=900.0, least=0.5)
        self._task: asyncio.Task[T] | None = None
        self._from = 0

    def may_start(self, now: int) -> bool:
        """Whether there is no task, and no wait, at `now` (ns)."""
        return self._task is None and now >= self._from

    def start(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.create_task(work)

    def take(self) -> T | None:
        """What the task came back with, None before that; raises what it raised."""
        if self._task is None or not self._task.done():
            return None
        task, self._task = self._task, None
        return task.result()

    async def each(
        self, questions: Iterable[Q], ask: Callable[[Q], Awaitable[A]], clock: Callable[[], int]
    ) -> list[tuple[Q, A | None]]:
        """What `ask` answers to each question, None where it refuses one.

        A limit ends the round and makes the errand wait, and so do many refusals in a row: then it is the feed that
        refuses, not a question. Those that were not asked any more are left out.
        """
        found: list[tuple[Q, A | None]] = []
        refusals, row = [], 0
        for question in questions:
            try:
                found.append((question, await ask(question)))
                row = 0
            except RateLimitedError as error:
                self.refused(error, clock())
                return found
            except SourceError as error:
                found.append((question, None))
                refusals.append(error)
                row += 1
                if row == _IN_A_ROW:
                    self.refused(error, clock())
                    return found
        if refusals:
            logger.warning("%s; %s without it (%d such)", refusals[0], self._purpose, len(refusals))
        self.succeeded()
        return found

    def refused(self, error: SourceError, now: int) -> None:
        """The feed can't deliver at `now` (ns)."""
        wait = self._backoff.failed()
        self._from = now + round(wait * SECOND)
        logger.warning("%s; %s in %.0f s", error, self._purpose, wait)

    def succeeded(self) -> None:
        self._backoff.succeeded()

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
