"""`POST /predict`: what the models say after a symbol's newest vectors, on demand."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response

from causal_alpha.errors import ModelError, SettingsError
from causal_alpha.frames import Frame
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.reading import LATEST, TIMES
from causal_alpha.hub.replies import PredictReply, says
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import MILLISECOND, interval_ns
from causal_alpha.records import Features, Forecast
from causal_alpha.sinks.base import Reader

Ask: TypeAlias = Callable[[Sequence[Features]], Frame[Forecast]]
"""Forecasts after the newest of one symbol's vectors, oldest first. Blocks; raises ModelError."""
DEPTH = 128
"""Vectors that a model may look back on."""
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /predict`."""

    symbol: Text
    interval: Text = "1m"


_SCHEMA = msgspec.json.schema_components([Question])[1]["Question"]
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}


def predict_router(*, hub: Hub, reader: Reader, ask: Ask) -> APIRouter:
    router = APIRouter(tags=["models"])

    @router.post("/predict", responses=says(PredictReply), openapi_extra=_BODY)
    async def predict(request: Request) -> Response:
        """Forecasts of every loaded model, not calibrated, kept by nobody. 404 for a symbol without vectors."""
        question = _read(await request.body())
        chosen: Any = {"symbol": question.symbol, "interval": question.interval, "limit": DEPTH}
        span: Any = {"start": 0, "end": LATEST * MILLISECOND}
        vectors = hub.recent.merge(Features, await reader.read(Features, **chosen), **chosen, **span)
        if not vectors:
            raise HTTPException(404, f"symbol: expected one with features, was {question.symbol!r}")
        try:
            said = await asyncio.to_thread(ask, vectors)
        except ModelError as error:
            raise HTTPException(422, str(error)) from error
        rows = [_row(forecast) for forecast in said.rows()]
        return Answer({"symbol": question.symbol, "interval": question.interval, "forecasts": rows})

    return router


def _read(body: bytes) -> Question:
    try:
        question = msgspec.json.decode(body, type=Question)
        interval_ns(question.interval)
    except msgspec.ValidationError as error:
        raise HTTPException(422, f"expected a symbol and an interval, was not: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"expected JSON, was not: {error}") from error
    except SettingsError as error:
        raise HTTPException(422, str(error)) from error
    return question


def _row(forecast: Forecast) -> dict[str, Any]:
    fields = msgspec.structs.asdict(forecast)
    return {
        name: value // MILLISECOND if name in TIMES else value
        for name, value in fields.items()
        if name not in {"symbol", "interval"}
    }
