"""Stream time of partitions that have gone quiet.

A bar closes when the watermark passes its end, so a partition whose producer says nothing (a foreign
one knows no heartbeats) would keep its last bars open for good. For such a partition the worker writes
heartbeats that carry stream time: the newest event time plus the time that has passed since. Never the
wall clock, so old data replayed stays in time.
"""

from dataclasses import dataclass

from causal_alpha.bars import NEVER
from causal_alpha.intervals import SECOND


@dataclass
class StreamTime:
    """Decides when a quiet partition's time moves on. `idle_after`, `lateness` in seconds."""

    idle_after: float
    lateness: float
    newest: int = NEVER
    since: float = 0.0

    def beat(self, newest: int, watermark: int, now: float) -> int | None:
        """The heartbeat (ns) to write at `now` (seconds of a steady clock), if any."""
        if newest != self.newest:
            self.newest, self.since = newest, now
        passed = now - self.since
        if newest == NEVER or passed < self.idle_after:
            return None
        reached = newest + round((passed - self.lateness) * SECOND)
        return reached if reached > watermark else None
