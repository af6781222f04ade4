"""Features of whole cross-sections: waits for the bars of a time, then moves the rings."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from causal_alpha.actions import Action, by_symbol, from_meta
from causal_alpha.crosssection import CrossSection
from causal_alpha.errors import FrameError
from causal_alpha.features import FeatureSet
from causal_alpha.frames import Frame
from causal_alpha.intervals import NEVER, activity, interval_ns
from causal_alpha.records import Bar, Features
from causal_alpha.series import check_rows, interval_of, number, read_key
from causal_alpha.windows import Rings

logger = logging.getLogger(__name__)

EVERY = "*"
"""The interval of frames that concern all of them."""
_PARTITIONS = 1_024
"""Most tick partitions there can be: each is looked at with every frame."""


def check_bars(key: bytes | None, bars: Frame[Bar]) -> str:
    """The key as text, once it is sure that `Universe.push` can take the frame. Raises FrameError."""
    text = read_key(key)
    interval = interval_of(text)
    if interval == EVERY:
        from_meta(bars.meta)
    elif not activity(interval):
        check_rows(text, bars)
        number(bars.meta, "watermark", NEVER)
        number(bars.meta, "origins", 0, 0, _PARTITIONS)
    return text


@dataclass
class Universe:
    """Cross-sections and rings by key (universe and interval). `width` is the rings' length in bars."""

    width: int
    sections: dict[str, CrossSection] = field(default_factory=dict)
    rings: dict[str, Rings] = field(default_factory=dict)
    actions: dict[str, list[Action]] = field(default_factory=dict)

    def push(self, key: str, bars: Frame[Bar], feature_set: FeatureSet) -> Iterator[Frame[Features]]:
        """Take a frame of bars; yields one frame of features a time that became complete, in order.

        Bars by activity have no time in common, and get no features. A frame for `EVERY` interval tells of
        corporate actions. Whoever doesn't know the sender calls `check_bars` before.
        """
        interval = interval_of(key)
        if interval == EVERY:
            self._learn(bars)
        if interval == EVERY or activity(interval):
            return
        if key not in self.sections:
            self.sections[key] = CrossSection(interval_ns(interval))
            self.rings[key] = Rings(self.width)
        for section in self.sections[key].add(bars):
            if len(section.revised):
                self.rings[key].revise(section.revised)
            yield self.rings[key].push(feature_set, section.bars, self.actions)

    def lead(self, key: str) -> tuple[int, list[int]]:
        """The time (ns) that tick partitions have reached, and those without a tick that are to follow."""
        section = self.sections.get(key)
        return section.lead() if section else (NEVER, [])

    def _learn(self, bars: Frame[Bar]) -> None:
        known = {action for actions in self.actions.values() for action in actions}
        try:
            self.actions = by_symbol(known.union(from_meta(bars.meta)))
        except FrameError as error:
            logger.warning("left out: %s", error)

    def dump(self) -> dict[str, Any]:
        """The state as plain data and arrays, for a snapshot."""
        return {
            "actions": [asdict(action) for actions in self.actions.values() for action in actions],
            "sections": {key: section.dump() for key, section in self.sections.items()},
            "rings": {key: rings.dump() for key, rings in self.rings.items()},
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any], width: int) -> "Universe":
        """The inverse of `dump`; `width` may have changed."""
        return cls(
            width,
            {key: CrossSection.load(section) for key, section in tree["sections"].items()},
            {key: Rings.load(rings, width) for key, rings in tree["rings"].items()},
            by_symbol(Action(**facts) for facts in tree["actions"]),
        )
