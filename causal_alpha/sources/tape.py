"""Quotes that tell the last price and the day's volume so far → ticks: what traded since the quote before."""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Tick


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
    size is the volume since the quote before, and 0 for a first one: what traded before is not its own. A
    volume that fell to less than half begins a new day, one that fell less was put right, which is no
    trade's size either. The id counts milliseconds, so a quote told twice is a duplicate.

    >>> tape = Tape("yahoo")
    >>> [tape.tick(Quote("A", ts, 10.0, volume)).size for ts, volume in ((10**6, 500.0), (3 * 10**6, 520.0))]
    [0.0, 20.0]
    """

    source: str
    _last: dict[str, Quote] = field(default_factory=dict)

    def tick(self, quote: Quote) -> Tick | None:
        """The trade that `quote` tells of, None if it tells of none."""
        last = self._last.get(quote.symbol)
        if last is not None:
            same = quote.price == last.price and quote.volume == last.volume > 0
            if quote.ts <= last.ts or same:
                return None
        self._last[quote.symbol] = quote
        size = 0.0 if last is None or quote.first else _traded(last.volume, quote.volume)
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


def _traded(before: float, now: float) -> float:
    if now >= before:
        return now - before
    return now if now < before / 2 else 0.0
