"""Whether a feed was alive: when each source spoke, and where it says that trades may be missing.

Times are slots: ns divided by the length of the finest interval. A source spoke in a slot if the slot's
bar has a tick of it, or if a heartbeat of its own fell into it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from causal_alpha.errors import FrameError
from causal_alpha.frames import Ints
from causal_alpha.intervals import NEVER

Mask = npt.NDArray[np.bool_]


class Beat(NamedTuple):
    """A heartbeat that stood after `row` ticks of a batch: nothing more before `ts` (ns)."""

    row: int
    ts: int
    source: str = ""


class Gap(NamedTuple):
    """After `row` ticks of a batch `source` said that trades of `symbols` in `[start, end)` (ns) may be missing."""

    row: int
    source: str
    symbols: tuple[str, ...]
    start: int
    end: int


Sign: TypeAlias = Beat | Gap


class _GapFacts(msgspec.Struct):
    source: str
    symbols: tuple[str, ...]
    start: int
    end: int


def read_signs(meta: Mapping[str, str], limit: int) -> list[Sign]:
    """What a tick frame says in its `meta` (`causal_alpha.frames`); no heartbeat counts for more than `limit` (ns).

    Raises FrameError when it says nonsense.
    """
    signs: list[Sign] = []
    try:
        if "heartbeat" in meta:
            signs.append(Beat(0, max(NEVER, min(int(meta["heartbeat"]), limit)), meta.get("source", "")))
        if "gap" in meta:
            facts = msgspec.json.decode(meta["gap"], type=_GapFacts)
            if not 0 <= facts.start < facts.end < -NEVER:
                raise ValueError(f"expected 0 <= start < end, was {facts.start}, {facts.end}")
            signs.append(Gap(0, facts.source, facts.symbols, facts.start, facts.end))
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise FrameError(f"heartbeat or gap: {error}", reason="schema") from error
    return signs


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass
class Feed:
    """When one source spoke: runs of slots, first and last, sorted, further apart than the silence allowed.

    >>> feed = Feed(); feed.hear(np.array([1, 2, 9, 4]), silence=3)
    >>> feed.first.tolist(), feed.last.tolist()
    ([1, 9], [4, 9])
    >>> feed.spoke(np.array([5, 5]), np.array([9, 10])).tolist()
    [False, True]
    """

    first: Ints = field(default_factory=_none)
    last: Ints = field(default_factory=_none)

    def hear(self, slots: Ints, silence: int) -> None:
        """It spoke in `slots`; a run goes on over a pause of at most `silence` slots."""
        first, last = np.append(self.first, slots), np.append(self.last, slots)
        order = np.argsort(first, kind="stable")
        first, last = first[order], np.maximum.accumulate(last[order])
        breaks = np.flatnonzero(first[1:] - last[:-1] > silence) + 1
        self.first = first[np.append(0, breaks)]
        self.last = last[np.append(breaks, len(last)) - 1]

    def spoke(self, first: Ints, end: Ints) -> Mask:
        """Whether a run meets `[first, end)`."""
        if not len(self.first):
            return np.zeros(len(first), dtype=np.bool_)
        place = np.searchsorted(self.first, end) - 1
        found: Mask = (place >= 0) & (self.last[place] >= first)
        return found

    def forget(self, first: int) -> None:
        """Drop the runs that ended before `first`."""
        kept = self.last >= first
        if not kept.all():
            self.first, self.last = self.first[kept], self.last[kept]


@dataclass
class Feeds:
    """The feeds of a partition, by the code of their source. `silence` in slots.

    `gaps`: names of symbols, first and end slot.
    """

    silence: int
    feeds: dict[int, Feed] = field(default_factory=dict)
    gaps: list[tuple[tuple[str, ...], int, int]] = field(default_factory=list)

    def hear(self, sources: Ints, slots: Ints) -> None:
        for source in np.unique(sources).tolist():
            self.feeds.setdefault(source, Feed()).hear(slots[sources == source], self.silence)

    def alive(self, sources: Ints, first: Ints, end: Ints) -> Mask:
        """Whether each source spoke in `[first, end)` or shortly before its last slot: then no trade means no trade."""
        return self._spoke(sources, np.minimum(first, end - 1 - self.silence), end)

    def joined(self, sources: Ints, first: Ints, end: Ints) -> Mask:
        """Whether each source began to speak in the midst of `[first, end)`, `first` being when the market was open."""
        return ~self._spoke(sources, first - self.silence, np.minimum(first + self.silence, end))

    def missed(self, symbols: Ints, first: Ints, end: Ints, codes: Mapping[str, int]) -> Mask:
        """Whether a gap of the symbol meets `[first, end)`. `codes` of the symbols that have one, by name."""
        found: Mask = np.zeros(len(symbols), dtype=np.bool_)
        for names, begins, ends in self.gaps:
            known = [codes[name] for name in names if name in codes]
            found |= np.isin(symbols, known) & (begins < end) & (ends > first)
        return found

    def forget(self, first: int) -> None:
        """Nobody will ask for a time before slot `first`."""
        for feed in self.feeds.values():
            feed.forget(first - self.silence)
        if self.gaps:
            self.gaps = [gap for gap in self.gaps if gap[2] > first]

    def _spoke(self, sources: Ints, first: Ints, end: Ints) -> Mask:
        found: Mask = np.zeros(len(sources), dtype=np.bool_)
        for source, feed in self.feeds.items():
            mine = sources == source
            if mine.any():
                found[mine] = feed.spoke(first[mine], end[mine])
        return found

    def dump(self) -> dict[str, Any]:
        return {
            "sources": list(self.feeds),
            "first": [feed.first for feed in self.feeds.values()],
            "last": [feed.last for feed in self.feeds.values()],
            "gaps": self.gaps,
        }

    @classmethod
    def load(cls, silence: int, tree: Mapping[str, Any]) -> Self:
        feeds = map(Feed, tree["first"], tree["last"])
        gaps = [(tuple(names), first, end) for names, first, end in tree["gaps"]]
        return cls(silence, dict(zip(tree["sources"], feeds, strict=True)), gaps)
