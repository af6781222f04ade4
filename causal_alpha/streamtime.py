"""Stream time of partitions that have gone quiet.

A bar closes when the watermark passes its end, so a partition whose producer says nothing (a foreign
one knows no heartbeats) would keep its last bars open for good. For such a partition the worker writes
heartbeats that carry stream time: the newest event time plus the time that has passed since. Never the
wall clock, so old data replayed stays in time.

Nor does time pass while Kafka is away: producers can't speak then, and send later what they had to say.
"""

from dataclasses import dataclass

from causal_alpha.bars import NEVER
from causal_alpha.intervals import SECOND

LONGEST = 2.0
"""Seconds that count at most from one question to the next, which come once a second while Kafka takes the answers."""


@dataclass
class StreamTime:
    """Decides when a quiet partition's time moves on. `idle_after`, `lateness` in seconds."""

    idle_after: float
    lateness: float
    newest: int = NEVER
    passed: float = 0.0
    asked: float = 0.0

    def beat(self, newest: int, watermark: int, now: float) -> int | None:
        """The heartbeat (ns) to write at `now` (seconds of a steady clock), if any. Ask again once Kafka has it."""
        passed = self.passed + min(now - self.asked, LONGEST)
        self.passed = passed if newest == self.newest else 0.0
        self.newest, self.asked = newest, now
        if newest == NEVER or self.passed < self.idle_after:
            return None
        reached = newest + round((self.passed - self.lateness) * SECOND)
        return reached if reached > watermark else None
