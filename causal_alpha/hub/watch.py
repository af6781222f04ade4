"""Turns what flows through the hub into notes: feeds that go away and come back, bursts of rejects."""

from collections import Counter, deque
from collections.abc import Callable

from causal_alpha.frames import Frame
from causal_alpha.hub.notes import Notes
from causal_alpha.records import Bar, Reject

BURST, WITHIN, QUIET = 100, 10_000, 60_000
"""So many rejects within so many ms are a burst; the next note of one comes that many ms later."""
_NAMES = 5


class Watch:
    """Looks at final bars and rejects as they pass. `clock` gives ms since 1970.

    A feed is away for a symbol once a final bar of it has the quality `no_data`.
    """

    def __init__(self, notes: Notes, clock: Callable[[], int]) -> None:
        self._notes, self._clock = notes, clock
        self._away: dict[str, set[str]] = {}
        self._rejects: deque[tuple[int, Counter[str]]] = deque()
        self._quiet_until = 0
        self.last: dict[str, int] = {}
        """When a reason for rejects was last seen, ms."""

    def bars(self, finals: Frame[Bar]) -> None:
        missing = finals.labels("quality").equals("no_data")
        interval = finals.labels("interval").tolist()[0]
        away = self._away.setdefault(interval, set())
        if not away and not missing.any():
            return
        symbols = finals.labels("symbol").tolist()
        gone = {symbol for symbol, flag in zip(symbols, missing.tolist(), strict=True) if flag}
        if lost := sorted(gone - away):
            self._notes.add("feed-away", "warn", _some(lost), f"No data from the feed for {interval} bars")
        if back := sorted(away.intersection(symbols) - gone):
            self._notes.add("feed-back", "info", _some(back), f"The feed is back for {interval} bars")
        self._away[interval] = (away | gone) - set(back)

    def rejects(self, frame: Frame[Reject]) -> None:
        now, reasons = self._clock(), Counter(frame.labels("reason").tolist())
        self.last.update(dict.fromkeys(reasons, now))
        self._rejects.append((now, reasons))
        while self._rejects[0][0] < now - WITHIN:
            self._rejects.popleft()
        recent = sum((count for _, count in self._rejects), Counter[str]())
        if recent.total() >= BURST and now >= self._quiet_until:
            self._quiet_until = now + QUIET
            reason, _ = recent.most_common(1)[0]
            self._notes.add("reject-burst", "warn", reason, f"{recent.total()} rows rejected within {WITHIN // 1000} s")


def _some(symbols: list[str]) -> str:
    """Their names, or the first few and how many more.

    >>> _some(["A", "B"]), _some(list("ABCDEFGH"))
    ('A, B', 'A, B, C, D, E and 3 more')
    """
    rest = len(symbols) - _NAMES
    return ", ".join(symbols[:_NAMES]) + (f" and {rest} more" if rest > 0 else "")
