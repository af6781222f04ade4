"""Time that only sleeping moves."""

import asyncio
from datetime import UTC, datetime

from causal_alpha.intervals import SECOND


def at(text: str) -> int:
    """Seconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOON = at("2024-05-08T16:00:00")
"""A Wednesday, New York is open."""
SATURDAY = at("2024-05-11T16:00:00")


class Clock:
    """Seconds since 1970, in ns; `slept` are the sleeps so far, in seconds."""

    def __init__(self, seconds: float = NOON) -> None:
        self.now = round(seconds * SECOND)
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += round(seconds * SECOND)
        await asyncio.sleep(0)
