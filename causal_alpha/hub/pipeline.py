"""`GET /pipeline` and `/events`: the path of the data with live numbers, and what was worth noticing."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias

from fastapi import APIRouter, Query, Response

from causal_alpha.errors import CausalAlphaError
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.replies import NotesReply, PipelineReply, says
from causal_alpha.hub.stream import Hub
from causal_alpha.hub.tracks import AgentRow, Balance, PartitionRow, ReasonRow, TopicRow, WorkerRow
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Bar, Features, Forecast, Reject, Score

RECORDS: Mapping[str, Any] = {
    "bars": Bar,
    "features": Features,
    "forecasts": Forecast,
    "scores": Score,
    "rejects": Reject,
}
"""What a topic carries, of those that pass the hub."""
Limit = Annotated[int, Query(ge=1, le=1_000)]
Partitions: TypeAlias = Callable[[], Iterable[tuple[PartitionRow, Balance]]]


class Reach(Protocol):
    """A topic's end, and how far the workers are behind it, in messages; None where each reads from now on."""

    @property
    def end(self) -> int: ...

    @property
    def lag(self) -> int | None: ...


class Step(Protocol):
    """A function of the data path."""

    @property
    def name(self) -> str: ...

    @property
    def reads(self) -> str: ...

    @property
    def writes(self) -> tuple[str, ...]: ...


async def _nothing() -> Mapping[str, Reach]:
    return {}


async def _nobody() -> tuple[WorkerRow, ...]:
    return ()


@dataclass(frozen=True)
class Sight:
    """What the hub can't see by itself.

    `prefix` is that of the topics' names, `path` the functions of the data path. `offsets` and `workers` may raise
    a CausalAlphaError while a service is away. `partitions` are those of the ticks at this worker, with the balance
    of their rows; None for a hub alone.
    """

    prefix: str = ""
    path: tuple[Step, ...] = ()
    offsets: Callable[[], Awaitable[Mapping[str, Reach]]] = _nothing
    partitions: Partitions | None = None
    workers: Callable[[], Awaitable[tuple[WorkerRow, ...]]] = _nobody


def pipeline_router(*, hub: Hub, sight: Sight) -> APIRouter:
    router = APIRouter(tags=["status"])

    @router.get("/pipeline", responses=says(PipelineReply))
    async def pipeline() -> Response:
        """Topics, agents, latencies, rejects and workers."""
        reach = await _or_empty(sight.offsets, {})
        parts = None if sight.partitions is None else list(sight.partitions())
        latency = hub.stages.latency()
        counts = hub.counts()
        return Answer(
            PipelineReply(
                ts=hub.clock() // MILLISECOND,
                boot=hub.boot,
                up_ms=(hub.clock() - hub.began) // MILLISECOND,
                watermark=None if hub.watermark is None else hub.watermark // MILLISECOND,
                lag_ms=hub.lag_ms,
                clients=counts["clients"],
                balance=None if parts is None else balance(one for _, one in parts),
                partitions=tuple(row for row, _ in parts or ()),
                topics=tuple(_topic(hub, sight, name, reach, parts) for name in _topics(sight.path)),
                agents=tuple(_agent(sight, step, reach, {row.stage: row for row in latency}) for step in sight.path),
                latency=tuple(latency),
                rejects=tuple(
                    ReasonRow(reason=reason, rows=rows, last=hub.watch.last.get(reason))
                    for reason, rows in hub.rejects.most_common()
                ),
                workers=await _or_empty(sight.workers, ()),
            )
        )

    @router.get("/events", responses=says(NotesReply))
    async def events(limit: Limit = 500) -> Response:
        """What was worth noticing since this hub started, oldest first."""
        return Answer(NotesReply(seq=hub.log.seq, notes=tuple(hub.notes.newest(limit))))

    return router


def balance(parts: Iterable[Balance]) -> Balance:
    """The sum over partitions."""
    names = Balance.__struct_fields__
    sums = dict.fromkeys(names, 0)
    for one in parts:
        for name in names:
            sums[name] += getattr(one, name)
    return Balance(**sums)


def _topics(path: Iterable[Step]) -> list[str]:
    """Every topic of the path, in its order."""
    return [*dict.fromkeys(topic for step in path for topic in (step.reads, *step.writes) if topic)]


def _topic(hub: Hub, sight: Sight, name: str, reach: Mapping[str, Reach], parts: Any) -> TopicRow:
    topic = f"{sight.prefix}.{name}"
    found, meter = reach.get(topic), hub.stages.meters.get(RECORDS[name]) if name in RECORDS else None
    second = hub.clock() // SECOND
    rows, rates = (meter.total, meter.rates(second)) if meter else ((0, None) if name in RECORDS else (None, None))
    if name == "ticks" and parts is not None:
        rows = sum(row.rows for row, _ in parts)
        rates = hub.stages.ticks(rows)
    return TopicRow(
        name=topic, end=found.end if found else None, lag=found.lag if found else None, rows=rows, rates=rates
    )


def _agent(sight: Sight, step: Step, reach: Mapping[str, Reach], latency: Mapping[str, Any]) -> AgentRow:
    found = reach.get(f"{sight.prefix}.{step.reads}")
    took = latency.get(step.writes[0]) if step.reads and step.writes else None
    return AgentRow(
        name=step.name.rpartition(".")[2],
        reads=f"{sight.prefix}.{step.reads}" if step.reads else "",
        writes=tuple(f"{sight.prefix}.{topic}" for topic in step.writes),
        lag=found.lag if found else None,
        follows=found is not None and found.lag is None,
        p50_ms=took.p50_ms if took else None,
        p99_ms=took.p99_ms if took else None,
    )


async def _or_empty(ask: Callable[[], Awaitable[Any]], empty: Any) -> Any:
    try:
        return await ask()
    except CausalAlphaError:
        return empty
