"""`GET /symbols`, `/bars`, `/features`, `/forecasts`: the archive, and what it doesn't have yet from memory."""

import asyncio
import math
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response

from causal_alpha.errors import SettingsError
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.messages import BAR_START
from causal_alpha.hub.recent import R
from causal_alpha.hub.replies import BarsReply, FeaturesReply, ForecastsReply, SymbolReply, SymbolsReply, says
from causal_alpha.hub.rows import FeatureSpec, FeatureWindow
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import MILLISECOND, activity, end_of, interval_ns
from causal_alpha.records import Bar, Features, Forecast, Score
from causal_alpha.sinks.base import Reader

LATEST = 9_000_000_000_000
"""Times in requests end here (the year 2255), ms: as ns they still fit int64."""
TIMES = {"start", "made", "due", "known_at", "scored"}
"""Fields of records that are times, in ns."""
_BAR_FIELDS = Bar.__struct_fields__[2:]

Millis = Annotated[int | None, Query(ge=-LATEST, le=LATEST)]
Limit = Annotated[int, Query(ge=1, le=10_000)]
Symbol = Annotated[str, Path(min_length=1, max_length=64)]


class Span:
    """The query parameters that all of these share; `start <= time < end`, in ns."""

    def __init__(self, interval: str = "1m", start: Millis = None, end: Millis = None, limit: Limit = 500) -> None:
        try:
            if not activity(interval):
                interval_ns(interval)
        except SettingsError as error:
            raise HTTPException(422, str(error)) from error
        self.interval = interval
        self.start = (-LATEST if start is None else start) * MILLISECOND
        self.end = (LATEST if end is None else end) * MILLISECOND
        self.limit = limit

    def newest(self, limit: int) -> "Span":
        """The same interval, but the newest `limit` whenever they are."""
        return Span(self.interval, limit=limit)


Wanted = Annotated[Span, Depends()]


def reading_router(
    *, hub: Hub, reader: Reader, lookbacks: Mapping[str, int], window: int, names: Mapping[str, str]
) -> APIRouter:
    """`lookbacks`: bars that each value of a feature vector sees, in their order; of `window` that are kept.

    `names`: what symbols are called.
    """
    router = APIRouter(tags=["data"])

    async def find(record: type[R], symbol: str, span: Span) -> list[R]:
        """Archived records and the hub's own, no holes, no doubles. Call nothing async between this and `seq`."""
        chosen: Any = {
            "symbol": symbol,
            "interval": span.interval,
            "start": span.start,
            "end": span.end,
            "limit": span.limit,
        }
        return hub.recent.merge(record, await reader.read(record, **chosen), **chosen)

    def answer(symbol: str, span: Span, **rest: Any) -> Response:
        return Answer({"symbol": symbol, "interval": span.interval, "seq": hub.log.seq, **rest})

    @router.get("/symbols", responses=says(SymbolsReply))
    async def symbols() -> Response:
        """Every symbol that has a bar, with its last price."""
        quotes = {quote.symbol: quote._asdict() for quote in hub.quotes()}
        archived = [symbol for symbol in await reader.symbols() if symbol not in quotes]
        for bars in await asyncio.gather(*(reader.read(Bar, symbol=symbol, limit=1) for symbol in archived)):
            for bar in bars:
                ts = end_of(bar.interval, bar.start, bar.known_at) // MILLISECOND
                quotes[bar.symbol] = {"symbol": bar.symbol, "ts": ts, "last": bar.close, "source": bar.source}
        return Answer({"symbols": [quotes[symbol] | {"name": names.get(symbol, "")} for symbol in sorted(quotes)]})

    @router.get("/symbols/{symbol}", responses=says(SymbolReply))
    async def symbol_facts(symbol: Symbol) -> Response:
        """A symbol's name, and the intervals at which it has bars, archived or not yet."""
        found = hub.recent.intervals(symbol) | set(await reader.intervals(symbol))
        intervals = tuple(sorted(found, key=_fineness))
        return Answer(SymbolReply(symbol=symbol, name=names.get(symbol, ""), intervals=intervals))

    @router.get("/bars/{symbol}", responses=says(BarsReply))
    async def bars(symbol: Symbol, span: Wanted) -> Response:
        """Final bars and, last, the forming one; oldest first."""
        rows = [_row(bar) for bar in await find(Bar, symbol, span)]
        forming = hub.forming(symbol, span.interval)
        start = forming[BAR_START] if forming else 0
        if forming and span.start <= start * MILLISECOND < span.end and (not rows or rows[-1]["start"] < start):
            rows.append(dict(zip(_BAR_FIELDS, forming[BAR_START:], strict=True)))
        return answer(symbol, span, bars=rows[-span.limit :])

    @router.get("/features/{symbol}", responses=says(FeaturesReply))
    async def features(symbol: Symbol, span: Wanted) -> Response:
        """Feature vectors, oldest first, and how full the windows behind the newest are."""
        seen = await find(Bar, symbol, span.newest(window))
        vectors = await find(Features, symbol, span)
        values = vectors[-1].values if vectors else ()
        ready = [math.isfinite(value) for value in values] + [False] * (len(lookbacks) - len(values))
        specs = [
            FeatureSpec(name=name, lookback=lookback, ready=ready[place])
            for place, (name, lookback) in enumerate(lookbacks.items())
        ]
        return answer(
            symbol,
            span,
            names=list(lookbacks),
            features=[_row(row) for row in vectors],
            specs=specs,
            window=FeatureWindow(size=window, filled=len(seen)),
        )

    @router.get("/forecasts/{symbol}", responses=says(ForecastsReply))
    async def forecasts(symbol: Symbol, span: Wanted) -> Response:
        """Forecasts by the bar they were made after, oldest first."""
        return answer(symbol, span, forecasts=[_row(row) for row in await find(Forecast, symbol, span)])

    return router


def _fineness(interval: str) -> tuple[bool, float, str]:
    """Orders intervals: those by time first, the shortest before; then those by activity."""
    rule = activity(interval)
    return (True, rule.threshold, rule.unit) if rule else (False, interval_ns(interval), "")


def _row(record: Bar | Features | Forecast | Score) -> dict[str, Any]:
    """A record's fields, times in ms; symbol and interval stand in the answer once."""
    fields = msgspec.structs.asdict(record)
    return {
        name: value // MILLISECOND if name in TIMES else value
        for name, value in fields.items()
        if name not in {"symbol", "interval"}
    }
