"""`GET /sessions/{symbol}`: when a symbol's market is open, by its calendar."""

import asyncio

from fastapi import APIRouter, HTTPException, Response

from causal_alpha.errors import SettingsError
from causal_alpha.forecasts import Hours
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.reading import LATEST, Limit, Millis, Symbol
from causal_alpha.hub.replies import SessionsReply, says
from causal_alpha.hub.rows import SessionRow
from causal_alpha.intervals import MILLISECOND


def sessions_router(hours: Hours) -> APIRouter:
    """`hours` may block while an exchange is computed, and raises SettingsError for one that is unknown."""
    router = APIRouter(tags=["data"])

    @router.get("/sessions/{symbol}", responses=says(SessionsReply))
    async def sessions(symbol: Symbol, start: Millis = None, end: Millis = None, limit: Limit = 500) -> Response:
        """Sessions that share time with `start` to `end`, whole, oldest first; the newest `limit` of them."""
        try:
            found = await asyncio.to_thread(hours, symbol)
        except SettingsError as error:
            raise HTTPException(503, str(error)) from error
        first = found.closes.searchsorted((-LATEST if start is None else start) * MILLISECOND, side="right")
        last = found.opens.searchsorted((LATEST if end is None else end) * MILLISECOND, side="left")
        spans = zip(found.opens[first:last][-limit:].tolist(), found.closes[first:last][-limit:].tolist(), strict=True)
        rows = tuple(SessionRow(open=open_ // MILLISECOND, close=close // MILLISECOND) for open_, close in spans)
        return Answer(SessionsReply(symbol=symbol, calendar=found.name, sessions=rows))

    return router
