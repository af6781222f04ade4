"""What a feed says of splits and dividends, while it runs: at its start, then as it changes its mind."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from causal_alpha.actions import Action, effective, reconcile, to_meta
from causal_alpha.calendar import ALWAYS, FX, WEEKDAYS
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import Bar
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.cadence import SessionsOf

_EVERY = 3_600 * SECOND
_BACK = 7 * DAY


@runtime_checkable
class Announcer(Protocol):
    """A feed that can be asked for splits and dividends."""

    name: str

    async def actions(self, symbol: str, start: int, end: int) -> Sequence[Action]:
        """Those with `start <= date < end` (ns), by date. Raises SourceError when the feed can't deliver now."""
        ...


def announcement(actions: Sequence[Action]) -> Frame[Bar]:
    """The frame by which a source tells of `actions`; it has no rows."""
    return Frame.empty(Bar, to_meta(actions))


class Announced:
    """The words that are held, and when to ask for more: as a market opens, and every hour while it is open.

    One that was refused is asked about again after a growing wait of its own. Currencies and what trades around the
    clock have no such actions and are never asked for.
    """

    def __init__(self, symbols: Sequence[str], sessions: SessionsOf) -> None:
        every = {symbol: sessions(symbol) for symbol in symbols}
        self._sessions = {name: found for name, found in every.items() if found.name not in (ALWAYS, WEEKDAYS, FX)}
        self._asked = dict.fromkeys(self._sessions, 0)
        self._wait_until = dict.fromkeys(self._sessions, 0)
        self._backoffs = {name: Backoff(first=30.0, longest=3_600.0, least=0.5) for name in self._sessions}
        self._held: list[Action] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        """Those that may have actions."""
        return tuple(self._sessions)

    def begin(self, symbol: str, said: Sequence[Action], now: int) -> None:
        """Hold what was `said` of the past, each word known from its own time on."""
        self._asked[symbol] = now
        self._held += said

    def due(self, now: int) -> tuple[str, ...]:
        """The symbols to ask about at `now` (ns), ex-dates from `now - BACK` on."""
        return tuple(
            name
            for name, sessions in self._sessions.items()
            if now >= self._wait_until[name]
            and sessions.is_open(np.asarray(now))
            and (now - self._asked[name] >= _EVERY or self._asked[name] < sessions.opening(now))
        )

    def span(self, now: int) -> tuple[int, int]:
        """The ex-dates to ask about at `now`: first and end, in ns."""
        return now - now % DAY - _BACK, now + 2 * DAY

    def refused(self, symbol: str, now: int) -> None:
        """The feed said at `now` that it says nothing of `symbol`."""
        self._wait_until[symbol] = now + round(self._backoffs[symbol].failed() * SECOND)

    def hear(self, symbol: str, said: Sequence[Action], now: int) -> tuple[Action, ...]:
        """The news in what was `said` of `span(now)`; they are held from now on."""
        self._asked[symbol] = now
        self._backoffs[symbol].succeeded()
        start, end = self.span(now)
        held = [action for action in self._held if action.symbol == symbol]
        news = reconcile(held, said, now, start=start, end=end)
        self._held += news
        return news

    def known(self, now: int) -> tuple[Action, ...]:
        """What is in force at `now`."""
        return effective(self._held, now)
