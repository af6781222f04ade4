"""`POST /ticks`: ticks from anybody, with a verdict for every row."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
from fastapi import APIRouter, HTTPException, Request, Response

from causal_alpha.frames import Frame
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.gateway import Gateway
from causal_alpha.hub.origin import same_origin
from causal_alpha.hub.replies import TicksReply, says
from causal_alpha.records import Reject
from causal_alpha.rejects import kept
from causal_alpha.ticks import Bad, check_ticks, parse_json

TOPIC = "http"
"""Rejects of this route carry it as their topic, and the time of the request in ns as their offset."""
_EXAMPLE = {"symbol": "AAPL", "ts": 1550068920000, "price": 171.7, "size": 100}


_decode_row = msgspec.json.Decoder(msgspec.Raw).decode
_decode_rows = msgspec.json.Decoder(list[msgspec.Raw]).decode


def posting_router(*, gateway: Gateway, tolerance: int, clock: Callable[[], int]) -> APIRouter:
    """`tolerance` is how far a stamp may lead `clock`, both in ns."""
    router = APIRouter(tags=["data"])
    latest = 0

    @router.post("/ticks", status_code=202, responses=says(TicksReply, 202), openapi_extra=_body(_EXAMPLE))
    async def ticks(request: Request) -> Response:
        """One tick or a list of them. 202 with a verdict for every row; bad rows go to `rejects` too."""
        nonlocal latest
        if not same_origin(request.headers):
            raise HTTPException(403, f"origin: expected this host, was {request.headers['origin']}")
        body = await request.body()
        latest = received = max(clock(), latest + 1)  # never the same twice: it names the rejects
        try:
            rows = _split(body)
        except (ValueError, RecursionError) as error:  # [[[[… is too deep
            bad = Bad(0, "malformed", f"expected a JSON tick or a list of them, was {error}")
            await gateway.send_rejects(_rejects([bad], [body], received))
            raise HTTPException(400, bad.detail) from error
        frame, places, bad_rows = parse_json(rows, TOPIC)
        unusable = check_ticks(frame, received, tolerance)
        bad_rows += [Bad(int(places[row]), reason, detail) for row, reason, detail in unusable]
        good = frame.take(np.setdiff1d(np.arange(len(frame)), [row for row, *_ in unusable]))
        if len(good):
            await gateway.send_ticks(good)
        if bad_rows:
            await gateway.send_rejects(_rejects(bad_rows, rows, received))
        verdicts: list[dict[str, Any]] = [{"row": row, "ok": True} for row in range(len(rows))]
        for row, reason, detail in bad_rows:
            verdicts[row] = {"row": row, "ok": False, "reason": reason, "detail": detail}
        return Answer({"accepted": len(good), "rejected": len(bad_rows), "verdicts": verdicts}, 202)

    return router


def _split(body: bytes) -> list[bytes]:
    """The ticks in a body, each as its own JSON. Raises ValueError or RecursionError when it is none."""
    many = body.lstrip()[:1] == b"["
    try:
        rows = (
            msgspec.json.decode(body, type=list[msgspec.Raw]) if many else [msgspec.json.decode(body, type=msgspec.Raw)]
        )
    except msgspec.MsgspecError:  # Python and pandas write NaN, which is no JSON but one row's fault only
        loose = json.loads(body)
        return [json.dumps(row).encode() for row in loose] if many else [body]
    return [bytes(row) for row in rows]


def _rejects(bad: Sequence[Bad], rows: Sequence[bytes], received: int) -> Frame[Reject]:
    said = []
    for row, reason, text in bad:
        payload, detail = kept(rows[row], text)
        where: Any = {"topic": TOPIC, "partition": 0, "offset": received, "row": row, "ts": received, "source": TOPIC}
        said.append(Reject(**where, reason=reason, detail=detail, payload=payload))
    return Frame.of(Reject, said)


def _body(example: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI says about a body that is read by hand."""
    schema = {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}
