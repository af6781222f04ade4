"""The messages of the socket as types, the source of their schema. `docs/protocol.md` says when each comes.

An event is a JSON array whose first item is its kind; in the log its number stands before that. The hub writes
events of many rows column by column (`messages`), not through these types; `tests/hub/test_schema.py` holds
what it sends against them. Times are ms since 1970 UTC, a number that is not one is null.
"""

from typing import Literal

import msgspec

from causal_alpha.hub.rows import NoteRow, Number, Quality, ScoreRow


class Hello(msgspec.Struct, kw_only=True):
    """The first message. `boot` names this run of the hub, `seq` is the newest log number."""

    protocol: int
    boot: str
    seq: int
    resumed: bool
    server: str
    ui: str
    intervals: tuple[str, ...]
    levels: tuple[float, ...]
    symbols: tuple[str, ...]


class Provenance(msgspec.Struct, kw_only=True):
    """Where data comes from; `detail` is the source itself, such as `simulator:7`."""

    kind: Literal["live", "delayed", "replay", "synthetic", "foreign"]
    detail: str


class Health(msgspec.Struct, kw_only=True):
    """The sign of life; the counts are since the hub started."""

    ts: int
    seq: int
    lag_ms: Number
    watermark: int | None
    clients: int
    dropped: int
    conflated: int
    rejects: int
    provenance: Provenance


class QuoteEvent(msgspec.Struct, array_like=True, tag="quote"):
    """The last price of a symbol; `ts` is the newest event time that it is known to hold for."""

    symbol: str
    ts: int
    last: float
    source: str


class BarEvent(msgspec.Struct, array_like=True, tag="bar"):
    """A bar: forming as state, final or revised in the log."""

    symbol: str
    interval: str
    start: int
    open: Number
    high: Number
    low: Number
    close: Number
    volume: Number
    vwap: Number
    trades: int
    state: Literal["forming", "final", "revised"]
    revision: int
    quality: Quality
    source: str
    bid: Number
    ask: Number
    bid_size: Number
    ask_size: Number
    buy_volume: Number
    known_at: int


class HealthEvent(msgspec.Struct, array_like=True, tag="health"):
    """The hub's sign of life, every 2 s."""

    health: Health


class ForecastEvent(msgspec.Struct, array_like=True, tag="forecast"):
    """A forecast was made; `quantiles` are prices at the levels of hello; `shadow`: not served."""

    symbol: str
    interval: str
    start: int
    made: int
    horizon: int
    due: int
    price: float
    location: float
    variance: float
    quantiles: tuple[float, ...]
    family: str
    version: str
    source: str
    shadow: bool


class ScoreEvent(ScoreRow, array_like=True, tag="score"):
    """A forecast met its truth, the close at `due`; `shadow`: it was not served."""


class ModelEvent(msgspec.Struct, array_like=True, tag="model"):
    """An alias of a model has changed, or a version was refused."""

    name: str
    version: str
    alias: str
    state: str
    text: str


class NoteEvent(NoteRow, array_like=True, tag="note"):
    """Something worth noticing happened; `GET /events` has the newest of them."""


class Subscription(msgspec.Struct):
    """Which log and bar events a client wants; null means all."""

    symbols: frozenset[str] | None = None
    intervals: frozenset[str] | None = None


STATE = (QuoteEvent, BarEvent, HealthEvent)
"""Latest wins, conflated per key."""
LOG = (BarEvent, ForecastEvent, ScoreEvent, ModelEvent, NoteEvent)
"""Numbered, ordered, resumable."""
