"""Which trade ids a partition has already seen: exact, and bounded by the bars that may still change."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Ints
from causal_alpha.keys import group_starts, slot_of
from causal_alpha.records import NO_ID

Mask = npt.NDArray[np.bool_]

_COMPACT = 64
_FAR = 1 << 61
"""Ids and levels up to here can be added without overflow."""


def _nothing() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass
class SeenIds:
    """Trade ids by key (symbol and bar). Two rows are duplicates when key and id are the same.

    Feeds number their trades as they come, so most rows are settled by comparing with the highest id of
    their key so far; only those that aren't above it are looked up.

    >>> seen = SeenIds()
    >>> keys, ids = np.array([5, 5, 5]), np.array([1, 2, 2])
    >>> seen.fresh(keys, ids, np.array([0])).tolist()
    [True, True, False]
    >>> seen.fresh(keys[:1], ids[:1], np.array([0])).tolist()
    [False]
    """

    chunks: list[tuple[Ints, Ints]] = field(default_factory=list)
    top_keys: Ints = field(default_factory=_nothing)
    top_ids: Ints = field(default_factory=_nothing)

    def fresh(self, keys: Ints, ids: Ints, first: Ints) -> Mask:
        """Mask of the rows not seen before; they are remembered.

        The rows come by key and, within one, as they arrived; `first` is where each key begins. Rows
        without an id (NO_ID) are always fresh.
        """
        place, top = self._tops(keys[first])
        rising: Mask = np.empty(len(ids), dtype=np.bool_)
        np.greater(ids[1:], ids[:-1], out=rising[1:])
        rising[first] = ids[first] > top
        fresh: Mask = np.ones(len(ids), dtype=np.bool_)
        if not rising.all():
            numbered = ids != NO_ID
            levels, before = _levels(ids, first, top)
            doubtful = np.flatnonzero((levels <= before) & numbered)
            again = before[np.searchsorted(before, levels[doubtful])] == levels[doubtful]
            fresh[doubtful[again]] = False
            if not again.all():
                self._look_up(keys, ids, doubtful[~again], fresh)
            new = fresh & numbered
            if not new.all():
                keys, ids = keys[new], ids[new]
                if not len(keys):
                    return fresh
                first = group_starts(keys)
                place, top = self._tops(keys[first])
        self._remember(keys, ids, first, place)
        return fresh

    def forget(self, slot: int) -> None:
        """Drop the rows of bars before `slot`."""
        if len(self.top_keys) and (gone := slot_of(self.top_keys) < slot).any():
            keys, ids = self.rows()
            kept = slot_of(keys) >= slot
            self.chunks = [(keys[kept], ids[kept])]
            self.top_keys, self.top_ids = self.top_keys[~gone], self.top_ids[~gone]

    def rows(self) -> tuple[Ints, Ints]:
        """All remembered keys and ids."""
        if not self.chunks:
            return _nothing(), _nothing()
        if len(self.chunks) > 1:
            keys, ids = zip(*self.chunks, strict=True)
            self.chunks = [(np.concatenate(keys), np.concatenate(ids))]
        return self.chunks[0]

    @classmethod
    def of_rows(cls, keys: Ints, ids: Ints) -> "SeenIds":
        """The inverse of `rows`."""
        seen = cls()
        if len(keys):
            order = np.argsort(keys, kind="stable")
            first = group_starts(keys[order])
            seen._remember(keys[order], ids[order], first, seen._tops(keys[order][first])[0])
        return seen

    def _tops(self, keys: Ints) -> tuple[Ints, Ints]:
        """Where each key stands in `top_keys`, -1 if it doesn't, and its highest id."""
        if not len(self.top_keys):
            return np.full(len(keys), -1), np.full(len(keys), NO_ID)
        place = np.minimum(np.searchsorted(self.top_keys, keys), len(self.top_keys) - 1)
        known = self.top_keys[place] == keys
        return np.where(known, place, -1), np.where(known, self.top_ids[place], NO_ID)

    def _look_up(self, keys: Ints, ids: Ints, rows: Ints, fresh: Mask) -> None:
        """Unmark those of the `rows` whose id is remembered, or stands before them in these rows."""
        seen = _matches(*self.rows(), np.unique(ids[rows]))
        for row, pair in zip(rows.tolist(), zip(keys[rows].tolist(), ids[rows].tolist(), strict=True), strict=True):
            if pair in seen:
                fresh[row] = False
            seen.add(pair)

    def _remember(self, keys: Ints, ids: Ints, first: Ints, place: Ints) -> None:
        self.chunks.append((keys, ids))
        if len(self.chunks) > _COMPACT:
            self.rows()
        tops = np.maximum.reduceat(ids, first)
        new = place < 0
        if not new.all():
            here = place[~new]
            self.top_ids[here] = np.maximum(self.top_ids[here], tops[~new])
        if new.any():
            every = np.concatenate([self.top_keys, keys[first[new]]])
            order = np.argsort(every, kind="stable")
            self.top_keys, self.top_ids = every[order], np.concatenate([self.top_ids, tops[new]])[order]


def _levels(ids: Ints, first: Ints, top: Ints) -> tuple[Ints, Ints]:
    """Numbers that stand for ids, higher for each key than for all keys before it; the highest before each row.

    So one running maximum over all rows does for those of each key. `top` is the highest id of each key
    until now, and counts as standing before its first row. Two rows of a key have one level if they have one id.
    """
    low, high = int(ids.min()), int(ids.max())
    if low < -_FAR or high > _FAR or (high - low + 3) * len(first) > _FAR:  # ids made from texts, or rows without
        every, ids = np.unique(ids, return_inverse=True)
        place = np.searchsorted(every, top)
        known = every[np.minimum(place, len(every) - 1)] == top
        ids, top = 2 * ids, 2 * place - 1 + known  # between two ids
        low, high = 0, 2 * len(every)
    span = high - low + 3
    base = np.arange(len(first)) * span + (1 - low)
    levels = ids + np.repeat(base, np.diff(first, append=len(ids)))
    before = np.empty(len(ids), dtype=np.int64)
    before[1:] = levels[:-1]
    before[first] = np.clip(top, low - 1, high + 1) + base
    return levels, np.maximum.accumulate(before, out=before)


def _matches(keys: Ints, ids: Ints, wanted: Ints) -> set[tuple[int, int]]:
    """The pairs whose id is among `wanted` (sorted)."""
    near = np.flatnonzero((ids >= wanted[0]) & (ids <= wanted[-1]))
    found = near[wanted[np.minimum(np.searchsorted(wanted, ids[near]), len(wanted) - 1)] == ids[near]]
    return set(zip(keys[found].tolist(), ids[found].tolist(), strict=True))
