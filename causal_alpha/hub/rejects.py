"""`GET /rejects` and `POST /rejects/redrive`: rows that could not be used, with their reason and original bytes."""

import base64
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request, Response

from causal_alpha.hub.answers import Answer
from causal_alpha.hub.origin import same_origin
from causal_alpha.hub.reading import LATEST, Limit, Millis
from causal_alpha.hub.replies import RedriveReply, RejectsReply, says
from causal_alpha.intervals import MILLISECOND
from causal_alpha.redrive import Kept, Redriver, Selection
from causal_alpha.sinks.identity import record_id

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
Time = Annotated[int, msgspec.Meta(ge=-LATEST, le=LATEST)]
Word = Annotated[str | None, Query(min_length=1, max_length=64)]


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /rejects/redrive`: `ids`, or else which rejects; times in ms."""

    ids: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=1_000)] | None = None
    reason: Text | None = None
    symbol: Text | None = None
    start: Time | None = None
    end: Time | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 500
    payload: dict[str, Any] | None = None
    force: bool = False
    dry_run: bool = False


_SCHEMA = msgspec.json.schema_components([Order])[1]["Order"]
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}


def rejects_router(*, redriver: Redriver) -> APIRouter:
    router = APIRouter(tags=["data"])

    @router.get("/rejects", responses=says(RejectsReply))
    async def rejects(
        start: Millis = None, end: Millis = None, limit: Limit = 500, reason: Word = None, symbol: Word = None
    ) -> Response:
        """The newest rejected rows, newest last."""
        wanted = Selection(reason=reason, symbol=symbol, start=_ns(start), end=_ns(end), limit=limit)
        return Answer({"rejects": [reject_row(kept) for kept in await redriver.store.find(wanted)]})

    @router.post("/rejects/redrive", status_code=202, responses=says(RedriveReply, 202), openapi_extra=_BODY)
    async def redrive(request: Request) -> Response:
        """Send rejected rows again. 202 with a verdict for each; 404 where none of the ids is known."""
        if not same_origin(request.headers):
            raise HTTPException(403, f"origin: expected this host, was {request.headers['origin']}")
        order = _read(await request.body())
        wanted = Selection(
            ids=order.ids,
            reason=order.reason,
            symbol=order.symbol,
            start=_ns(order.start),
            end=_ns(order.end),
            limit=order.limit,
            fresh=order.ids is None,
        )
        payload = None if order.payload is None else msgspec.json.encode(order.payload)
        verdicts = await redriver.run(wanted, payload=payload, force=order.force, rehearse=order.dry_run)
        if order.ids and all(verdict.reason == "unknown" for verdict in verdicts):
            raise HTTPException(404, f"ids: expected ids of rejects, was {list(order.ids)[:3]}")
        sent = sum(verdict.ok for verdict in verdicts)
        return Answer({"sent": sent, "refused": len(verdicts) - sent, "verdicts": verdicts}, 202)

    return router


def reject_row(kept: Kept) -> dict[str, Any]:
    """A reject as JSON: the payload as text where it is text, else as base64.

    >>> from causal_alpha.records import Reject
    >>> row = reject_row(Kept(Reject(topic="ticks", partition=0, offset=7, row=0, ts=0, reason="malformed",
    ...                              detail="", payload=bytes([255]))))
    >>> row["id"], row["payload"], row["payload_encoding"]
    ('ticks/0/7/0', '/w==', 'base64')
    """
    reject, redrive = kept.reject, kept.redrive
    row = {"id": record_id(reject), **msgspec.structs.asdict(reject)}
    row["ts"] = reject.ts // MILLISECOND
    try:
        row["payload"] = reject.payload.decode()
    except UnicodeDecodeError:
        row |= {"payload": base64.b64encode(reject.payload).decode(), "payload_encoding": "base64"}
    if redrive is not None:
        row["redrive"] = {"state": redrive.state, "at": redrive.at // MILLISECOND, "to": redrive.to}
    if kept.redrive_of:
        row["redrive_of"] = kept.redrive_of
    return row


def _read(body: bytes) -> Order:
    try:
        order = msgspec.json.decode(body, type=Order)
    except msgspec.ValidationError as error:
        raise HTTPException(422, f"expected which rejects to send again, was not: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"expected JSON, was not: {error}") from error
    chosen = [order.reason, order.symbol, order.start, order.end]
    filtered = any(value is not None for value in chosen)
    if (order.ids is None) != filtered:
        raise HTTPException(422, f"expected ids or else a filter, was {'both' if filtered else 'neither'}")
    if order.payload is not None and len(order.ids or ()) != 1:
        raise HTTPException(422, f"payload: expected one id with it, was {len(order.ids or ())}")
    return order


def _ns(ms: int | None) -> int | None:
    return None if ms is None else ms * MILLISECOND
