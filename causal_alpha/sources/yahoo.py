"""Yahoo Finance through yfinance: quotes by polling, and history.

Its cookies, crumbs and browser likeness come from yfinance; the answers are read here, because
`Ticker.history` turns a refusal into an empty table and asks up to 28 times for one.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import numpy as np

from causal_alpha.calendar import Calendar, calendar_of
from causal_alpha.errors import RateLimitedError, SettingsError, SourceError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import DAY, MILLISECOND, SECOND, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.base import Batch
from causal_alpha.sources.chart import FETCHED, Quote, read_bars, read_quote, windows

logger = logging.getLogger(__name__)

_CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
_AT_ONCE = 4
_TIMEOUT = 15.0
_AFTER_CLOSE = 60 * SECOND
"""The last trades of a session are asked for until this long after the bell."""


class Yahoo:
    """Quotes of `symbols` every `period` seconds while their exchange is open; history on demand.

    A tick is the last trade at a poll, with the volume since the poll before as its size (0 at first) and
    its time in milliseconds as its id, so a quote polled twice is a duplicate. Heartbeats trail
    the polls by `delay` seconds: raise it for exchanges whose quotes Yahoo delays. A symbol that
    fails is asked again after a growing, random wait; a 429 pauses everything. Before the first
    quote come the last `past` bars of each of `intervals` that Yahoo has. `session` is a curl_cffi or
    requests session, `clock` the present time in ns.
    """

    name = "yahoo"

    def __init__(
        self,
        symbols: Sequence[str] = (),
        *,
        period: float = 5.0,
        delay: float = 15.0,
        intervals: Sequence[str] = (),
        past: int = 240,
        session: Any = None,
        clock: Callable[[], int] = time.time_ns,
        backoff: Callable[[], Backoff] = Backoff,
        pause: Backoff | None = None,
    ) -> None:
        self._symbols = tuple(dict.fromkeys(symbols))
        self._period, self._delay = period, round(delay * SECOND)
        self._intervals, self._past = tuple(intervals), past
        self._session, self._clock = session, clock
        self._pause = pause or Backoff(first=30.0, longest=900.0, least=0.5)
        self._paused_until = 0
        self._backoffs = {symbol: backoff() for symbol in self._symbols}
        self._wait_until = dict.fromkeys(self._symbols, 0)
        self._last: dict[str, Quote] = {}
        self._closed: set[str] = set()
        self._lagging: set[str] = set()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def frames(self) -> AsyncIterator[Batch]:
        if not self._symbols:
            raise SourceError("yahoo: expected symbols, was none")
        for interval in self._intervals:
            if interval in FETCHED and self._past:
                yield await self._recent(interval)
        complete = 0
        while True:
            began = self._clock()
            due = [symbol for symbol in self._symbols if began >= self._wait_until[symbol] and self._trades(symbol)]
            polled = await asyncio.gather(*map(self._poll, due)) if began >= self._paused_until else []
            ticks = sorted((tick for tick in polled if tick is not None), key=lambda tick: tick.ts)
            self._warn_of_late([tick for tick in ticks if tick.ts < complete], began)
            if ticks:
                yield Frame.of(Tick, ticks)
            complete = max(complete, began - self._delay)
            yield heartbeat(complete)
            await asyncio.sleep(max(0.0, self._period - (self._clock() - began) / SECOND))

    async def quotes(self, symbols: Sequence[str]) -> Frame[Tick]:
        """The last trade of each symbol. Raises SourceError if one of them can't be had now."""
        found = await asyncio.gather(*(self._quote(symbol) for symbol in symbols))
        ticks = [_tick(symbol, quote, 0.0) for symbol, quote in zip(symbols, found, strict=True)]
        return Frame.of(Tick, sorted(ticks, key=lambda tick: tick.ts))

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        """Final bars, prices not adjusted for dividends; VWAP is an estimate, see `chart.read_bars`."""
        if interval not in FETCHED:
            raise SourceError(f"yahoo: expected an interval out of {', '.join(FETCHED)}, was {interval!r}")
        end = min(end, self._clock() + DAY)
        found = []
        for symbol in symbols:
            for first, last in windows(start, end, interval) if start < end else []:
                # a whole day around: a daily bar is stamped by the opening, and Yahoo rounds
                payload = await self._chart(
                    symbol,
                    interval=FETCHED[interval],
                    period1=max(0, first - DAY) // SECOND,
                    period2=(last + DAY) // SECOND,
                )
                bars = read_bars(symbol, payload, interval, self._clock())
                starts = bars.ints("start")
                found.append(bars.take((starts >= first) & (starts < last)))
        return Frame.concat(found) if found else Frame.empty(Bar)

    async def _recent(self, interval: str) -> Frame[Bar]:
        """The last bars of every symbol that Yahoo gives now, by time."""
        now = self._clock()
        start = now - max(5 * DAY, 2 * self._past * interval_ns(interval))
        found = []
        for symbol in self._symbols:
            try:
                bars = await self.history([symbol], interval, start, now)
            except SourceError as error:
                logger.warning("%s; starting without its past", error)
            else:
                found.append(bars.take(np.arange(max(0, len(bars) - self._past), len(bars))))
        past = Frame.concat(found) if found else Frame.empty(Bar)
        return past.take(np.argsort(past.ints("start"), kind="stable"), {"closed": "1"})

    def _warn_of_late(self, ticks: Sequence[Tick], now: int) -> None:
        """Say once a symbol that its quotes are older than the heartbeats allow, and so end in `rejects`."""
        for tick in ticks:
            if tick.symbol not in self._lagging:
                self._lagging.add(tick.symbol)
                age = (now - tick.ts) / SECOND
                logger.warning("yahoo: %s has quotes %.0f s old: expected a delay of at least that", tick.symbol, age)

    async def _poll(self, symbol: str) -> Tick | None:
        """The symbol's quote if it is a new one; failures are remembered, not raised."""
        try:
            quote = await self._quote(symbol)
        except RateLimitedError as error:
            logger.warning("%s", error)
            return None
        except SourceError as error:
            wait = self._backoffs[symbol].failed()
            self._wait_until[symbol] = self._clock() + round(wait * SECOND)
            logger.warning("%s; asking again in %.0f s", error, wait)
            return None
        self._backoffs[symbol].succeeded()
        before = self._last.get(symbol)
        self._last[symbol] = quote
        if before is None:
            return _tick(symbol, quote, 0.0)
        if quote.ts == before.ts:
            return None
        traded = quote.volume - before.volume
        return _tick(symbol, quote, traded if traded >= 0 else quote.volume)  # a new day starts at 0

    async def _quote(self, symbol: str) -> Quote:
        return read_quote(symbol, await self._chart(symbol, interval="1d", range="1d"))

    async def _chart(self, symbol: str, **params: Any) -> Any:
        left = (self._paused_until - self._clock()) / SECOND
        if left > 0:
            raise RateLimitedError(f"yahoo: asked to slow down, {left:.0f} s left", retry_after=left)
        async with self._slots:
            try:
                answer = await asyncio.to_thread(_ask, self._session, symbol, params)
            except RateLimitedError as error:
                if self._paused_until <= self._clock():  # the first of those under way to hear it
                    error.retry_after = self._pause.failed()
                    self._paused_until = self._clock() + round(error.retry_after * SECOND)
                raise
        self._pause.succeeded()
        return answer

    def _trades(self, symbol: str) -> bool:
        """Whether the symbol's exchange is open; says once when it no longer is."""
        calendar, now = Calendar(calendar_of(symbol)), self._clock()
        try:
            is_open = calendar.is_open(now) or calendar.is_open(now - _AFTER_CLOSE)
            if not is_open and calendar.name not in self._closed:
                opening = np.datetime64(calendar.next_open(now), "ns").astype("datetime64[s]")
                logger.warning("yahoo: %s is closed until %sZ", calendar.name, opening)
                self._closed.add(calendar.name)
        except SettingsError as error:
            raise SourceError(f"yahoo: {error}") from error
        if is_open:
            self._closed.discard(calendar.name)
        return is_open


