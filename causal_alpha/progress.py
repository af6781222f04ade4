"""How far a partition has been read and worked off since the last seek, in ranges of offsets."""

from collections.abc import Iterable


class Progress:
    """Batches are acked by their last offset and stand for all offsets since the batch before.

    So holes, which compaction and markers of transactions leave, belong to the batch behind them.

    >>> progress = Progress(10)
    >>> progress.read(10, 14), progress.read(16, 19)
    (None, None)
    >>> progress.work_off([19]), progress.done
    ({19}, 10)
    >>> progress.work_off([14, 19]), progress.done
    (set(), 20)
    """

    def __init__(self, place: int) -> None:
        self.next = self.done = place
        self._first_of: dict[int, int] = {}

    def read(self, first: int, last: int) -> None:
        """A batch has come."""
        self._first_of[last] = min(self.next, first)
        self.next = last + 1

    def work_off(self, acked: Iterable[int]) -> set[int]:
        """Move `done` behind all batches without a gap before them; returns what has to wait."""
        waiting = set()
        for offset in sorted(acked):
            if self._first_of.get(offset, offset) <= self.done:
                self.done = max(self.done, offset + 1)
                self._first_of.pop(offset, None)
            else:
                waiting.add(offset)
        return waiting
