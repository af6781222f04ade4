"""Yahoo's streamed quotes over a WebSocket.

yfinance has a client, too, but it does not come back after an abort, and after a clean close it spins without yielding.
"""

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from causal_alpha.errors import SourceError
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.cadence import Cadence, SessionsOf
from causal_alpha.sources.line import BEAT
from causal_alpha.sources.pacing import Sleep
from causal_alpha.sources.pricing import CRYPTO, REGULAR, Pricing, read_message
from causal_alpha.sources.tape import Quote
from causal_alpha.sources.watchdog import Watchdog
from causal_alpha.sources.yahoo_poll import AFTER_CLOSE

logger = logging.getLogger(__name__)

URL = "wss://streamer.finance.yahoo.com/?version=2"

_RENEW = 15.0  # seconds between two subscriptions, which Yahoo's own page repeats, too
_PING = 20.0
_OPEN = 10.0
_MOST = 64 * 1024  # bytes of a message
_GATHER = 0.01  # seconds in which messages gather
_MINUTE = 60 * SECOND
_LATEST = 2**62


class Stream:
    """A line that subscribes to `symbols` at `url`, and comes back when the socket breaks or falls silent.

    Waits between two attempts grow and are random; they start again when a quote has come. `watchdog` tells
    when a feed that is connected is mute: then the connection is cut, and the feed is away until it speaks again.
    Quotes outside of their symbol's sessions are left out, but for the closing prices of the minute after the bell:
    `left_out` counts them by symbol, and the log says so once of each until its market opens again.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        sessions: SessionsOf,
        *,
        url: str = URL,
        clock: Callable[[], int] = time.time_ns,
        sleep: Sleep = asyncio.sleep,
        backoff: Backoff | None = None,
        cadence: Cadence | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self._sessions = {symbol: sessions(symbol) for symbol in symbols}
        self._url, self._clock, self._sleep = url, clock, sleep
        self._backoff = backoff or Backoff(first=1.0, longest=60.0, least=0.25)
        self._cadence = cadence or Cadence(sessions)
        self._watchdog = watchdog or Watchdog(symbols, self._cadence)
        self._hello = msgspec.json.encode({"subscribe": list(symbols)}).decode()
        self._inbox: list[Quote] = []
        self._news = asyncio.Event()
        self._socket: ClientConnection | None = None
        self._last = self._heard = self._joined = clock()
        self._spoke = False
        self._lost: int | None = self._heard  # since when trades are missed, until somebody has been told
        self._trusted = True
        self._first: set[str] = set(symbols)
        self._mute: dict[str, int] = {}
        self._puzzled = False
        self.left_out: Counter[str] = Counter()
        self._said: dict[str, int] = {}  # symbol → the opening before which it was said
        self._task: asyncio.Task[None] | None = None

    @property
    def down_for(self) -> float:
        """Seconds since quotes were last heard, 0 over a connection that has brought some."""
        return 0.0 if self._socket is not None and self._spoke else (self._clock() - self._last) / SECOND

    async def read(self) -> list[Quote]:
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        elif self._task.done():
            self._task.result()  # it never ends but by a mistake of ours
        waiter = asyncio.create_task(self._news.wait())
        pause = asyncio.ensure_future(self._sleep(BEAT / SECOND))
        try:
            await asyncio.wait({waiter, pause}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiter.cancel()
            pause.cancel()
        if self._news.is_set():
            await self._sleep(_GATHER)
        self._news.clear()
        quotes, self._inbox = self._inbox, []
        now = self._clock()
        if self._socket is not None and self._watchdog.mute(self._heard, now):
            self._cut(self._socket, now)
        return quotes

    def covered(self, symbols: Iterable[str]) -> None:
        """Somebody else has told the trades of `symbols` until now: the next quote of each is no first one."""
        self._first.difference_update(symbols)

    def away(self, now: int) -> dict[str, int]:
        if self._lost is not None:
            since, there = self._lost, self._socket is not None and self._trusted
            self._lost = None if there else since
            return dict.fromkeys(self._sessions, since)
        self._mute = self._watchdog.mute_symbols(self._joined, now)
        return self._mute

    def behind(self, symbol: str) -> int:
        return self._cadence.behind(symbol)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        """Connect, listen, wait, and again."""
        while True:
            reason: object = "closed by Yahoo"
            try:
                async with connect(
                    self._url,
                    open_timeout=_OPEN,
                    ping_interval=_PING,
                    ping_timeout=_PING,
                    close_timeout=1.0,
                    max_size=_MOST,
                ) as socket:
                    await self._listen(socket)
            except (OSError, TimeoutError, WebSocketException) as error:
                reason = error
            wait = self._backoff.failed()
            logger.warning("yahoo: expected a socket at %s, was %s; joining again in %.1f s", self._url, reason, wait)
            await self._sleep(wait)

    async def _listen(self, socket: ClientConnection) -> None:
        renewing = None
        try:
            await socket.send(self._hello)
            renewing = asyncio.create_task(self._renew(socket))
            self._joined = self._clock()
            self._heard = max(self._heard, self._joined)
            self._first, self._spoke = set(self._sessions), False
            self._socket = socket
            async for message in socket:
                self._take(message)
        finally:
            if renewing is not None:
                renewing.cancel()
            if self._socket is not None:
                self._socket = None
                self._lose()

    async def _renew(self, socket: ClientConnection) -> None:
        with suppress(WebSocketException):  # whoever listens hears of it
            while True:
                await self._sleep(_RENEW)
                await socket.send(self._hello)

    def _cut(self, socket: ClientConnection, now: int) -> None:
        """End a connection that should say something and doesn't."""
        silent = (now - self._heard) / SECOND
        logger.warning("yahoo: expected quotes of an open market, was silence for %.0f s; joining again", silent)
        self._trusted = False
        self._lose()
        self._heard = now  # or the next connection were mute from its start
        socket.transport.abort()

    def _lose(self) -> None:
        self._lost = min(self._heard, self._lost or self._heard)
        self._news.set()

    def _take(self, message: str | bytes) -> None:
        try:
            pricing = read_message(message)
        except SourceError as error:
            if not self._puzzled:
                self._puzzled = True
                logger.warning("%s; no word about the next ones", error)
            return
        if pricing.symbol not in self._sessions or not (0 < pricing.ts < _LATEST and 0 < pricing.price < math.inf):
            return
        now = self._clock()
        self._last = self._heard = now
        self._trusted = self._spoke = True
        self._backoff.succeeded()
        quote = self._quote(pricing, now)
        if quote is not None:
            self._cadence.push(quote.symbol, np.asarray([quote.ts]), now)
            self._inbox.append(quote)
            self._news.set()

    def _quote(self, pricing: Pricing, now: int) -> Quote | None:
        symbol, ts = pricing.symbol, pricing.ts
        if pricing.quote_type == CRYPTO and ts % _MINUTE == 0:  # told to the minute alone
            ts = max(ts, min(now - now % MILLISECOND, ts + _MINUTE - MILLISECOND))
        is_open, just_was = self._sessions[symbol].is_open(np.asarray([ts, ts - AFTER_CLOSE])).tolist()
        if not is_open and not (just_was and pricing.market_hours == REGULAR):
            self._leave_out(symbol, ts)
            return None
        first = symbol in self._first or symbol in self._mute
        self._first.discard(symbol)
        return Quote(
            symbol,
            ts,
            pricing.price,
            pricing.volume,
            first,
            bid=pricing.bid,
            ask=pricing.ask,
            bid_size=pricing.bid_size,
            ask_size=pricing.ask_size,
        )

    def _leave_out(self, symbol: str, ts: int) -> None:
        """Count a quote that comes while the market is closed, and say so once until it opens."""
        self.left_out[symbol] += 1
        sessions = self._sessions[symbol]
        opening = sessions.next_open(ts)
        if self._said.get(symbol) != opening:
            self._said[symbol] = opening
            stamp = np.datetime64(ts, "ns").astype("datetime64[s]")
            logger.warning(
                "yahoo: expected quotes of %s while %s is open, was one of %sZ; left out", symbol, sessions.name, stamp
            )
