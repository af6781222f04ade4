"""`GET /rejects`: rows that could not be used, with their reason and original bytes."""

import base64
from typing import Any

import msgspec
from fastapi import APIRouter, Response

from causal_alpha.hub.answers import Answer
from causal_alpha.hub.reading import LATEST, Limit, Millis
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Reject
from causal_alpha.sinks.base import Reader


def rejects_router(*, reader: Reader) -> APIRouter:
    router = APIRouter(tags=["data"])

    @router.get("/rejects")
    async def rejects(start: Millis = None, end: Millis = None, limit: Limit = 500) -> Response:
        """The newest rejected rows, newest last."""
        rows = await reader.read(
            Reject,
            start=(-LATEST if start is None else start) * MILLISECOND,
            end=(LATEST if end is None else end) * MILLISECOND,
            limit=limit,
        )
        return Answer({"rejects": [reject_row(row) for row in rows]})

    return router


def reject_row(reject: Reject) -> dict[str, Any]:
    """A reject as JSON: the payload as text where it is text, else as base64.

    >>> row = reject_row(Reject(topic="ticks", partition=0, offset=7, row=0, ts=0, reason="malformed",
    ...                         detail="", payload=bytes([255])))
    >>> row["id"], row["payload"], row["payload_encoding"]
    ('ticks/0/7/0', '/w==', 'base64')
    """
    row = {"id": f"{reject.topic}/{reject.partition}/{reject.offset}/{reject.row}", **msgspec.structs.asdict(reject)}
    row["ts"] = reject.ts // MILLISECOND
    try:
        row["payload"] = reject.payload.decode()
    except UnicodeDecodeError:
        row |= {"payload": base64.b64encode(reject.payload).decode(), "payload_encoding": "base64"}
    return row
