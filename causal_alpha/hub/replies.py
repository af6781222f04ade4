"""The answers of the HTTP routes as types, the source of their schema. `says` puts one into OpenAPI."""

from typing import Any, Literal

import msgspec

from causal_alpha.hub.rows import (
    BarRow,
    FeatureRow,
    FeatureSpec,
    FeatureWindow,
    ForecastRow,
    JobRow,
    ModelRow,
    NoteRow,
    Number,
    PartRow,
    RejectRow,
    ScoreRow,
    ScoreTally,
    SessionRow,
    SymbolRow,
)
from causal_alpha.hub.tracks import AgentRow, Balance, LatencyRow, PartitionRow, ReasonRow, TopicRow, WorkerRow

REF = "#/components/schemas/{name}"


class ErrorReply(msgspec.Struct, kw_only=True):
    """What went wrong: expected …, was …."""

    error: str


class HealthReply(msgspec.Struct, kw_only=True):
    """The process lives; rejected rows by reason since it started."""

    status: Literal["ok"]
    version: str
    boot: str
    rejects: dict[str, int]


class ReadyReply(msgspec.Struct, kw_only=True):
    """Which parts answer; `ready` where all do."""

    ready: bool
    kafka: bool
    mongo: bool
    recovered: bool


class SymbolsReply(msgspec.Struct, kw_only=True):
    """Every symbol that has a bar."""

    symbols: tuple[SymbolRow, ...]


class SymbolReply(msgspec.Struct, kw_only=True):
    """What is known of a symbol: its name, and the intervals at which it has bars, the finest first."""

    symbol: str
    name: str
    intervals: tuple[str, ...]


class SessionsReply(msgspec.Struct, kw_only=True):
    """When the market of a symbol is open; a market that never closes has one session without end."""

    symbol: str
    calendar: str
    sessions: tuple[SessionRow, ...]


class BarsReply(msgspec.Struct, kw_only=True):
    """Final bars and, last, the forming one; apply log events only after `seq`."""

    symbol: str
    interval: str
    seq: int
    bars: tuple[BarRow, ...]


class FeaturesReply(msgspec.Struct, kw_only=True):
    """Feature vectors, oldest first."""

    symbol: str
    interval: str
    seq: int
    names: tuple[str, ...]
    features: tuple[FeatureRow, ...]
    specs: tuple[FeatureSpec, ...]
    window: FeatureWindow


class ForecastsReply(msgspec.Struct, kw_only=True):
    """Forecasts by the bar they were made after, oldest first."""

    symbol: str
    interval: str
    seq: int
    forecasts: tuple[ForecastRow, ...]


class ScoresReply(msgspec.Struct, kw_only=True):
    """The newest scores, oldest first, and their means."""

    seq: int
    scores: tuple[ScoreRow, ...]
    tallies: tuple[ScoreTally, ...]


class RejectsReply(msgspec.Struct, kw_only=True):
    """The newest rejected rows, newest last."""

    rejects: tuple[RejectRow, ...]


class RedriveVerdict(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one reject; `to` is topic/partition/offset."""

    id: str
    ok: bool
    to: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    detail: str | msgspec.UnsetType = msgspec.UNSET


class RedriveReply(msgspec.Struct, kw_only=True):
    """What became of the rejects that were to be sent again."""

    sent: int
    refused: int
    verdicts: tuple[RedriveVerdict, ...]


class TickVerdict(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of one posted row."""

    row: int
    ok: bool
    reason: str | msgspec.UnsetType = msgspec.UNSET
    detail: str | msgspec.UnsetType = msgspec.UNSET


class TicksReply(msgspec.Struct, kw_only=True):
    """What became of the posted ticks."""

    accepted: int
    rejected: int
    verdicts: tuple[TickVerdict, ...]


class IngestReply(msgspec.Struct, kw_only=True):
    """The id to ask for."""

    id: str
    state: Literal["queued"]


class ModelsReply(msgspec.Struct, kw_only=True):
    """The registry; `state`: off where no MLflow is set, away where it doesn't answer (`detail` says how)."""

    state: Literal["off", "away", "ok"]
    detail: str
    url: str
    models: tuple[ModelRow, ...]


class AliasReply(msgspec.Struct, kw_only=True):
    """Where an alias points now, and pointed before (null: nowhere)."""

    name: str
    alias: str
    version: str
    before: str | None


class TrainingReply(msgspec.Struct, kw_only=True):
    """Training runs, by id; `url` is where the schedules show themselves, empty where there are none."""

    url: str
    jobs: tuple[JobRow, ...]


class PredictReply(msgspec.Struct, kw_only=True):
    """Forecasts made just now, on demand; nothing keeps or scores them."""

    symbol: str
    interval: str
    forecasts: tuple[ForecastRow, ...]


class NotesReply(msgspec.Struct, kw_only=True):
    """What was worth noticing since this hub started, oldest first; `seq` as in the socket's log."""

    seq: int
    notes: tuple[NoteRow, ...]


class PipelineReply(msgspec.Struct, kw_only=True):
    """The path of the data with live numbers, as this hub sees it.

    `watermark` is the event time before which bars are final, `lag_ms` how far live data is behind the clock.
    `balance` counts the partitions of this worker, null for a hub alone.
    """

    ts: int
    boot: str
    up_ms: int
    watermark: int | None
    lag_ms: Number
    clients: int
    balance: Balance | None
    partitions: tuple[PartitionRow, ...]
    topics: tuple[TopicRow, ...]
    agents: tuple[AgentRow, ...]
    latency: tuple[LatencyRow, ...]
    rejects: tuple[ReasonRow, ...]
    workers: tuple[WorkerRow, ...]


class SessionReply(msgspec.Struct, kw_only=True):
    """Who is asking: the role, and whether this hub asks for tokens at all."""

    role: Literal["viewer", "operator"]
    tokens: bool


class AboutReply(msgspec.Struct, kw_only=True):
    """Versions, and the licences of what the product is made of."""

    version: str
    python: str
    protocol: int
    ui: str
    licence: str
    parts: tuple[PartRow, ...]


REPLIES: tuple[type[msgspec.Struct], ...] = (
    *(ErrorReply, HealthReply, ReadyReply, SymbolsReply, SymbolReply, SessionsReply, BarsReply, FeaturesReply),
    *(ForecastsReply, ScoresReply, RejectsReply, RedriveReply, TicksReply, IngestReply, JobRow, ModelsReply),
    *(AliasReply, TrainingReply, PredictReply, NotesReply, PipelineReply, SessionReply, AboutReply),
)


def says(reply: type[msgspec.Struct], status: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: this answer, and errors in one shape.

    >>> says(ErrorReply)[200]["content"]
    {'application/json': {'schema': {'$ref': '#/components/schemas/ErrorReply'}}}
    """
    return {status: _answer(reply, (reply.__doc__ or "").partition("\n")[0]), "default": _answer(ErrorReply, "Refused")}


def _answer(reply: type[msgspec.Struct], text: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(name=reply.__name__)}
    return {"description": text, "content": {"application/json": {"schema": schema}}}
