"""Yahoo Finance over HTTP, through yfinance: quotes, history, splits and dividends on demand.

Its cookies, crumbs and browser likeness come from yfinance; the answers are read here, because
`Ticker.history` turns a refusal into an empty table and asks up to 28 times for one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from causal_alpha.actions import Action
from causal_alpha.adjust import unsplit
from causal_alpha.calendar import EXTENDED
from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.cadence import SessionsOf
from causal_alpha.sources.chart import FETCHED, read_actions, read_bars, read_quote, windows
from causal_alpha.sources.tape import Quote, Tape

NAME = "yahoo"

_CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
_AT_ONCE = 4
_TIMEOUT = 15.0
_FRESH = 600 * SECOND


class YahooRest:
    """Asks Yahoo's charts, at most four at a time. A 429 pauses everything for a growing, random wait.

    `session` is a curl_cffi or requests session, `clock` the present time in ns. `sessions` tell whose history is
    asked for with the hours before and after the bell: that of symbols with an extended calendar.
    """

    name = NAME

    def __init__(
        self,
        *,
        session: Any = None,
        clock: Callable[[], int] = time.time_ns,
        pause: Backoff | None = None,
        sessions: SessionsOf | None = None,
    ) -> None:
        self._sessions = sessions
        self._session, self._clock = session, clock
        self._pause = pause or Backoff(first=30.0, longest=900.0, least=0.5)
        self._paused_until = 0
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._said: dict[str, tuple[int, int, tuple[Action, ...]]] = {}  # asked when, and from when on

    async def quote(self, symbol: str) -> Quote:
        """The symbol's last trade. Raises SourceError."""
        return read_quote(symbol, await self._chart(symbol, interval="1d", range="1d"))

    async def quotes(self, symbols: Sequence[str]) -> Frame[Tick]:
        """The last trade of each symbol, without a size. Raises SourceError if one of them can't be had now."""
        found = await asyncio.gather(*(self.quote(symbol) for symbol in symbols))
        tape = Tape(NAME)
        ticks = [tick for tick in map(tape.tick, found) if tick is not None]
        return Frame.of(Tick, sorted(ticks, key=lambda tick: tick.ts))

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        """Final bars as they were traded; VWAP is an estimate, see `chart.read_bars`.

        Yahoo's own prices are adjusted for the splits until now, which is undone here.
        """
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
                    **self._hours(symbol, interval),
                )
                bars = read_bars(symbol, payload, interval, self._clock())
                starts = bars.ints("start")
                bars = bars.take((starts >= first) & (starts < last))
                found.append(unsplit(bars, await self._recent_actions(symbol, start), self._clock()))
        return Frame.concat(found) if found else Frame.empty(Bar)

    async def actions(self, symbol: str, start: int, end: int) -> tuple[Action, ...]:
        """Splits and dividends with `start <= date < end` (ns), by date, see `chart.read_actions`.

        Raises SourceError when Yahoo can't deliver now.
        """
        now = self._clock()
        payload = await self._chart(
            symbol,
            interval="1d",
            period1=max(0, start - DAY) // SECOND,
            period2=(now + DAY) // SECOND,  # later splits, too: Yahoo counts dividends in today's shares
            events="div,splits",
        )
        found = read_actions(symbol, payload)
        self._said[symbol] = now, start, found
        return tuple(action for action in found if start <= action.date < end)

    def _hours(self, symbol: str, interval: str) -> dict[str, str]:
        """Parameters for the hours beside the session; a day's bar never has them."""
        extended = self._sessions is not None and self._sessions(symbol).name == EXTENDED
        return {"includePrePost": "true"} if extended and interval_ns(FETCHED[interval]) < DAY else {}

    async def _recent_actions(self, symbol: str, start: int) -> tuple[Action, ...]:
        """Those from `start` (ns) on until now, not older than ten minutes."""
        asked, since, _ = self._said.get(symbol, (0, start, ()))
        if asked + _FRESH < self._clock() or since > start:
            await self.actions(symbol, start, start)
        return self._said[symbol][2]

    async def _chart(self, symbol: str, **params: Any) -> Any:
        left = (self._paused_until - self._clock()) / SECOND
        if left > 0:
            raise RateLimitedError(f"yahoo: asked to slow down, {left:.0f} s left", retry_after=left)
        async with self._slots:
            try:
                answer = await asyncio.to_thread(_ask, self._session, symbol, params)
            except RateLimitedError as error:
                now = self._clock()
                if self._paused_until <= now:  # the first of those under way to hear it
                    self._paused_until = now + round(self._pause.failed() * SECOND)
                error.retry_after = (self._paused_until - now) / SECOND
                raise
        self._pause.succeeded()
        return answer


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
