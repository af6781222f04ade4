"""Features of all of history at once, as `windows.Rings` gives them bar by bar."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from causal_alpha.actions import Action, by_symbol
from causal_alpha.adjust import adjust_windows
from causal_alpha.features import FIELDS, FeatureSet, Window
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import interval_ns
from causal_alpha.keys import group_starts
from causal_alpha.records import Bar, Features
from causal_alpha.windows import columns_of, to_features

_CHUNK = 4096


def history(feature_set: FeatureSet, bars: Frame[Bar], width: int, actions: Iterable[Action] = ()) -> Frame[Features]:
    """Features of every final bar of one interval, by start then symbol.

    `bars`: one final bar a symbol and start as it was traded, and revisions of them, in any order. `actions`:
    splits and dividends of their symbols.
    """
    of_symbol = by_symbol(actions)
    late = bars.ints("revision") > 0
    table = _Table(bars.take(~late), bars.take(late), width)
    values = np.empty((len(table.order), len(feature_set.names)))
    starts = table.bars.ints("start")[table.order]
    for first, end in _whole_times(starts):
        window = Window(table.windows(first, end, of_symbol))
        values[first:end] = feature_set.compute(window, starts[first:end])
    return to_features(feature_set, table.bars.take(table.order), values)


class _Table:
    """Bars by symbol and start. `order` goes through them by start and symbol."""

    def __init__(self, bars: Frame[Bar], revised: Frame[Bar], width: int) -> None:
        symbol = _ranks(bars.labels("symbol"))
        by_symbol = np.lexsort((bars.ints("start"), symbol))
        self.bars, symbol = bars.take(by_symbol), symbol[by_symbol]
        start = self.bars.ints("start")
        self.order = np.lexsort((symbol, start))
        self._width, self._columns, self._start = width, columns_of(self.bars), start
        self._first = np.zeros(0, dtype=np.int64)  # where each bar's symbol begins
        if len(bars):
            begins = group_starts(symbol)
            self._first = np.repeat(begins, np.diff(np.append(begins, len(bars))))
            intervals = self.bars.labels("interval")
            self._length = interval_ns(intervals.names[intervals.codes[0]])  # there may be names that no row carries
        self._revise(revised)

    def _revise(self, revised: Frame[Bar]) -> None:
        """Find the bars that are revised: by when each revision is known, then by number."""
        names = self.bars.labels("symbol").tolist()
        places = {key: place for place, key in enumerate(zip(names, self._start.tolist(), strict=True))}
        keys = zip(revised.labels("symbol").tolist(), revised.ints("start").tolist(), strict=True)
        base = np.asarray([places.get(key, -1) for key in keys], dtype=np.int64)
        order = np.lexsort((revised.ints("revision"), revised.ints("known_at")))
        order = order[base[order] >= 0]
        self._base, self._known = base[order], revised.ints("known_at")[order]
        self._news = columns_of(revised)[:, order]

    def windows(self, first: int, end: int, actions: Mapping[str, Sequence[Action]]) -> Floats:
        """Windows of the rows `order[first:end]`, shape (fields, rows, width)."""
        at = self.order[first:end]
        source = at[:, None] - np.arange(self._width)[::-1]
        window = self._columns[:, np.maximum(source, 0)]
        window[:, source < self._first[at][:, None]] = np.nan
        for revision in self._due(at):
            base = self._base[revision]
            age = at - base
            seen = (age >= 0) & (age < self._width) & (self._first[at] == self._first[base])
            seen &= self._start[at] + self._length >= self._known[revision]
            rows = np.flatnonzero(seen)
            window[:, rows, self._width - 1 - age[rows]] = self._news[:, revision][:, None]
        if actions:
            starts = np.where(source < self._first[at][:, None], 0, self._start[np.maximum(source, 0)])
            symbols, ends = self.bars.labels("symbol").take(at).tolist(), self._start[at] + self._length
            window = adjust_windows(window, FIELDS, symbols, starts, ends, self._length, actions)
        return np.ascontiguousarray(window)

    def _due(self, at: Ints) -> list[int]:
        """The revisions that windows of these bars may hold."""
        if not len(self._base):
            return []
        newest = int(self._start[at].max()) + self._length
        oldest = int(self._start[at].min())
        gone = np.minimum(self._base + self._width, len(self._start)) - 1
        alive = (self._start[gone] >= oldest) | (self._first[gone] != self._first[self._base])
        return np.flatnonzero((self._known <= newest) & alive).tolist()


def _ranks(labels: Labels) -> Ints:
    """Numbers that sort as the names do."""
    ranks = {name: rank for rank, name in enumerate(sorted(labels.names))}
    return np.asarray([ranks[name] for name in labels.names], dtype=np.int64)[labels.codes]


def _whole_times(starts: Ints) -> Iterator[tuple[int, int]]:
    """Row ranges of about _CHUNK rows that never cut a time in two."""
    if not len(starts):
        return
    first = 0
    for edge in np.flatnonzero(np.diff(starts, append=starts[-1] + 1) != 0).tolist():
        if edge + 1 - first >= _CHUNK or edge + 1 == len(starts):
            yield first, edge + 1
            first = edge + 1
