"""When the bars of a time are complete: every tick partition's watermark has passed their end.

A bars frame says in `meta` where it comes from: `origin` (`ticks/3`, or `bars/replay` for bars that a
source delivers whole), `origins` (how many tick partitions there are) and its `watermark` in ns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from causal_alpha.frames import Frame
from causal_alpha.intervals import NEVER
from causal_alpha.records import Bar

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

    def add(self, frame: Frame[Bar]) -> Iterator[Section]:
        """Take a frame of final and revised bars; yields the times that are complete now, in order.

        Final bars of a time already yielded are left out: a frame that comes again changes nothing.
        """
        origin = frame.meta.get("origin", "bars/unknown")
        mark = int(frame.meta.get("watermark", NEVER))
        self.watermarks[origin] = max(mark, self.watermarks.get(origin, NEVER))
        self.partitions = max(self.partitions, int(frame.meta.get("origins", 0)))
        late = frame.labels("state").equals("revised")
        if late.any():
            self.revised = Frame.concat([self.revised, frame.take(late, meta={})])
            frame = frame.take(~late)
        starts = frame.ints("start")
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
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any]) -> "CrossSection":
        frames = [Frame.decode(Bar, data) for data in tree["waiting"]]
        waiting: dict[int, list[Frame[Bar]]] = {}
        for frame in frames:
            waiting.setdefault(int(frame.ints("start")[0]), []).append(frame)
        revised = Frame.decode(Bar, tree["revised"])
        return cls(tree["length"], tree["watermarks"], tree["partitions"], tree["last"], waiting, revised)


def _one_a_symbol(bars: Frame[Bar]) -> Frame[Bar]:
    """The last word on each symbol; a frame sent again after a crash repeats itself."""
    last = {name: row for row, name in enumerate(bars.labels("symbol").tolist())}
    return bars if len(last) == len(bars) else bars.take(np.asarray(sorted(last.values()), dtype=np.int64))
