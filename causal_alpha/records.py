"""The records that travel: one class a topic, frozen, event time inside.

Times are int64 nanoseconds since 1970 UTC. A record says what happened, so replaying it gives the
same output. Batches of records travel as columns, see `causal_alpha.frames`.
"""

import math
from typing import Literal

import msgspec

NO_ID = -(2**63)
"""A tick without a trade id; such rows are never taken for duplicates."""

LEVELS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975)
"""Probability levels of a forecast's quantiles."""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """One trade, with the best bid and ask before it where the feed has them.

    `bid_size` and `ask_size` are what is on offer there. `id` is the feed's trade id or sequence number,
    unique within a symbol. `source` says where the row comes from: `name` or `name:detail`, such as
    `yahoo`, `simulator:7`, `replay:ticks.parquet`.

    >>> Tick(symbol="AAPL", ts=1_550_068_920_000_000_000, price=171.7, size=100.0).symbol
    'AAPL'
    """

    symbol: str
    ts: int
    price: float
    size: float
    id: int = NO_ID
    bid: float = math.nan
    ask: float = math.nan
    bid_size: float = math.nan
    ask_size: float = math.nan
    source: str = "foreign"


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """Open, high, low, close, volume and VWAP of the trades in `[start, start + interval)`.

    `state`: forming, final or revised. `quality`: ok, partial, no_trade (nobody traded: the close goes
    on, volume 0) or no_data (the feed was away: prices are NaN). `revision` counts the late trades in it,
    `known_at` is the stream time (ns) from which this revision can be known.

    `bid`, `ask` and their sizes are those of the last trade, NaN where the feed has none. `buy_volume`
    is the volume of trades above the middle of bid and ask, plus half of that at it; NaN without quotes.

    >>> Bar(symbol="AAPL", interval="1m", start=0, open=1.0, high=2.0, low=1.0, close=2.0,
    ...     volume=3.0, vwap=1.5, trades=2).state
    'final'
    """

    symbol: str
    interval: str
    start: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    vwap: float
    trades: int
    state: str = "final"
    revision: int = 0
    quality: str = "ok"
    source: str = "foreign"
    bid: float = math.nan
    ask: float = math.nan
    bid_size: float = math.nan
    ask_size: float = math.nan
    buy_volume: float = math.nan
    known_at: int = 0

    @property
    def mid(self) -> float:
        """The middle of bid and ask, NaN where the feed has none."""
        return (self.bid + self.ask) / 2


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """The feature vector of a symbol once the bar that starts at `start` is final.

    `values` are in the order of the feature set whose hash is `feature_set`; NaN while a window is
    not yet full. `close` is the bar's close, the price that a forecast starts from.
    """

    symbol: str
    interval: str
    start: int
    close: float
    values: tuple[float, ...]
    feature_set: str
    source: str = "foreign"


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a model says at `made` (the close of bar `start`) about the price at `due`.

    `horizon` is in bars. `location` and `variance` are those of the log return from `price` to the
    close due; `quantiles` are prices at `LEVELS`. `shadow`: said beside the forecast that is served, to be
    scored against it. `naive` and `ewma` are the variances of two yardsticks, normal around 0, that the score compares
    with: the mean square of past returns, and the exponentially weighted one; NaN where unknown.
    """

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
    feature_set: str
    source: str = "foreign"
    naive: float = math.nan
    ewma: float = math.nan
    shadow: bool = False


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How a forecast did, written once, when the bar due at `due` was final.

    `truth` is that bar's close and `ret` its log return from `price`; losses (`causal_alpha.scoring`) are those of
    log returns, smaller is better. `crps_naive` and `crps_ewma` are what the yardsticks lost; `qlike` takes the squared
    return for the variance. `inside_80` and `inside_95` are 1 or 0. Where there was no truth, as the feed was away,
    `truth` and all that follows from it are NaN. `scored` is the event time from which this can be known.
    """

    symbol: str
    interval: str
    start: int
    made: int
    horizon: int
    due: int
    family: str
    version: str
    price: float
    truth: float
    ret: float
    crps: float
    crps_naive: float
    crps_ewma: float
    qlike: float
    inside_80: float
    inside_95: float
    winkler_80: float
    scored: int
    shadow: bool = False
    source: str = "foreign"


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """A row that can't be used, where it stood in Kafka, why, and its original bytes.

    `ts` is the row's event time if it could be read, else its Kafka record's time. `row` is the
    row's place in its message (0 for a single tick).
    """

    topic: str
    partition: int
    offset: int
    row: int
    ts: int
    reason: str
    detail: str
    payload: bytes
    symbol: str = ""
    source: str = "foreign"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asks for quotes or history; JSON on the `requests` topic. `start`, `end` in ns."""

    id: str
    source: str
    kind: Literal["quotes", "history"]
    symbols: tuple[str, ...]
    interval: str = "1m"
    start: int = 0
    end: int = 0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """How far the ingest agent is with a `Request`."""

    id: str
    state: Literal["queued", "running", "done", "failed"]
    rows: int = 0
    error: str = ""
