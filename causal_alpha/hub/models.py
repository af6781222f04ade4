"""`GET /models` and `/training`, `POST /models/{name}/promote` and `/rollback`: the registry behind the page."""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, Protocol

import msgspec
from fastapi import APIRouter, HTTPException, Path, Request, Response

from causal_alpha.errors import ModelError, ServiceError
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.origin import same_origin
from causal_alpha.hub.replies import AliasReply, ModelsReply, TrainingReply, says
from causal_alpha.hub.rows import ChangeRow, JobRow, ModelRow, VersionRow
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Job
from causal_alpha.registry import CHALLENGER, CHAMPION, Change, Registered, Version
from causal_alpha.sinks.base import Jobs

FRESH = 3.0
"""Seconds for which an answer of the registry is good."""
Name = Annotated[str, Path(min_length=1, max_length=128)]


class Models(Protocol):
    """The part of `registry.Registry` that is needed here. Calls block, and raise ServiceError and ModelError."""

    url: str

    def models(self) -> list[Registered]: ...

    def need(self, name: str) -> Registered: ...

    def crown(self, name: str, number: int, *, at: int, why: str) -> Change: ...


class Promotion(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /models/{name}/promote`."""

    version: str
    reason: str = "by an operator"


class Shelf:
    """The registry's models, asked for at most every few seconds; None: there is no registry."""

    def __init__(self, registry: Models | None, page: str = "") -> None:
        self.registry, self.page = registry, page
        self._asked = -FRESH
        self._answer = ModelsReply(state="off", detail="", url=page, models=())
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        self._asked = -FRESH

    async def look(self) -> ModelsReply:
        """While the registry is away, the models last seen stay."""
        async with self._lock:
            if self.registry is None or time.monotonic() - self._asked < FRESH:
                return self._answer
            try:
                found = await asyncio.to_thread(self.registry.models)
                rows = tuple(model_row(one, self.page) for one in found)
                self._answer = ModelsReply(state="ok", detail="", url=self.page, models=rows)
            except (ServiceError, ModelError) as error:
                rows = self._answer.models
                self._answer = ModelsReply(state="away", detail=str(error), url=self.page, models=rows)
            self._asked = time.monotonic()
            return self._answer


def models_router(*, registry: Models | None, jobs: Jobs, clock: Callable[[], int], schedules: str = "") -> APIRouter:
    """`clock` gives ns since 1970, for the registry's history; `schedules` is where those of the training are seen."""
    router = APIRouter(tags=["models"])
    shelf = Shelf(registry, registry.url if registry else "")

    async def crown(request: Request, name: str, choose: Callable[[Registered], tuple[int, str]]) -> Response:
        if not same_origin(request.headers):
            raise HTTPException(403, f"origin: expected this host, was {request.headers['origin']}")
        if registry is None:
            raise HTTPException(503, "registry: expected CAUSAL_ALPHA_MLFLOW_URL, was empty")
        try:
            model = await asyncio.to_thread(registry.need, name)
            number, why = choose(model)
            change = await asyncio.to_thread(registry.crown, name, number, at=clock(), why=why)
        except ModelError as error:
            raise HTTPException(404, str(error)) from error
        shelf.forget()
        before = str(change.before) if change.before else None
        return Answer(AliasReply(name=name, alias=CHAMPION, version=str(change.after), before=before))

    @router.get("/models", responses=says(ModelsReply))
    async def models() -> Response:
        """Registered models with versions and aliases; `state` says how the registry is."""
        return Answer(await shelf.look())

    @router.post("/models/{name}/promote", responses=says(AliasReply), openapi_extra=_BODY)
    async def promote(name: Name, request: Request) -> Response:
        """Make a version the champion."""
        wish = _read(await request.body())
        return await crown(request, name, lambda _: (int(wish.version), wish.reason))

    @router.post("/models/{name}/rollback", responses=says(AliasReply))
    async def rollback(name: Name, request: Request) -> Response:
        """Make the champion before this one the champion again."""
        return await crown(request, name, Registered.former)

    @router.get("/training", responses=says(TrainingReply))
    async def training() -> Response:
        """The last training of every family and interval."""
        return Answer(TrainingReply(url=schedules, jobs=tuple(map(job_row, await jobs.jobs("training:")))))

    return router


_SCHEMA = msgspec.json.schema_components([Promotion])[1]["Promotion"]
_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}


def _read(body: bytes) -> Promotion:
    try:
        wish = msgspec.json.decode(body, type=Promotion)
    except msgspec.ValidationError as error:
        raise HTTPException(422, f"expected a version, was not: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"expected JSON, was not: {error}") from error
    if not (wish.version.isascii() and wish.version.isdigit() and len(wish.version) < 10):
        raise HTTPException(422, f"version: expected a number, was {wish.version!r}")
    return wish


def model_row(model: Registered, page: str) -> ModelRow:
    """`page` is where the registry shows itself."""
    family, _, interval = model.name.rpartition("-")
    aliases = {alias: str(number) for alias, number in model.aliases.items()}
    return ModelRow(
        name=model.name,
        family=family,
        interval=interval,
        champion=aliases.get(CHAMPION),
        challenger=aliases.get(CHALLENGER),
        versions=tuple(_version(one, model, page) for one in model.versions),
        history=tuple(_change(one) for one in model.history),
    )


def _version(one: Version, model: Registered, page: str) -> VersionRow:
    return VersionRow(
        version=str(one.number),
        created=one.created // MILLISECOND,
        aliases=tuple(sorted(alias for alias, number in model.aliases.items() if number == one.number)),
        run_id=one.run_id,
        url=f"{page}/#/models/{model.name}/versions/{one.number}",
        tags={name: text for name, text in one.tags.items() if name != "metrics"},
        metrics=_metrics(one.tags.get("metrics", "{}")),
    )


def _change(one: Change) -> ChangeRow:
    before = str(one.before) if one.before else None
    return ChangeRow(at=one.at // MILLISECOND, before=before, after=str(one.after), why=one.why)


def _metrics(text: str) -> dict[str, float | None]:
    try:
        return msgspec.json.decode(text, type=dict[str, float | None])
    except msgspec.MsgspecError:
        return {}  # somebody else's tag


def job_row(job: Job) -> JobRow:
    return JobRow(id=job.id, state=job.state, rows=job.rows, error=job.error or msgspec.UNSET)
