"""When the bars of a time are complete: every tick partition's watermark has passed their end.

A bars frame says in `meta` where it comes from: `origin` (`ticks/3`, or `bars/replay` for bars that a
source delivers whole), `origins` (how many tick partitions there are) and its `watermark` in ns. A partition that
never had a tick says `ticks` 0; it may ask for `lead`: for heartbeats with the time that all others have reached.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from causal_alpha.frames import Frame
from causal_alpha.intervals import NEVER
from causal_alpha.records import Bar

logger = logging.getLogger(__name__)

_NO_BARS: Frame[Bar] = Frame.empty(Bar)


class Section(NamedTuple):
    """The final bars of one start, one a symbol, and the revisions of earlier bars that their windows see anew."""

    bars: Frame[Bar]
    revised: Frame[Bar]


@dataclass
class CrossSection:
    """Bars of one interval waiting for the others of their time. `length` in ns."""

    length: int
    watermarks: dict[str, int] = field(default_factory=dict)
    partitions: int = 0
    last: int = NEVER
    waiting: dict[int, list[Frame[Bar]]] = field(default_factory=dict)
    revised: Frame[Bar] = _NO_BARS
    """Revisions that no time yet complete may see."""
    led: set[str] = field(default_factory=set)
    """Tick partitions that asked for lead and have had no tick since."""

    def add(self, frame: Frame[Bar]) -> Iterator[Section]:
        """Take a frame of final and revised bars; yields the times that are complete now, in order.

        Final bars of a time already yielded are left out: a frame that comes again changes nothing. So is the past that
        a source brings while the stream is further on; the log says so, for a symbol that is new has none of it.
        """
        origin = frame.meta.get("origin", "bars/unknown")
        mark = int(frame.meta.get("watermark", NEVER))
        self.watermarks[origin] = max(mark, self.watermarks.get(origin, NEVER))
        self.partitions = max(self.partitions, int(frame.meta.get("origins", 0)))
        if "lead" in frame.meta:
            self.led.add(origin)
        elif "ticks" not in frame.meta:
            self.led.discard(origin)
        late = frame.labels("state").equals("revised")
        if late.any():
            self.revised = Frame.concat([self.revised, frame.take(late, meta={})])
            frame = frame.take(~late)
        starts = frame.ints("start")
        if origin.startswith("bars/") and (over := starts <= self.last).any():
            symbols = sorted({name for name, late in zip(frame.labels("symbol").tolist(), over, strict=True) if late})
            logger.info(
                "%s: %d bars of %s came after the features of their time, so windows don't get them",
                *(origin, np.count_nonzero(over), ", ".join(symbols)),
            )
        for start in np.unique(starts).tolist():
            if start > self.last:
                self.waiting.setdefault(start, []).append(frame.take(starts == start, meta={}))
        complete = self.complete()
        for start in sorted(start for start in self.waiting if start + self.length <= complete):
            self.last = start
            yield Section(_one_a_symbol(Frame.concat(self.waiting.pop(start))), self._known(start + self.length))

    def complete(self) -> int:
        """The time (ns) up to which no bar is missing."""
        if self.partitions:
            return min(self.watermarks.get(f"ticks/{p}", NEVER) for p in range(self.partitions))
        return max(self.watermarks.values(), default=NEVER)

    def lead(self) -> tuple[int, list[int]]:
        """The time (ns) that all tick partitions but the led ones have reached, and those of the led behind it."""
        marks = {p: self.watermarks.get(f"ticks/{p}", NEVER) for p in range(self.partitions)}
        led = [p for p in marks if f"ticks/{p}" in self.led]
        time = min((mark for p, mark in marks.items() if p not in led), default=NEVER)
        return time, [p for p in led if marks[p] < time]

    def _known(self, end: int) -> Frame[Bar]:
        """Take out the revisions known by `end`."""
        if not len(self.revised):
            return _NO_BARS
        known = self.revised.ints("known_at") <= end
        now, self.revised = self.revised.take(known), self.revised.take(~known)
        return now

    def dump(self) -> dict[str, Any]:
        return {
            "length": self.length,
            "watermarks": self.watermarks,
            "partitions": self.partitions,
            "last": self.last,
            "waiting": [frame.encode() for frames in self.waiting.values() for frame in frames],
            "revised": self.revised.encode(),
            "led": sorted(self.led),
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any]) -> "CrossSection":
        frames = [Frame.decode(Bar, data) for data in tree["waiting"]]
        waiting: dict[int, list[Frame[Bar]]] = {}
        for frame in frames:
            waiting.setdefault(int(frame.ints("start")[0]), []).append(frame)
        revised = Frame.decode(Bar, tree["revised"])
        led = set(tree.get("led", ()))  # snapshots of before know no lead
        return cls(tree["length"], tree["watermarks"], tree["partitions"], tree["last"], waiting, revised, led)


def _one_a_symbol(bars: Frame[Bar]) -> Frame[Bar]:
    """A bar a symbol, the one that sinks keep (`sinks.identity.replaces`): that known last, of these the first, which
    its source may repeat; frames are sent again after a crash.
    """
    names, known, sources = (bars.labels("symbol").tolist(), bars.ints("known_at"), bars.labels("source").tolist())
    if len(set(names)) == len(names):
        return bars
    kept: dict[str, int] = {}
    for row in np.argsort(known, kind="stable").tolist():
        old = kept.get(names[row], row)
        if known[row] > known[old] or sources[row] == sources[old]:
            kept[names[row]] = row
    return bars.take(np.asarray(sorted(kept.values()), dtype=np.int64))
