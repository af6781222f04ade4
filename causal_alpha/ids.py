"""Which trade ids a partition has already seen: exact, and bounded by the bars that may still change."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from causal_alpha.frames import Ints
from causal_alpha.keys import group_starts, slot_of
from causal_alpha.records import NO_ID

Mask = npt.NDArray[np.bool_]

_COMPACT = 64


def _nothing() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass
class SeenIds:
    """Trade ids by key (symbol and bar). Two rows are duplicates when key and id are the same.

    Feeds number their trades upwards, so most batches are settled by comparing with the highest id
    of each key; only keys where that fails are looked up row by row.

    >>> seen = SeenIds()
    >>> keys, ids = np.array([5, 5, 5]), np.array([1, 2, 2])
    >>> seen.fresh(keys, ids, np.array([0, 1, 2])).tolist()
    [True, True, False]
    >>> seen.fresh(keys[:1], ids[:1], np.array([0])).tolist()
    [False]
    """

    chunks: list[tuple[Ints, Ints]] = field(default_factory=list)
    top_keys: Ints = field(default_factory=_nothing)
    top_ids: Ints = field(default_factory=_nothing)

    def fresh(self, keys: Ints, ids: Ints, arrival: Ints) -> Mask:
        """Mask of the rows not seen before; they are remembered.

        `keys` must be sorted. Of equal rows in one call the one with the lowest `arrival` is fresh.
        Rows without an id (NO_ID) are always fresh.
        """
        first = group_starts(keys)
        rising: Mask = np.ones(len(ids), dtype=np.bool_)
        rising[1:] = (ids[1:] > ids[:-1]) & (ids[:-1] != NO_ID)  # an id after a row without says nothing
        rising[first] = ids[first] > self._highest(keys[first])
        numbered = ids != NO_ID
        fresh: Mask = np.ones(len(keys), dtype=np.bool_)
        doubtful = ~rising & numbered
        if doubtful.any():
            rows = np.flatnonzero(np.isin(keys, keys[doubtful]) & numbered)
            fresh[rows] = self._look_up(keys[rows], ids[rows], arrival[rows])
        new = fresh & numbered
        if new.all():
            self._remember(keys, ids)
        elif new.any():
            self._remember(keys[new], ids[new])
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
        keys, ids = zip(*self.chunks, strict=True)
        return np.concatenate(keys), np.concatenate(ids)

    @classmethod
    def of_rows(cls, keys: Ints, ids: Ints) -> "SeenIds":
        """The inverse of `rows`."""
        seen = cls()
        if len(keys):
            order = np.argsort(keys, kind="stable")
            seen._remember(keys[order], ids[order])
        return seen

    def _highest(self, keys: Ints) -> Ints:
        if not len(self.top_keys):
            return np.full(len(keys), NO_ID)
        place = np.minimum(np.searchsorted(self.top_keys, keys), len(self.top_keys) - 1)
        return np.where(self.top_keys[place] == keys, self.top_ids[place], NO_ID)

    def _look_up(self, keys: Ints, ids: Ints, arrival: Ints) -> Mask:
        known_keys, known_ids = self.rows()
        known = np.isin(known_keys, keys)
        n = int(known.sum())
        all_keys = np.concatenate([known_keys[known], keys])
        all_ids = np.concatenate([known_ids[known], ids])
        order = np.lexsort((np.concatenate([np.full(n, -1), arrival]), all_ids, all_keys))
        again = np.zeros(len(order), dtype=np.bool_)
        again[order[1:]] = (np.diff(all_keys[order]) == 0) & (all_ids[order][1:] == all_ids[order][:-1])
        return ~again[n:]

    def _remember(self, keys: Ints, ids: Ints) -> None:
        self.chunks.append((keys, ids))
        if len(self.chunks) > _COMPACT:
            self.chunks = [self.rows()]
        first = group_starts(keys)
        every = np.concatenate([self.top_keys, keys[first]])
        tops = np.concatenate([self.top_ids, np.maximum.reduceat(ids, first)])
        order = np.argsort(every, kind="stable")
        first = group_starts(every[order])
        self.top_keys, self.top_ids = every[order][first], np.maximum.reduceat(tops[order], first)
