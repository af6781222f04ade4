"""How quotes come: a line to a feed, by polling or by streaming."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from causal_alpha.intervals import SECOND
from causal_alpha.sources.tape import Quote

BEAT = SECOND
"""Nobody who reads a line waits longer than about this (ns), so that heartbeats keep their time."""


class Line(Protocol):
    """Quotes of some symbols, and whether they can be had. One reader."""

    async def read(self) -> Sequence[Quote]:
        """The quotes that came since the last call, by time of arrival; none if none come within a beat.

        Failures are never raised: they are what `away` tells of.
        """
        ...

    def away(self, now: int) -> Mapping[str, int]:
        """The symbols whose trades are being missed at `now` (ns), and since when; called after each `read`."""
        ...

    def behind(self, symbol: str) -> int:
        """How far (ns) the symbol's quotes are behind: what is missed now happened that long ago. 0 while unknown."""
        ...

    async def close(self) -> None:
        """Let go of connections and tasks."""
        ...
