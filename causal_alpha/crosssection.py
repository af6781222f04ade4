"""When the bars of a time are complete: every tick partition's watermark has passed their end.

A bars frame says in `meta` where it comes from: `origin` (`ticks/3`, or `bars/replay` for bars that a
source delivers whole), `origins` (how many tick partitions there are) and its `watermark` in ns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from causal_alpha.bars import NEVER
from causal_alpha.frames import Frame
from causal_alpha.records import Bar


@dataclass
class CrossSection:
    """Final bars of one interval waiting for the others of their time. `length` in ns."""

    length: int
    watermarks: dict[str, int] = field(default_factory=dict)
    partitions: int = 0
    last: int = NEVER
    waiting: dict[int, list[Frame[Bar]]] = field(default_factory=dict)

    def add(self, frame: Frame[Bar]) -> Iterator[Frame[Bar]]:
        """Take a frame of final bars; yields one frame a start, in order, for the times now complete.

        Bars of a time already yielded are left out: a replayed frame changes nothing.
        """
        origin = frame.meta.get("origin", "bars/unknown")
        mark = int(frame.meta.get("watermark", NEVER))
        self.watermarks[origin] = max(mark, self.watermarks.get(origin, NEVER))
        self.partitions = max(self.partitions, int(frame.meta.get("origins", 0)))
        starts = frame.ints("start")
        for start in np.unique(starts).tolist():
            if start > self.last:
                self.waiting.setdefault(start, []).append(frame.take(starts == start, meta={}))
        complete = self.complete()
        for start in sorted(start for start in self.waiting if start + self.length <= complete):
            self.last = start
            yield _one_a_symbol(Frame.concat(self.waiting.pop(start)))

    def complete(self) -> int:
        """The time (ns) up to which no bar is missing."""
        if self.partitions:
            return min(self.watermarks.get(f"ticks/{p}", NEVER) for p in range(self.partitions))
        return max(self.watermarks.values(), default=NEVER)

    def dump(self) -> dict[str, Any]:
        return {
            "length": self.length,
            "watermarks": self.watermarks,
            "partitions": self.partitions,
            "last": self.last,
            "waiting": [frame.encode() for frames in self.waiting.values() for frame in frames],
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any]) -> "CrossSection":
        frames = [Frame.decode(Bar, data) for data in tree["waiting"]]
        waiting: dict[int, list[Frame[Bar]]] = {}
        for frame in frames:
            waiting.setdefault(int(frame.ints("start")[0]), []).append(frame)
        return cls(tree["length"], tree["watermarks"], tree["partitions"], tree["last"], waiting)


def _one_a_symbol(bars: Frame[Bar]) -> Frame[Bar]:
    """The last word on each symbol; a frame sent again after a crash repeats itself."""
    last = {name: row for row, name in enumerate(bars.labels("symbol").tolist())}
    return bars if len(last) == len(bars) else bars.take(np.asarray(sorted(last.values()), dtype=np.int64))
