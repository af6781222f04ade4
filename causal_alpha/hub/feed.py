"""A feed: how far one client has read the log and the board. It needs no queue of its own."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from causal_alpha.hub.board import Board
from causal_alpha.hub.log import Log

LOG_EVENTS = 500
"""Most log events in a message; a resuming client gets more messages, not a larger one."""
STATE_EVENTS = 1_000
"""Most state events in a message."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which log and bar events a client wants; None means all.

    >>> Filter(symbols=frozenset({"A"})).wants("B", "1s"), Filter(symbols=frozenset({"A"})).wants("B", "")
    (False, True)
    """

    symbols: frozenset[str] | None = None
    intervals: frozenset[str] | None = None

    def wants(self, symbol: str, interval: str) -> bool:
        """An event without an interval (quote, health, model) goes to everybody."""
        if not interval:
            return True
        return (self.symbols is None or symbol in self.symbols) and (
            self.intervals is None or interval in self.intervals
        )


Memo = dict[tuple[str, int, int, Filter], list[str]]
"""Messages already made in this flush: clients at the same place get the same strings."""


@dataclass(slots=True, eq=False)
class Feed:
    """One client's place in the log (`after`) and on the board (`mark`)."""

    log: Log
    board: Board
    after: int
    mark: int = 0
    wanted: Filter = field(default_factory=Filter)

    @property
    def backlog(self) -> int:
        """Log events that this client hasn't been handed yet."""
        return self.log.seq - self.after

    def narrow(self, wanted: Filter) -> None:
        """Change the filter; the state is sent whole again, since the client may now want more."""
        self.wanted = wanted
        self.mark = 0

    def take(self, memo: Memo) -> list[str]:
        """The next messages, log before state; empty when the client has everything."""
        return [*self._take_log(memo), *self._take_state(memo)]

    def _take_log(self, memo: Memo) -> list[str]:
        messages: list[str] = []
        while self.backlog and not messages:  # where nothing is wanted, look at the next stretch
            after, until = self.after, min(self.log.seq, self.after + LOG_EVENTS)
            key = ("log", after, until, self.wanted)
            if key not in memo:
                wants = self.wanted.wants
                wanted = [e.text for e in self.log.read(after, until) if wants(e.symbol, e.interval)]
                memo[key] = _messages("log", wanted, LOG_EVENTS)
            self.after = until
            messages = memo[key]
        return messages

    def _take_state(self, memo: Memo) -> list[str]:
        if self.mark == self.board.mark:
            return []
        place = ("state", self.mark, self.board.mark, self.wanted)
        if place not in memo:
            wants = self.wanted.wants
            changed = [card.text for key, card in self.board.since(self.mark) if wants(key[1], key[2])]
            memo[place] = _messages("state", changed[::-1], STATE_EVENTS)
        self.mark = self.board.mark
        return memo[place]


def _messages(kind: str, events: list[bytes], most: int) -> list[str]:
    """`["kind", [event, …]]`, split so that no message holds more than `most` events."""
    parts: Iterable[list[bytes]] = (events[place : place + most] for place in range(0, len(events), most))
    return [f'["{kind}",[' + b",".join(part).decode() + "]]" for part in parts]