def _tick(symbol: str, quote: Quote, size: float) -> Tick:
    return Tick(symbol=symbol, ts=quote.ts, price=quote.price, size=size, id=quote.ts // MILLISECOND, source=Yahoo.name)


def _ask(session: Any, symbol: str, params: dict[str, Any]) -> Any:
    """One chart as JSON; blocks, for use in a thread. Raises SourceError."""
    from urllib.parse import quote  # noqa: PLC0415

    from yfinance.data import YfData  # noqa: PLC0415 takes a second
    from yfinance.exceptions import YFRateLimitError  # noqa: PLC0415

    try:
        data = YfData(session=session) if session is not None else YfData()
        answer = data.get(_CHART + quote(symbol, safe="=^"), params=params, timeout=_TIMEOUT)
    except YFRateLimitError as error:
        raise RateLimitedError(f"yahoo: expected data of {symbol}, was 429, too many requests") from error
    except Exception as error:  # whatever its HTTP library raises means the same to us
        raise SourceError(f"yahoo: expected data of {symbol}, was {type(error).__name__}: {error}") from error
    try:
        payload = answer.json()
    except ValueError as error:
        raise SourceError(
            f"yahoo: expected JSON for {symbol}, was status {answer.status_code}, {answer.text[:80]!r}"
        ) from error
    if answer.status_code != 200 and not (isinstance(payload, dict) and payload.get("chart")):
        raise SourceError(f"yahoo: expected status 200 for {symbol}, was {answer.status_code}: {str(payload)[:120]}")
    return payload
