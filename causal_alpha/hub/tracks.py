"""The rows of `GET /pipeline`: how much flows where, how far behind, how long it takes."""

from typing import Literal

import msgspec

from causal_alpha.hub.rows import Number


class Rates(msgspec.Struct, kw_only=True):
    """Rows a second over the last 10 s, minute and quarter of an hour."""

    s10: float
    m1: float
    m15: float


class Balance(msgspec.Struct, kw_only=True):
    """What became of the rows of ticks: rows = in_bars + late + duplicates + rejected."""

    rows: int
    in_bars: int
    late: int
    duplicates: int
    rejected: int


class PartitionRow(msgspec.Struct, kw_only=True):
    """A partition of ticks at this worker; event times in ms."""

    partition: int
    watermark: int | None
    newest: int | None
    rows: int


class TopicRow(msgspec.Struct, kw_only=True):
    """A topic: its end in messages, what the workers have not committed yet (`lag`), and the rows seen here.

    Null is what this hub can't know: `end` and `lag` while Kafka is away, `rows` of ticks for a hub alone. A topic that
    is read from now on, without a group, has no lag either.
    """

    name: str
    end: int | None
    lag: int | None
    rows: int | None
    rates: Rates | None


class AgentRow(msgspec.Struct, kw_only=True):
    """A function of the data path; `lag` in messages of what it reads, the latency is its stage's.

    `follows`: it reads from now on, without a group, and is never behind.
    """

    name: str
    reads: str
    writes: tuple[str, ...]
    lag: int | None
    follows: bool
    p50_ms: Number
    p99_ms: Number


class LatencyRow(msgspec.Struct, kw_only=True):
    """Milliseconds that a stage took, over the newest `n` passages."""

    stage: str
    n: int
    p50_ms: float
    p99_ms: float


class ReasonRow(msgspec.Struct, kw_only=True):
    """Rejected rows of one reason since this hub started."""

    reason: str
    rows: int
    last: int | None


class WorkerRow(msgspec.Struct, kw_only=True):
    """A worker: when it started last, how often before (`restarts`), when it was last seen alive."""

    instance: str
    started: int
    seen: int
    restarts: int
    state: Literal["running", "away"]
