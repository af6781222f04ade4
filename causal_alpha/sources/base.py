"""What a source is: something that yields frames of ticks or bars until it ends.

Write your own: a class with `name` and `frames()`, then run `causal_alpha.checks.check_source` on it.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Tick

Batch: TypeAlias = Frame[Tick] | Frame[Bar]


@runtime_checkable
class Source(Protocol):
    """A feed of market data.

    `frames` yields batches in the feed's order and returns when the feed has ended. About once a
    second it also yields `causal_alpha.frames.heartbeat(ts, name)`: nothing more before `ts`, and the
    feed is alive, so that no trade means no trade; without its name it says the former alone. Every
    row's `source` starts with `name`. A row that can't be read is yielded as it is when it still has the
    columns (the transform rejects it with its reason); else SourceError ends the feed.
    """

    name: str

    def frames(self) -> AsyncIterator[Batch]: ...


@runtime_checkable
class History(Protocol):
    """A feed that can be asked for past bars."""

    name: str

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        """Final bars with `start <= bar.start < end` (ns), by symbol then time.

        Raises SourceError (RateLimitedError) when the feed can't deliver now.
        """
        ...
