"""Stream time of partitions that have gone quiet.

A bar closes when the watermark passes its end, so a partition whose producer says nothing (a foreign
one knows no heartbeats) would keep its last bars open for good. For such a partition the worker writes
heartbeats that carry stream time: the newest event time plus the time that has passed since. Never the
wall clock, so old data replayed stays in time.

Nor does time pass while Kafka is away: producers can't speak then, and send later what they had to say.

A partition that no tick ever came to has no time of its own, and yet everybody waits for it. Its worker asks to be
led: it gets the time that all others have reached, as heartbeats in its own log (`causal_alpha.crosssection`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from causal_alpha.bars import NEVER
from causal_alpha.intervals import SECOND

LONGEST = 2.0
"""Seconds that count at most from one question to the next, which come once a second while Kafka takes the answers."""


@dataclass
class StreamTime:
    """Decides when a quiet partition's time moves on. `idle_after`, `lateness` in seconds."""

    idle_after: float
    lateness: float
    mark: int | None = None
    passed: float = 0.0
    asked: float = 0.0
    pleaded: int | None = None

    def beat(self, newest: int, watermark: int, now: float) -> int | None:
        """The heartbeat (ns) to write at `now` (seconds of a steady clock), if any. Ask again once Kafka has it."""
        if self._quiet_for(newest, now) < self.idle_after or newest == NEVER:
            return None
        reached = newest + round((self.passed - self.lateness) * SECOND)
        return reached if reached > watermark else None

    def wants_lead(self, watermark: int, now: float) -> bool:
        """Whether a partition that no tick came to stands still, and has not said so yet."""
        if self._quiet_for(watermark, now) < self.idle_after or watermark == self.pleaded:
            return False
        self.pleaded = watermark
        return True

    def _quiet_for(self, mark: int, now: float) -> float:
        """Seconds since `mark` changed."""
        passed = self.passed + min(now - self.asked, LONGEST)
        self.passed = passed if mark == self.mark else 0.0
        self.mark, self.asked = mark, now
        return self.passed


@dataclass
class Lead:
    """Whom to lead: each partition once in `rest` seconds at most, however fast the others move on."""

    rest: float = 0.05
    led: dict[int, float] = field(default_factory=dict)

    def of(self, partitions: Sequence[int], now: float) -> list[int]:
        """Those of `partitions` to write a heartbeat for at `now` (seconds of a steady clock)."""
        found = [p for p in partitions if now - self.led.get(p, -math.inf) >= self.rest]
        self.led.update(dict.fromkeys(found, now))
        return found
