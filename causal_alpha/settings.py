"""Settings: read once from `CAUSAL_ALPHA_*` variables, frozen, and passed on as plain arguments.

Only `topology` and entry points read them.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from causal_alpha.errors import SettingsError
from causal_alpha.intervals import activity, interval_ns

Words = Annotated[tuple[str, ...], NoDecode]
"""Comma-separated in the environment, a tuple here."""


class Settings(BaseSettings):
    """Every knob of a worker. Durations are in seconds, sizes in bytes.

    >>> Settings(intervals="1s,5m").intervals
    ('1s', '5m')
    """

    model_config = SettingsConfigDict(env_prefix="CAUSAL_ALPHA_", frozen=True, extra="forbid")

    broker: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port,host:port")
    app_id: str = Field("causal-alpha", min_length=1, description="consumer group and topic prefix")
    instance_id: str = Field("worker-1", min_length=1, description="stable and unique among live workers")
    partitions: int = Field(1, ge=1, le=1024, description="partitions of the ticks topic")
    agents: Words = Field(("agents",), min_length=1, description="modules with agents, imported at start")
    data_dir: Path = Field(Path("data"), description="where Faust keeps a worker's local state")
    cache: Path = Field(Path("~/.cache/causal-alpha"), description="where computed calendars are kept")

    intervals: Words = Field(
        ("1s", "1m"),
        description="bars by time, the finest first, and by activity, such as 100tick, 5000volume, 1000000dollar",
    )
    lateness: float = Field(1.0, ge=0, description="how far a tick may lag behind the newest one")
    correction: float = Field(5.0, ge=0, description="how long after its end a late tick may revise a bar")
    feed_timeout: float = Field(5.0, gt=0, description="silence after which a source counts as away")
    quiet_bars: int = Field(600, ge=0, description="bars without a trade after which a symbol is not expected")
    future_tolerance: float = Field(5.0, ge=0, description="how far a stamp may lead its Kafka record")
    idle_after: float = Field(2.0, gt=0, description="quiet time after which the worker moves stream time on")
    calendars: str = Field("*=auto", description="trading hours, PATTERN=CALENDAR by symbol, the first match wins")
    window: int = Field(64, ge=8, le=10_000, description="final bars that a feature sees")
    model_poll: float = Field(2.0, gt=0, description="between two looks at the model registry's aliases")
    serve: Words = Field(
        ("blend", "lstm", "transformer", "arima", "har"),
        min_length=1,
        description="families whose champion may be served, the best first",
    )
    feature_set: str = Field("causal_alpha.features:DEFAULT", description="features to serve, module:NAME")
    universe: str = Field("default", min_length=1, description="key of the bars topic's cross-section")

    mongo_url: str = Field("mongodb://127.0.0.1:27017", description="MongoDB connection string")
    mongo_database: str = Field("causal_alpha", min_length=1, description="its collections are named like the topics")
    mlflow_url: str = Field("", description="MLflow server with the models to serve; empty: floor models only")
    airflow_url: str = Field("", description="Airflow server that trains models; the page links to it")
    csv_folder: Path | None = Field(None, description="also archive to CSV files in this folder")

    hub_host: str = Field("127.0.0.1", description="address of the page and its API")
    hub_port: int = Field(8000, ge=0, le=65535, description="0 takes any free port")
    tokens: str = Field("", repr=False, description="viewer:TOKEN,operator:TOKEN; empty: none, on loopback alone")
    tokens_file: Path | None = Field(None, description="more of them, one a line")
    max_requests: float = Field(500.0, ge=0, description="requests a second that one client may make, 0: any number")
    max_request_bytes: int = Field(1_000_000, ge=1_000, description="larger requests get 413")
    replay_buffer: int = Field(20_000, ge=1, description="log messages a socket can resume over")

    consumer_linger: float = Field(0.008, ge=0, le=1, description="time in which Kafka gathers ticks for a poll")
    producer_linger: float = Field(0.003, ge=0, le=1, description="time in which messages to Kafka gather")
    max_poll_records: int = Field(10_000, ge=1, description="messages that one poll may bring")
    snapshot_every: float = Field(0.5, gt=0, description="between two snapshots of a partition's state")
    session_timeout: float = Field(10.0, gt=0, description="after which Kafka takes a silent worker for dead")

    @field_validator("agents", "intervals", "serve", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value

    @field_validator("intervals")
    @classmethod
    def _nested(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            lengths = [interval_ns(interval) for interval in value if not activity(interval)]
        except SettingsError as error:
            raise ValueError(str(error)) from error
        if not lengths or any(length % lengths[0] for length in lengths) or lengths != sorted(set(lengths)):
            raise ValueError(f"expected the finest interval first and the others multiples of it, was {value}")
        return value

    @property
    def time_intervals(self) -> tuple[str, ...]:
        """The bar intervals by time."""
        return tuple(interval for interval in self.intervals if not activity(interval))


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; keyword arguments win. Raises SettingsError with one line."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"CAUSAL_ALPHA_{name}: {first['msg']}, was {first['input']!r}") from error
