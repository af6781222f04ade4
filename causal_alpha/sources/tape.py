"""Quotes that tell the last price and the day's volume so far → ticks: what traded since the quote before."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Tick
from causal_alpha.sessions import Sessions
from causal_alpha.sources.cadence import SessionsOf

_NIGHT = 4 * 3_600 * SECOND
"""A pause that is shorter is lunch."""


class Quote(NamedTuple):
    """The last trade of a symbol: its time (ns), price, and the day's volume so far; best bid and ask where known.

    `first` tells that trades before it may have been missed, as at a start or after a gap.
    """

    symbol: str
    ts: int
    price: float
    volume: float
    first: bool = False
    bid: float = math.nan
    ask: float = math.nan
    bid_size: float = math.nan
    ask_size: float = math.nan


@dataclass
class Tape:
    """Makes ticks of quotes, wherever they come from: a poll and a stream may take turns.

    A quote older than its symbol's last, or that tells neither a new price nor a new volume, is no trade. A tick's
    size is the volume since the quote before, and 0 for a first one: what traded before is not its own. After a night
    of its `sessions` a new volume is the new day's, all of it. Where these tell no days, as for what trades around the
    clock, a volume that fell to less than half begins a new one. One that fell less was put right, which is no trade's
    size either. The id counts milliseconds, so a quote told twice is a duplicate.

    >>> tape = Tape("yahoo")
    >>> [tape.tick(Quote("A", ts, 10.0, volume)).size for ts, volume in ((10**6, 500.0), (3 * 10**6, 520.0))]
    [0.0, 20.0]
    """

    source: str
    sessions: SessionsOf | None = None
    _told: dict[str, int] = field(default_factory=dict)
    """When the last volume was told first: a quote of the morning may still have yesterday's."""
    _last: dict[str, Quote] = field(default_factory=dict)

    def tick(self, quote: Quote) -> Tick | None:
        """The trade that `quote` tells of, None if it tells of none."""
        last = self._last.get(quote.symbol)
        if last is not None:
            same = quote.price == last.price and quote.volume == last.volume > 0
            if quote.ts <= last.ts or same:
                return None
        self._last[quote.symbol] = quote
        size = 0.0 if last is None or quote.first else self._traded(last.volume, quote)
        if last is None or quote.volume != last.volume:
            self._told[quote.symbol] = quote.ts
        return Tick(
            symbol=quote.symbol,
            ts=quote.ts,
            price=quote.price,
            size=size,
            id=quote.ts // MILLISECOND,
            bid=quote.bid,
            ask=quote.ask,
            bid_size=quote.bid_size,
            ask_size=quote.ask_size,
            source=self.source,
        )

    def _traded(self, before: float, quote: Quote) -> float:
        now = quote.volume
        if now == before:
            return 0.0
        told = self._told[quote.symbol]
        if self.sessions is not None and _night_between(self.sessions(quote.symbol), told, quote.ts):
            return now
        if now >= before:
            return now - before
        return now if now < before / 2 else 0.0


def _night_between(sessions: Sessions, before: int, after: int) -> bool:
    """Whether a session opened in `(before, after]` that no other had closed shortly before.

    >>> import numpy as np
    >>> day = Sessions("lunch", np.array([0, 8, 40]) * _NIGHT // 8, np.array([6, 16, 48]) * _NIGHT // 8)
    >>> [_night_between(day, 0, ts * _NIGHT // 8) for ts in (3, 9, 20, 41)]
    [False, False, False, True]
    """
    first, end = sessions.opens.searchsorted([before, after], side="right").tolist()
    first = max(first, 1)
    pauses = sessions.opens[first:end] - sessions.closes[first - 1 : max(end, first) - 1]
    return bool((pauses >= _NIGHT).any())
