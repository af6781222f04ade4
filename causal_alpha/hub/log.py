"""The log: numbered events in a ring, so that a client that was away can go on where it stopped."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

_encode = msgspec.json.Encoder().encode


class Entry(NamedTuple):
    """One event, encoded once for all clients. An `interval` of "" goes to every client."""

    symbol: str
    interval: str
    text: bytes


class Log:
    """The newest `capacity` events, numbered from 1 without holes.

    >>> log = Log(2)
    >>> [log.append("A", "1s", ("bar", "A", n)) for n in range(3)]
    [1, 2, 3]
    >>> log.holds(0), log.holds(1), [entry.text for entry in log.read(1)]
    (False, True, [b'[2,"bar","A",1]', b'[3,"bar","A",2]'])
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.seq = 0
        self._ring: list[Entry] = []

    def append(self, symbol: str, interval: str, event: tuple[Any, ...]) -> int:
        """Number and keep an event; the oldest makes room. Returns its number."""
        entry = Entry(symbol, interval, _encode((self.seq + 1, *event)))
        if self.seq < self.capacity:
            self._ring.append(entry)
        else:
            self._ring[self.seq % self.capacity] = entry
        self.seq += 1
        return self.seq

    def holds(self, after: int) -> bool:
        """Whether every event after number `after` is still here."""
        return max(0, self.seq - self.capacity) <= after <= self.seq

    def read(self, after: int, until: int | None = None) -> Iterator[Entry]:
        """The events numbered `after + 1` to `until` (the newest); ask `holds(after)` before."""
        for seq in range(after, self.seq if until is None else until):
            yield self._ring[seq % self.capacity]
