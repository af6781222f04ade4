"""When a market is open: sorted sessions, and the bars that share time with them.

Times are int64 ns UTC, bars lie on the UTC grid of their length. Outside of the sessions that are known a
market counts as closed; no time raises.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from causal_alpha.columns import Ints

FOREVER = 2**62
"""A time after all others."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Sessions:
    """The sessions `[opens[i], closes[i])` of calendar `name`, disjoint and rising, shapes (n,).

    >>> day = Sessions("lunch", opens=np.array([0, 60]), closes=np.array([50, 100]))
    >>> day.is_open(np.array([-1, 0, 49, 50, 60, 100])).tolist()
    [False, True, True, False, True, False]
    >>> day.bar_starts(0, 200, 20).tolist(), day.bar_starts(0, 200, 10).tolist()
    ([0, 20, 40, 60, 80], [0, 10, 20, 30, 40, 60, 70, 80, 90])
    """

    name: str
    opens: Ints
    closes: Ints

    def is_open(self, ts: Ints) -> Mask:
        """Whether `open <= ts < close` for a session, for times of any shape."""
        place = self.closes.searchsorted(ts, side="right")
        return self._padded[place] <= ts

    def bar_starts(self, first: int, end: int, length: int) -> Ints:
        """Starts s of bars with `first <= s < end`, rising: multiples of `length` ns whose
        `[s, s + length)` shares time with a session.
        """
        low, high = -(-first // length), -(-end // length)
        one = int(self.closes.searchsorted(first, side="right"))
        two = int(self.opens.searchsorted(end + length, side="left"))
        if two - one <= 1:  # mostly so, and worth a short cut
            if one < two:
                low = max(low, int(self.opens[one]) // length)
                high = min(high, -(-int(self.closes[one]) // length))
            return np.arange(low, high if one < two else low) * length
        lows = np.minimum(np.maximum(self.opens[one:two] // length, low), high)
        highs = np.minimum(np.maximum(-(-self.closes[one:two] // length), low), high)
        lows[1:] = np.maximum(lows[1:], highs[:-1])  # a bar may lie in two sessions
        counts = np.maximum(highs - lows, 0)
        before = np.cumsum(counts) - counts
        return (np.repeat(lows - before, counts) + np.arange(counts.sum())) * length

    def bar_closes(self, ts: int, length: int, n: int) -> Ints:
        """The ends of the next `n` bars of `length` ns that end after `ts`, shape (n,).

        A bar that is cut by the closing bell still ends on the grid. After the last known session every bar exists.
        """
        start = ts - ts % length
        found = np.empty(0, dtype=np.int64)
        while len(found) < n:
            opening = self.next_open(start)
            left = n - len(found)
            if opening == FOREVER:
                return np.concatenate([found, start + length * np.arange(1, left + 1)])
            start = opening - opening % length
            end = start + left * length
            found = np.concatenate([found, self.bar_starts(start, end, length) + length])
            start = end
        return found

    def next_open(self, ts: int) -> int:
        """The first time from `ts` on at which the market is open, FOREVER if none is known."""
        place = int(self.closes.searchsorted(ts, side="right"))
        return max(ts, int(self.opens[place])) if place < len(self.opens) else FOREVER

    def opening(self, ts: int) -> int:
        """When the session that `ts` is in opened; `ts` itself where the market is closed."""
        place = int(self.closes.searchsorted(ts, side="right"))
        return min(ts, int(self.opens[place])) if place < len(self.opens) else ts

    def open_time(self, ts: Ints) -> Ints:
        """How long (ns) the market was open before `ts`, since its first session.

        So the difference of two is the time between them without nights and holidays.
        """
        place = self.closes.searchsorted(ts, side="right")
        passed: Ints = self._elapsed[place] + np.maximum(ts - self._padded[place], 0)
        return passed

    @cached_property
    def _padded(self) -> Ints:
        """Opens, and one that never comes."""
        return np.append(self.opens, FOREVER)

    @cached_property
    def _elapsed(self) -> Ints:
        """Open time before each session."""
        return np.append(0, np.cumsum(self.closes - self.opens))
