"""How often a symbol trades, learnt from its ticks, in time that its market is open: nights don't count."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from causal_alpha.frames import Floats, Ints
from causal_alpha.intervals import SECOND
from causal_alpha.sessions import Sessions

SessionsOf = Callable[[str], Sessions]
"""The sessions of a symbol."""

_WIDTH = 256
_ENOUGH = 16
_FAR = 30 * 60 * SECOND


@dataclass
class Pulse:
    """What is known of one symbol: its last tick, how far behind its feed is (ns), its last gaps (ns of open time)."""

    sessions: Sessions
    ts: int
    arrived: int
    behind: int
    gaps: list[int] = field(default_factory=list)


class Cadence:
    """Typical gaps between the ticks of each symbol: the `quantile` of its last 256, `prior` (s) until 16 are known.

    A high quantile, not the mean: trades come in bursts, and it is the long gaps that a silence is held against.
    Times of ticks (`ts`) and their arrivals are apart: exchanges whose quotes come a quarter of an hour late open
    and close late, too.
    """

    def __init__(self, sessions: SessionsOf, *, prior: float = 60.0, quantile: float = 0.95) -> None:
        self._sessions = sessions
        self._prior = round(prior * SECOND)
        self._quantile = quantile
        self._pulses: dict[str, Pulse] = {}
        self._typical: dict[str, int] = {}

    def push(self, symbol: str, ts: Ints, arrived: int) -> None:
        """Ticks of `symbol` at `ts` (ns) arrived by `arrived`."""
        last = int(ts.max())
        behind = min(max(arrived - last, 0), _FAR)  # a first quote may be of yesterday
        pulse = self._pulses.get(symbol)
        if pulse is None:
            pulse = self._pulses[symbol] = Pulse(self._sessions(symbol), last, arrived, behind)
            times = np.unique(ts)
        else:
            times = np.unique(np.append(ts[ts > pulse.ts], pulse.ts))
            pulse.behind = min(pulse.behind, behind)
            pulse.ts, pulse.arrived = max(pulse.ts, last), arrived
        gaps = np.diff(pulse.sessions.open_time(times))
        gaps = gaps[gaps > 0]
        if len(gaps):
            pulse.gaps = [*pulse.gaps, *gaps[-_WIDTH:].tolist()][-_WIDTH:]
            self._typical.pop(symbol, None)

    def typical(self, symbol: str) -> int:
        """The symbol's typical gap in ns of open time, at least 1."""
        pulse = self._pulses.get(symbol)
        if pulse is None or len(pulse.gaps) < _ENOUGH:
            return self._prior
        if symbol not in self._typical:
            gaps: Floats = np.asarray(pulse.gaps, dtype=np.float64)
            self._typical[symbol] = max(1, int(np.quantile(gaps, self._quantile)))
        return self._typical[symbol]

    def heard(self, symbol: str) -> int | None:
        """When the symbol's last tick arrived (ns), None if none has."""
        pulse = self._pulses.get(symbol)
        return None if pulse is None else pulse.arrived

    def behind(self, symbol: str) -> int:
        """How far (ns) the symbol's feed is behind, the least age of its ticks; 0 until enough are known.

        The last trade of a symbol that seldom trades is old, though its feed is not behind.
        """
        pulse = self._pulses.get(symbol)
        return 0 if pulse is None or len(pulse.gaps) < _ENOUGH else pulse.behind

    def silence(self, symbol: str, since: int, now: int) -> int:
        """For how long (ns) the symbol's market was open between the arrivals `since` and `now`."""
        sessions, behind = self._market(symbol)
        before, after = sessions.open_time(np.asarray([since - behind, now - behind])).tolist()
        return int(after - before)

    def opening(self, symbol: str, now: int) -> int:
        """When ticks of the symbol's present session began to arrive (ns); `now` where its market is closed."""
        sessions, behind = self._market(symbol)
        return sessions.opening(now - behind) + behind

    def _market(self, symbol: str) -> tuple[Sessions, int]:
        """The symbol's sessions, and how far behind (ns) its feed is."""
        pulse = self._pulses.get(symbol)
        return (self._sessions(symbol), 0) if pulse is None else (pulse.sessions, pulse.behind)
