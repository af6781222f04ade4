"""The rows of HTTP answers: records as JSON, times in ms. A test holds them against the records' fields."""

from typing import Literal, TypeAlias

import msgspec

Number: TypeAlias = float | None
Quality: TypeAlias = Literal["ok", "partial", "no_trade", "no_data"]


class SymbolRow(msgspec.Struct, kw_only=True):
    """A symbol with its last price; `ts` is the event time that `last` is known to hold for.

    `name` is what it is called, "" where nobody has said.
    """

    symbol: str
    name: str
    ts: int
    last: Number
    source: str


class SessionRow(msgspec.Struct, kw_only=True):
    """A session `open <= time < close`, or the part of one before or after a lunch break."""

    open: int
    close: int


class BarRow(msgspec.Struct, kw_only=True):
    """A bar of the symbol and interval that the answer names."""

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


class FeatureRow(msgspec.Struct, kw_only=True):
    """A feature vector; `values` in the order of the answer's `names`, null while a window fills."""

    start: int
    close: Number
    values: tuple[Number, ...]
    feature_set: str
    source: str


class FeatureSpec(msgspec.Struct, kw_only=True):
    """A feature: how many bars it looks back over, and whether the newest vector has a number for it."""

    name: str
    lookback: int
    ready: bool


class FeatureWindow(msgspec.Struct, kw_only=True):
    """The bars that features see: at most `size`, of which `filled` are there."""

    size: int
    filled: int


class ForecastRow(msgspec.Struct, kw_only=True):
    """A forecast of the symbol and interval that the answer names."""

    start: int
    made: int
    horizon: int
    due: int
    price: Number
    location: Number
    variance: Number
    quantiles: tuple[Number, ...]
    family: str
    version: str
    feature_set: str
    source: str
    naive: Number
    ewma: Number
    shadow: bool


class ScoreRow(msgspec.Struct, kw_only=True):
    """A forecast beside its truth, the close at `due`; `shadow`: it was not served."""

    symbol: str
    interval: str
    start: int
    made: int
    horizon: int
    due: int
    family: str
    version: str
    price: Number
    truth: Number
    ret: Number
    crps: Number
    crps_naive: Number
    crps_ewma: Number
    qlike: Number
    inside_80: Number
    inside_95: Number
    winkler_80: Number
    scored: int
    shadow: bool
    source: str


class ScoreTally(msgspec.Struct, kw_only=True):
    """Means over the `n` newest scores of a family, version and horizon.

    `crps_to_naive` and `crps_to_ewma` are ratios of sums, below 1 where the family is better. The coverages
    are shares of truths inside the central interval. `first` and `last` are the due times covered.
    """

    interval: str
    family: str
    version: str
    horizon: int
    shadow: bool
    n: int
    first: int
    last: int
    crps: Number
    crps_to_naive: Number
    crps_to_ewma: Number
    qlike: Number
    coverage_80: Number
    coverage_95: Number
    winkler_80: Number


class Redriven(msgspec.Struct, kw_only=True):
    """That a reject was sent again."""

    state: Literal["pending", "sent"]
    at: int
    to: str


class RejectRow(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A rejected row with its original bytes, as text or base64 (then `payload_encoding` is there)."""

    id: str
    topic: str
    partition: int
    offset: int
    row: int
    ts: int
    reason: str
    detail: str
    payload: str
    symbol: str
    source: str
    payload_encoding: Literal["base64"] | msgspec.UnsetType = msgspec.UNSET
    redrive: Redriven | msgspec.UnsetType = msgspec.UNSET
    redrive_of: str | msgspec.UnsetType = msgspec.UNSET


class NoteRow(msgspec.Struct, kw_only=True):
    """Something worth noticing: a model changed, a burst of rejects, a feed away or back, a worker started."""

    id: int
    ts: int
    kind: str
    level: Literal["info", "warn", "error"]
    subject: str
    text: str


class JobRow(msgspec.Struct, kw_only=True, omit_defaults=True):
    """How far a request or a training is. `id` of a training: `training:FAMILY-INTERVAL`."""

    id: str
    state: Literal["queued", "running", "done", "failed"]
    rows: int = 0
    error: str | msgspec.UnsetType = msgspec.UNSET


class VersionRow(msgspec.Struct, kw_only=True):
    """A version of a registered model; `created` in ms, `url` leads to its run in MLflow."""

    version: str
    created: int
    aliases: tuple[str, ...]
    run_id: str
    url: str
    tags: dict[str, str]
    metrics: dict[str, Number]


class ChangeRow(msgspec.Struct, kw_only=True):
    """Another champion: `before` (null: none) gave way to `after` at `at`, ms; `why` in words."""

    at: int
    before: str | None
    after: str
    why: str


class ModelRow(msgspec.Struct, kw_only=True):
    """A registered model, `FAMILY-INTERVAL`, its versions newest first; `champion`, `challenger` are versions.

    `history` has the changes of champion, oldest first.
    """

    name: str
    family: str
    interval: str
    champion: str | None
    challenger: str | None
    versions: tuple[VersionRow, ...]
    history: tuple[ChangeRow, ...]


class PartRow(msgspec.Struct, kw_only=True):
    """A licence that the page must show."""

    name: str
    version: str
    licence: str
    url: str
