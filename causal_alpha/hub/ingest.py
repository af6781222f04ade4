"""`POST /ingest` and `GET /ingest/{id}`: ask the ingest agent to fetch quotes or history."""

from collections.abc import Callable
from typing import Annotated, Literal
from uuid import uuid4

import msgspec
from fastapi import APIRouter, HTTPException, Path, Request, Response

from causal_alpha.errors import CausalAlphaError, SettingsError
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.gateway import Gateway
from causal_alpha.hub.origin import same_origin
from causal_alpha.hub.reading import LATEST
from causal_alpha.hub.replies import IngestReply, says
from causal_alpha.hub.rows import JobRow
from causal_alpha.intervals import MILLISECOND, interval_ns
from causal_alpha.records import Job
from causal_alpha.records import Request as IngestRequest
from causal_alpha.sinks.base import Jobs

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Millis = Annotated[int, msgspec.Meta(ge=0, le=LATEST)]


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /ingest`; times in ms."""

    source: Text
    symbols: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, max_length=1_000)]
    kind: Literal["quotes", "history"]
    interval: str = "1m"
    start: Millis = 0
    end: Millis = 0


_SCHEMA = msgspec.json.schema_components([Wish])[1]["Wish"]
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}


def ingest_router(*, jobs: Jobs, gateway: Gateway, new_id: Callable[[], str] = lambda: uuid4().hex) -> APIRouter:
    router = APIRouter(tags=["ingest"])

    @router.post("/ingest", status_code=202, responses=says(IngestReply, 202), openapi_extra=_BODY)
    async def ingest(request: Request) -> Response:
        """Queue a request. 202 with the id to ask for."""
        if not same_origin(request.headers):
            raise HTTPException(403, f"origin: expected this host, was {request.headers['origin']}")
        wish = _read(await request.body())
        job = Job(id=new_id(), state="queued")
        await jobs.put_job(job)  # before it is sent, so that "running" is never overwritten by "queued"
        asked = IngestRequest(
            id=job.id,
            source=wish.source,
            kind=wish.kind,
            symbols=wish.symbols,
            interval=wish.interval,
            start=wish.start * MILLISECOND,
            end=wish.end * MILLISECOND,
        )
        try:
            await gateway.send_request(asked)
        except CausalAlphaError as error:
            await jobs.put_job(Job(id=job.id, state="failed", error=str(error)))
            raise
        return Answer({"id": job.id, "state": job.state}, 202)

    @router.get("/ingest/{job_id}", responses=says(JobRow))
    async def progress(job_id: Annotated[str, Path(max_length=64)]) -> Response:
        """How far a request is."""
        job = await jobs.job(job_id)
        if job is None:
            raise HTTPException(404, f"id: expected a known request, was {job_id!r}")
        error = {"error": job.error} if job.error else {}
        return Answer({"id": job.id, "state": job.state, "rows": job.rows, **error})

    return router


def _read(body: bytes) -> Wish:
    try:
        wish = msgspec.json.decode(body, type=Wish)
    except msgspec.ValidationError as error:
        raise HTTPException(422, f"expected an ingest request, was not: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"expected JSON, was not: {error}") from error
    try:
        interval_ns(wish.interval)
    except SettingsError as error:
        raise HTTPException(422, str(error)) from error
    if wish.kind == "history" and not wish.start < wish.end:
        raise HTTPException(422, f"start, end: expected start < end for history, was {wish.start}, {wish.end}")
    return wish
