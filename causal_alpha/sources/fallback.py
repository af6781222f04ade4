"""A streamed line, and a polled one for when no socket can be had."""

import logging
import time
from collections.abc import Callable, Sequence

from causal_alpha.sources.line import Line
from causal_alpha.sources.tape import Quote
from causal_alpha.sources.yahoo_stream import Stream

logger = logging.getLogger(__name__)


class Fallback:
    """A line that reads `stream`, and `poll` as well while the stream has brought nothing for `patience` seconds.

    What the poll tells is not missed, though the stream is away.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        stream: Stream,
        poll: Line,
        *,
        patience: float = 10.0,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._symbols, self._stream, self._poll = frozenset(symbols), stream, poll
        self._patience, self._clock = patience, clock
        self._polling = self._covering = False

    async def read(self) -> list[Quote]:
        quotes = list(await self._stream.read())
        polling = self._stream.down_for >= self._patience
        self._covering = polling or self._polling
        if polling != self._polling:
            logger.warning("yahoo: %s", "no quotes by stream, polling" if polling else "streaming again")
            self._polling = polling
        if self._covering:
            known = self._symbols - self._poll.away(self._clock()).keys()
            self._stream.covered(known)
            quotes = [quote._replace(first=quote.first and quote.symbol not in known) for quote in quotes]
        if polling:
            quotes += await self._poll.read()
        return quotes

    def away(self, now: int) -> dict[str, int]:
        away = self._stream.away(now)
        if self._covering:
            unanswered = self._poll.away(now)
            away = {symbol: since for symbol, since in away.items() if symbol in unanswered}
        return away

    def behind(self, symbol: str) -> int:
        return self._stream.behind(symbol) or self._poll.behind(symbol)

    async def close(self) -> None:
        await self._stream.close()
        await self._poll.close()
