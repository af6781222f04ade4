"""Windows of final bars: a ring that moves bar by bar, and all of history at once.

`Rings.push` (stream) and `history` (batch) call the same `FeatureSet.compute` on equal, contiguous
arrays, so a vector computed live is the one computed later, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from causal_alpha.features import FIELDS, FeatureSet, Window
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.keys import group_starts
from causal_alpha.records import Bar, Features

_CHUNK = 4096


@dataclass
class Rings:
    """The last `width` final bars of each symbol, all moved to the present when pushed.

    `bars` has shape (fields, symbols, width); a symbol keeps its row for good.
    """

    width: int
    symbols: dict[str, int] = field(default_factory=dict)
    bars: Floats = field(default_factory=lambda: np.empty((len(FIELDS), 0, 0)))

    def push(self, feature_set: FeatureSet, bars: Frame[Bar]) -> Frame[Features]:
        """Features of the bars of one start, one bar a symbol; sorted by symbol."""
        names = bars.labels("symbol").tolist()
        bars = bars.take(np.asarray(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64))
        rows = np.asarray([self._row(name) for name in sorted(names)], dtype=np.int64)
        held = self.bars[:, rows]
        held[:, :, :-1] = held[:, :, 1:]
        held[:, :, -1] = _columns(bars)
        self.bars[:, rows] = held
        return _to_frame(feature_set, bars, feature_set.compute(Window(held), bars.ints("start")))

    def dump(self) -> dict[str, Any]:
        return {"width": self.width, "symbols": list(self.symbols), "bars": self.bars[:, : len(self.symbols)]}

    @classmethod
    def load(cls, tree: Mapping[str, Any]) -> "Rings":
        return cls(tree["width"], {name: row for row, name in enumerate(tree["symbols"])}, tree["bars"])

    def _row(self, symbol: str) -> int:
        row = self.symbols.setdefault(symbol, len(self.symbols))
        if row >= self.bars.shape[1]:
            grown = np.full((len(FIELDS), max(2 * row, 16), self.width), np.nan)
            if row:
                grown[:, :row] = self.bars[:, :row]
            self.bars = grown
        return row


def history(feature_set: FeatureSet, bars: Frame[Bar], width: int) -> Frame[Features]:
    """Features of every bar of one interval, by start then symbol, as pushing them one by one gives.

    `bars`: final bars, one a symbol and start, in any order.
    """
    symbol, start = _ranks(bars.labels("symbol")), bars.ints("start")
    bars = bars.take(np.lexsort((start, symbol)))
    symbol = _ranks(bars.labels("symbol"))
    columns = _columns(bars)
    first = group_starts(symbol)
    place = np.arange(len(bars)) - np.repeat(first, np.diff(np.append(first, len(bars))))
    order = np.lexsort((symbol, bars.ints("start")))
    values = np.empty((len(bars), len(feature_set.names)))
    starts = bars.ints("start")[order]
    for rows in _whole_times(starts):
        at = order[rows]
        back = np.arange(width)[::-1]
        source = at[:, None] - back[None, :]
        window = columns[:, np.maximum(source, 0)]
        window[:, place[at][:, None] < back[None, :]] = np.nan
        values[rows] = feature_set.compute(Window(np.ascontiguousarray(window)), starts[rows])
    return _to_frame(feature_set, bars.take(order), values)


def _columns(bars: Frame[Bar]) -> Floats:
    return np.stack([bars.columns[name].astype(np.float64) for name in FIELDS])  # type: ignore[union-attr]


def _ranks(labels: Labels) -> Ints:
    """Numbers that sort as the names do."""
    ranks = {name: rank for rank, name in enumerate(sorted(labels.names))}
    return np.asarray([ranks[name] for name in labels.names], dtype=np.int64)[labels.codes]


def _whole_times(starts: Ints) -> list[npt.NDArray[np.int64]]:
    """Row ranges of about _CHUNK rows that never cut a time in two."""
    if not len(starts):
        return []
    edges = np.flatnonzero(np.diff(starts, prepend=starts[0] - 1, append=starts[-1] + 1))
    cuts = [0]
    for edge in edges[1:].tolist():
        if edge - cuts[-1] >= _CHUNK or edge == len(starts):
            cuts.append(edge)
    return [np.arange(a, b) for a, b in pairwise(cuts)]


def _to_frame(feature_set: FeatureSet, bars: Frame[Bar], values: Floats) -> Frame[Features]:
    return Frame(
        Features,
        {
            "symbol": bars.columns["symbol"],
            "interval": bars.columns["interval"],
            "start": bars.columns["start"],
            "close": bars.columns["close"],
            "values": values,
            "feature_set": Labels.constant(feature_set.hash, len(bars)),
            "source": bars.columns["source"],
        },
        {"names": ",".join(feature_set.names)},
    )
