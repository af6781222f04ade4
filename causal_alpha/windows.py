"""Windows of bars: a ring that moves bar by bar, and all of history at once.

`Rings` (stream) and `history` (batch) give `FeatureSet.compute` windows of equal numbers, each row's bars
side by side in memory, so a vector computed live is the one computed later, bit for bit. Both see a
revision from its `known_at` on, leave out revisions of bars that were never final, and adjust windows for
splits and dividends as one sees them at the window's end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from causal_alpha.actions import Action
from causal_alpha.adjust import adjust_windows
from causal_alpha.features import FIELDS, FeatureSet, Window
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Bar, Features

_NO_ACTIONS: Mapping[str, Sequence[Action]] = MappingProxyType({})
_START, _KNOWN_AT, _REVISION = range(3)
"""Rows of `Rings.stamps`."""


@dataclass
class Rings:
    """The last `width` bars of each symbol. A symbol keeps its row for good.

    Bars are appended to their row and moved to its front only when there is no room left, so that a
    window is mostly a view. `bars` has shape (fields, rows, 2 width), `stamps` (3, rows, 2 width);
    `ends` (rows,) is the column after a symbol's last bar.
    """

    width: int
    symbols: dict[str, int] = field(default_factory=dict)
    bars: Floats = field(default_factory=lambda: np.empty((len(FIELDS), 0, 0)))
    stamps: Ints = field(default_factory=lambda: np.empty((3, 0, 0), dtype=np.int64))
    ends: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _places: tuple[tuple[str, ...], bytes, Ints, Ints] | None = field(default=None, repr=False, compare=False)
    """For the last labels: in which order to take the rows of their frame, and the symbols' rows here."""

    def push(
        self, feature_set: FeatureSet, bars: Frame[Bar], actions: Mapping[str, Sequence[Action]] = _NO_ACTIONS
    ) -> Frame[Features]:
        """Features of the final bars of one start, one bar a symbol; sorted by symbol.

        Bars are held as they were traded; windows are adjusted for the `actions` of their symbols.
        """
        order, rows = self._find(bars.labels("symbol"))
        bars = bars.take(order)
        n = max(feature_set.lookback, 1)
        window = self._append(rows, columns_of(bars), _stamps(bars), n)
        if actions and len(bars):
            intervals = bars.labels("interval")
            length = interval_ns(intervals.names[intervals.codes[0]])  # there may be names that no row carries
            starts, ends = self._last(self.stamps, rows, n)[_START], bars.ints("start") + length
            symbols = bars.labels("symbol").tolist()
            window = adjust_windows(window, FIELDS, symbols, starts, ends, length, actions)
        return to_features(feature_set, bars, feature_set.compute(Window(window), bars.ints("start")))

    def revise(self, bars: Frame[Bar]) -> None:
        """Put newer revisions in the place of bars still held."""
        known = [self.symbols.get(name, -1) for name in bars.labels("symbol").tolist()]
        rows, columns, stamps = np.asarray(known, dtype=np.int64), columns_of(bars), _stamps(bars)
        for place in np.lexsort((stamps[_REVISION], stamps[_KNOWN_AT])).tolist():
            row = int(rows[place])
            if row < 0:
                continue
            end = int(self.ends[row])
            held = self.stamps[_START, row, end - self.width : end]
            cell = end - self.width + int(np.searchsorted(held, stamps[_START, place]))
            if cell < end and self.stamps[_START, row, cell] == stamps[_START, place]:
                was = self.stamps[_KNOWN_AT, row, cell], self.stamps[_REVISION, row, cell]
                if (stamps[_KNOWN_AT, place], stamps[_REVISION, place]) > was:
                    self.bars[:, row, cell] = columns[:, place]
                    self.stamps[:, row, cell] = stamps[:, place]

    def dump(self) -> dict[str, Any]:
        rows = np.arange(len(self.symbols))
        return {
            "symbols": list(self.symbols),
            "bars": self._last(self.bars, rows, self.width),
            "stamps": self._last(self.stamps, rows, self.width),
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any], width: int) -> Self:
        """The inverse of `dump`, for rings of any width: a longer window begins with bars that nobody knows."""
        bars, stamps = tree["bars"], tree["stamps"]
        rings = cls(width, {name: row for row, name in enumerate(tree["symbols"])})
        rings._grow(len(rings.symbols))
        kept = min(width, bars.shape[2])
        if rings.symbols:
            known = slice(width - kept, width)
            rings.bars[: len(bars), : bars.shape[1], known] = bars[:, :, bars.shape[2] - kept :]
            rings.stamps[:, : bars.shape[1], known] = stamps[:, :, bars.shape[2] - kept :]
        return rings

    def _find(self, labels: Labels) -> tuple[Ints, Ints]:
        codes = labels.codes.tobytes()
        if self._places is None or self._places[:2] != (labels.names, codes):
            names = labels.tolist()
            order = sorted(range(len(names)), key=names.__getitem__)
            rows = [self.symbols.setdefault(names[place], len(self.symbols)) for place in order]
            self._grow(len(self.symbols))
            self._places = (labels.names, codes, np.asarray(order, dtype=np.int64), np.asarray(rows, dtype=np.int64))
        return self._places[2], self._places[3]

    def _append(self, rows: Ints, columns: Floats, stamps: Ints, n: int) -> Floats:
        """Move the rows by one bar; returns the last n bars of each, shape (fields, rows, n)."""
        ends = self.ends[rows]
        if len(rows) and int(ends.max()) == self.bars.shape[2]:
            self._rewind()
            ends = self.ends[rows]
        self.bars[:, rows, ends] = columns
        self.stamps[:, rows, ends] = stamps
        self.ends[rows] = ends + 1
        window: Floats = self._last(self.bars, rows, n)
        return window

    def _last(self, array: npt.NDArray[Any], rows: Ints, n: int) -> npt.NDArray[Any]:
        """The last n columns of each row: a view where the rows are neighbours that end together."""
        ends = self.ends[rows]
        if len(rows) and (rows == np.arange(rows[0], rows[0] + len(rows))).all() and (ends == ends[0]).all():
            return array[:, rows[0] : rows[0] + len(rows), ends[0] - n : ends[0]]
        return array[:, rows[:, None], ends[:, None] + np.arange(-n, 0)]

    def _rewind(self) -> None:
        every = np.arange(len(self.ends))
        for array in (self.bars, self.stamps):
            array[:, :, : self.width] = self._last(array, every, self.width).copy()
        self.ends[:] = self.width

    def _grow(self, n: int) -> None:
        if n > len(self.ends):
            old, size = len(self.ends), max(2 * n, 16)
            bars = np.full((len(FIELDS), size, 2 * self.width), np.nan)
            stamps = np.zeros((3, size, 2 * self.width), dtype=np.int64)
            ends = np.full(size, self.width)
            if old:
                bars[:, :old], stamps[:, :old], ends[:old] = self.bars, self.stamps, self.ends
            self.bars, self.stamps, self.ends = bars, stamps, ends


def columns_of(bars: Frame[Bar]) -> Floats:
    """The fields of a window, shape (fields, n)."""
    return np.stack([bars.columns[name].astype(np.float64) for name in FIELDS])  # type: ignore[union-attr]


def to_features(feature_set: FeatureSet, bars: Frame[Bar], values: Floats) -> Frame[Features]:
    """`values` of shape (n, features) as records."""
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


def _stamps(bars: Frame[Bar]) -> Ints:
    return np.stack([bars.ints("start"), bars.ints("known_at"), bars.ints("revision")])
