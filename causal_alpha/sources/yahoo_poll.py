"""Yahoo's quotes by asking for them again and again."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import numpy as np

from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.intervals import SECOND
from causal_alpha.sessions import Sessions
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.cadence import SessionsOf
from causal_alpha.sources.line import BEAT
from causal_alpha.sources.pacing import Sleep
from causal_alpha.sources.tape import Quote
from causal_alpha.sources.yahoo_rest import YahooRest

logger = logging.getLogger(__name__)

AFTER_CLOSE = 60 * SECOND
"""The last trades of a session are asked for until this long after the bell."""
_LATE = 10 * SECOND


class Poll:
    """A line that asks for the quote of each of `symbols` every `period` seconds while its market is open.

    A symbol that fails is asked again after a growing, random wait. It is away until it has answered, and when its
    market has been open for three periods, ten seconds at least, since it last did.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        rest: YahooRest,
        sessions: SessionsOf,
        *,
        period: float = 5.0,
        clock: Callable[[], int] = time.time_ns,
        sleep: Sleep = asyncio.sleep,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._rest, self._period = rest, round(period * SECOND)
        self._clock, self._sleep = clock, sleep
        self._sessions = {symbol: sessions(symbol) for symbol in symbols}
        self._backoffs = {symbol: backoff() for symbol in symbols}
        self._wait_until = dict.fromkeys(symbols, 0)
        self._start = clock()
        self._answered: dict[str, int] = {}
        self._closed: set[str] = set()
        self._next = 0
        self._asking: asyncio.Future[list[Quote | None]] | None = None

    async def read(self) -> list[Quote]:
        now = self._clock()
        if self._asking is None:
            due = [symbol for symbol in self._sessions if now >= self._wait_until[symbol] and self._trades(symbol, now)]
            if now < self._next or not due:
                await self._sleep(min(max(self._next - now, 0) or self._period, BEAT) / SECOND)
                return []
            self._next = now + self._period
            self._asking = asyncio.gather(*map(self._ask, due))
        asking = self._asking
        await asyncio.wait({asking}, timeout=BEAT / SECOND)
        if not asking.done():
            return []
        found, self._asking = asking.result(), None
        return sorted((quote for quote in found if quote is not None), key=lambda quote: quote.ts)

    def away(self, now: int) -> dict[str, int]:
        return {
            symbol: max(self._answered.get(symbol, self._start), sessions.opening(now))
            for symbol, sessions in self._sessions.items()
            if self._missed(symbol, now)
        }

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})
            self._asking = None

    async def _ask(self, symbol: str) -> Quote | None:
        """The symbol's quote; failures are remembered, not raised."""
        try:
            quote = await self._rest.quote(symbol)
        except SourceError as error:
            limited = isinstance(error, RateLimitedError) and error.retry_after
            wait = limited or self._backoffs[symbol].failed()
            self._wait_until[symbol] = self._clock() + round(wait * SECOND)
            logger.warning("%s; asking again in %.0f s", error, wait)
            return None
        self._backoffs[symbol].succeeded()
        now = self._clock()
        first = symbol not in self._answered or self._missed(symbol, now)
        self._answered[symbol] = now
        return quote._replace(first=first)

    def _missed(self, symbol: str, now: int) -> bool:
        sessions, answered = self._sessions[symbol], self._answered.get(symbol)
        if not sessions.is_open(np.asarray(now)):
            return False
        if answered is None:
            return True
        before, after = sessions.open_time(np.asarray([answered, now])).tolist()
        return bool(after - before > max(3 * self._period, _LATE))

    def _trades(self, symbol: str, now: int) -> bool:
        """Whether the symbol's market is open, or was just now; says once when it no longer is."""
        sessions: Sessions = self._sessions[symbol]
        if sessions.is_open(np.asarray([now, now - AFTER_CLOSE])).any():
            self._closed.discard(sessions.name)
            return True
        if sessions.name not in self._closed:
            self._closed.add(sessions.name)
            opening = np.datetime64(sessions.next_open(now), "ns").astype("datetime64[s]")
            logger.warning("yahoo: %s is closed until %sZ", sessions.name, opening)
        return False
