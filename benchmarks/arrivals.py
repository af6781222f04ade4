"""When each tick was first seen in a bar."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from causal_alpha.frames import Floats, Ints
from causal_alpha.intervals import MILLISECOND, interval_ns


class Row(NamedTuple):
    """A bar row as received; `at` in ns, `start` in ms. `close` is the number of its newest tick."""

    at: int
    symbol: int
    interval: str
    start: int
    close: int


class Arrivals:
    """Matches rows with the ticks in them.

    Tick i (numbered from 1) is of symbol (i - 1) % `symbols`; `stamps` are the times (ms) and `sent` the
    moments (ns) of all ticks. A bar holds those of its symbol that are stamped within it, up to the number
    that is its close. A row's latency is that of the oldest tick that no earlier row held.

    >>> arrivals = Arrivals(np.array([0, 400, 1200]), np.array([0, 400, 1200]), symbols=1)
    >>> arrivals.take([Row(500, 0, "1s", 0, 2), Row(1300, 0, "1s", 1000, 3), Row(1400, 0, "1m", 0, 3)])
    >>> arrivals.oldest.tolist(), arrivals.rows.tolist(), arrivals.missing
    ([0, 1200], [500, 100], 0)
    """

    def __init__(self, stamps: Ints, sent: Ints, symbols: int) -> None:
        self.seen_at = np.zeros(len(sent), dtype=np.int64)
        self._stamps, self._sent, self._symbols = stamps, sent, symbols
        self._found: list[tuple[int, int]] = []

    def take(self, rows: Iterable[Row]) -> None:
        """Rows in the order of their arrival."""
        for row in rows:
            of_symbol = slice(row.symbol, None, self._symbols)
            stamps, seen_at = self._stamps[of_symbol], self.seen_at[of_symbol]
            end = row.start + interval_ns(row.interval) // MILLISECOND
            first, beyond = np.searchsorted(stamps, (row.start, end))
            last = min(int(beyond), (row.close - 1 - row.symbol) // self._symbols + 1)
            news = np.flatnonzero(seen_at[first:last] == 0)
            if len(news):
                oldest = (int(first) + int(news[0])) * self._symbols + row.symbol
                seen_at[first + news] = row.at
                self._found.append((int(self._sent[oldest]), row.at))

    @property
    def oldest(self) -> Ints:
        """For each row with news, the moment (ns) its oldest new tick was sent."""
        return np.asarray([sent for sent, _ in self._found], dtype=np.int64)

    @property
    def rows(self) -> Ints:
        """For each row with news, its latency in ns."""
        return np.asarray([at - sent for sent, at in self._found], dtype=np.int64)

    @property
    def missing(self) -> int:
        """Ticks that no row held."""
        return int((self.seen_at == 0).sum())


def percentile_ms(values: Ints, percent: float) -> float:
    """A percentile of nanoseconds, in ms to a tenth."""
    in_ms: Floats = values / MILLISECOND
    return round(float(np.percentile(in_ms, percent)), 1)
