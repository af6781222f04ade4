"""`GET /scores`: how forecasts came out, row by row and on average."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response

from causal_alpha.hub.answers import Answer
from causal_alpha.hub.reading import TIMES, Wanted
from causal_alpha.hub.replies import ScoresReply, says
from causal_alpha.hub.stream import Hub
from causal_alpha.hub.tally import tally
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Score
from causal_alpha.sinks.base import Reader

Word = Annotated[str | None, Query(min_length=1, max_length=64)]


def scores_router(*, hub: Hub, reader: Reader) -> APIRouter:
    router = APIRouter(tags=["models"])

    @router.get("/scores", responses=says(ScoresReply))
    async def scores(span: Wanted, symbol: Word = None, family: Word = None) -> Response:
        """The newest scores of an interval, oldest first, and their means by family, version and horizon."""
        chosen: Any = {"interval": span.interval, "start": span.start, "end": span.end, "limit": span.limit}
        archived = await reader.read(Score, symbol=symbol, **chosen)
        found = hub.recent.merge(Score, archived, symbol=symbol, **chosen)
        wanted = [score for score in found if family is None or score.family == family]
        return Answer({"seq": hub.log.seq, "scores": [_row(score) for score in wanted], "tallies": tally(wanted)})

    return router


def _row(score: Score) -> dict[str, Any]:
    fields = msgspec.structs.asdict(score)
    return {name: value // MILLISECOND if name in TIMES else value for name, value in fields.items()}
