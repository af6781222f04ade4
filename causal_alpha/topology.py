"""The map: the app, its topics, its tables. Agents import from here; nothing else knows Faust.

`create_app()` makes an app from settings; `causal_alpha.app` is the one that
`faust -A causal_alpha worker` runs.
"""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

import faust
import msgspec
from faust.exceptions import ValueDecodeError
from faust.serializers.codecs import Codec
from faust.utils.terminal.spinners import SpinnerHandler
from mode import CrashingSupervisor, Service
from mode.utils.imports import import_from_cwd

from causal_alpha.bulk import BatchApp, PassThrough
from causal_alpha.calendar import Sessions, load_sessions, sessions_of
from causal_alpha.checkpoints import snapshot_end
from causal_alpha.errors import FrameError, SettingsError
from causal_alpha.follow import follow
from causal_alpha.frames import Frame
from causal_alpha.memory import share_memory, trim_memory
from causal_alpha.records import Bar, Features, Forecast, Reject, Request, Score
from causal_alpha.refusal import refusal
from causal_alpha.series import unknown_intervals
from causal_alpha.settings import Settings, load_settings

R = TypeVar("R", bound=msgspec.Struct)
logger = logging.getLogger(__name__)

MAX_MESSAGE = 8 * 1024 * 1024
MAX_FETCH = 4 * 1024 * 1024
"""Bytes of a partition in an answer of Kafka's, unless its next message alone is larger."""
_COMPACT = {
    "cleanup.policy": "compact",
    "segment.bytes": str(16 * 1024 * 1024),
    "segment.ms": "60000",
    "min.cleanable.dirty.ratio": "0.1",
    "max.message.bytes": str(MAX_MESSAGE),
}
"""Changelogs hold a few big values that replace each other: keep them short, for a quick recovery."""

_SHORT_LIVED = MappingProxyType({"retention.ms": "60000", "segment.ms": "60000"})
"""Bars still forming are of no use to anybody who comes later."""
_TRIM_EVERY = 60.0
"""Seconds."""
_NO_CONFIG: Mapping[str, str] = MappingProxyType({})


class FrameCodec(Codec):  # type: ignore[misc]
    """Bytes on the wire, `Frame`s of one record in the agents.

    Faust decodes a message once for each agent on its topic, one right after the other: the last frame
    is remembered, so that they share it.
    """

    def __init__(self, record: type[msgspec.Struct]) -> None:
        self.record = record
        self._last: tuple[bytes, Frame[Any]] | None = None
        super().__init__()

    def _loads(self, s: bytes) -> Frame[Any]:
        if self._last is None or self._last[0] is not s:
            frame = Frame.decode(self.record, s)
            if unknown := unknown_intervals(frame):
                raise FrameError(f"interval: expected 1m and the like, was {', '.join(unknown)}", reason="schema")
            self._last = s, frame
        return self._last[1]

    def _dumps(self, s: Frame[Any] | bytes) -> bytes:
        return s.encode() if isinstance(s, Frame) else s


class JsonCodec(Codec):  # type: ignore[misc]
    """JSON on the wire, one record in the agents."""

    def __init__(self, record: type[msgspec.Struct]) -> None:
        self.record = record
        super().__init__()

    def _loads(self, s: bytes) -> Any:
        try:
            return msgspec.json.decode(s, type=self.record)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # no UTF-8, too deep
            raise FrameError(f"expected the JSON of a {self.record.__name__}, was {error}") from error

    def _dumps(self, s: Any) -> bytes:
        return s if isinstance(s, bytes) else msgspec.json.encode(s)


class FullSchema(faust.Schema):  # type: ignore[misc]
    """Refuses messages without a value, which Faust would hand to agents as None."""

    def loads_value(self, app: Any, message: Any, **others: Any) -> Any:
        if message.value is None:
            raise ValueDecodeError("no value") from FrameError("expected a value, was none")
        return super().loads_value(app, message, **others)


class FrameTopic(faust.Topic):  # type: ignore[misc]
    """A topic that sends what it can't read to `rejects` instead of stopping the agent."""

    async def on_value_decode_error(self, exc: Exception, message: Any) -> None:
        cause = exc.__cause__ if isinstance(exc.__cause__, FrameError) else FrameError(str(exc))
        await self.app.rejects.send(key=message.topic.encode(), value=refusal(message, cause))


class App(BatchApp):
    """The topics and tables of `settings`; agents hang themselves onto it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._calendars = settings.cache.expanduser() / "calendars"
        prefix = settings.app_id
        super().__init__(
            prefix,
            broker=[f"kafka://{host.strip()}" for host in settings.broker.split(",")],
            bulk_topics=frozenset({f"{prefix}.ticks"}),
            consumer_linger=settings.consumer_linger,
            env={},  # one way in for configuration: ours
            origin=settings.agents[0],
            autodiscover=self._agent_modules,
            store="memory://",
            datadir=settings.data_dir,
            Topic=FrameTopic,
            topic_partitions=1,
            topic_disable_leader=True,
            consumer_auto_offset_reset="earliest",
            consumer_group_instance_id=f"{prefix}-{settings.instance_id}",
            consumer_max_fetch_size=MAX_FETCH,
            broker_session_timeout=settings.session_timeout,
            broker_heartbeat_interval=settings.session_timeout / 4,
            broker_commit_interval=0.5,
            broker_max_poll_records=settings.max_poll_records,
            producer_linger=settings.producer_linger,
            producer_max_request_size=MAX_MESSAGE,
            producer_max_batch_size=512 * 1024,
            producer_acks=-1,
            stream_wait_empty=False,
            agent_supervisor=CrashingSupervisor,  # started again, an agent would go on behind the event it failed at
            worker_redirect_stdouts=False,
        )
        self._memories: dict[str, tuple[Any, bool]] = {}
        self.ticks = self._topic("ticks", PassThrough(), partitions=settings.partitions)
        self.bars = self._topic("bars", FrameCodec(Bar))
        self.forming = self._topic("forming", FrameCodec(Bar), config=_SHORT_LIVED)
        self.features = self._topic("features", FrameCodec(Features))
        self.forecasts = self._topic("forecasts", FrameCodec(Forecast))
        self.scores = self._topic("scores", FrameCodec(Score))
        self.rejects = self._topic("rejects", FrameCodec(Reject))
        self.requests = self._topic("requests", JsonCodec(Request))
        self.open_bars = self._snapshots("open-bars", partitions=settings.partitions)
        self.recent_bars = self._snapshots("recent-bars")
        self.calibration = self._snapshots("calibration")
        self.open_forecasts = self._snapshots("open-forecasts")

    def remembers(self, topic: Any, table: Any, *, again: bool = True) -> None:
        """What an agent keeps of `topic` is in the snapshots of `table`.

        Where these are lost, the topic is read `again` from its beginning, or the agent starts anew.
        """
        self._memories[topic.get_topic_name()] = table, again

    def place(self, tp: Any, committed: int) -> int:
        """Snapshots are written before offsets are committed: one that ends earlier has been lost or cut off."""
        table, again = self._memories.get(tp.topic, (None, False))
        known = committed if table is None else snapshot_end(table, tp.partition)
        if known >= committed:
            return committed
        logger.error(
            "no snapshot of %s for partition %d up to its commit %d: expected its changelog topic to be compacted, "
            "never truncated; %s",
            *(table.name, tp.partition, committed),
            f"reading {tp.topic} again from {known}" if again else "starting anew",
        )
        return known if again else committed

    async def on_start(self) -> None:
        share_memory()
        await super().on_start()

    async def on_started(self) -> None:
        """What the start made stays: the garbage collector need not look through it again and again."""
        await super().on_started()
        _end_spinner()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        sys.setswitchinterval(0.0001)  # the consumer's thread must not wait 5 ms for a turn

    @Service.task  # type: ignore[untyped-decorator]
    async def _trim_memory(self) -> None:
        async for _ in self.itertimer(_TRIM_EVERY, name="trim memory"):
            await asyncio.to_thread(trim_memory)

    def key(self, interval: str) -> bytes:
        """The key of bars, features and forecasts: a cross-section stays in order."""
        return f"{self.settings.universe}|{interval}".encode()

    def hours(self, symbol: str) -> Sessions:
        """When a symbol trades. The first symbol of an exchange may take a second, once on a machine."""
        name = sessions_of(symbol, self.settings.calendars)
        return load_sessions(name, cache=self._calendars)

    def partitions_at_hand(self, topic: Any) -> list[int]:
        """The partitions of a topic that this worker owns; none while a rebalance or recovery goes on."""
        if not self.consumer.settled:
            return []
        name = topic.get_topic_name()
        return sorted(tp.partition for tp in self.consumer.assignment() if tp.topic == name)

    async def follow(self, topic: Any, record: type[R], *, without: bytes | None = None) -> AsyncIterator[Frame[R]]:
        """What comes to a topic from now on but for one key, to every worker that asks; see `causal_alpha.follow`."""
        await topic.maybe_declare()
        async for frame in follow(self.settings.broker, topic.get_topic_name(), record, MAX_MESSAGE, without):
            if not unknown_intervals(frame):
                yield frame

    def _topic(self, name: str, codec: Codec, partitions: int = 1, config: Mapping[str, str] = _NO_CONFIG) -> Any:
        return self.topic(
            f"{self.settings.app_id}.{name}",
            schema=FullSchema(),
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer=codec,
            internal=True,
            partitions=partitions,
            retention=0,
            config={"max.message.bytes": str(MAX_MESSAGE), **config},
        )

    def _snapshots(self, name: str, partitions: int = 1) -> Any:
        return self.Table(name, key_type=bytes, value_type=bytes, partitions=partitions, extra_topic_configs=_COMPACT)

    def _agent_modules(self) -> Iterator[str]:
        for name in self.settings.agents:
            import_from_cwd(name)  # the faust command drops the working directory from sys.path
            yield name


def _end_spinner() -> None:
    """Take the level of the log back from the spinner that Faust shows while it starts.

    The spinner turns with every debug line, so that the Kafka client writes some for each message, 10 us each.
    """
    root = logging.getLogger()
    handlers = [handler for handler in root.handlers if not isinstance(handler, SpinnerHandler)]
    if len(handlers) < len(root.handlers):
        root.setLevel(min(handler.level for handler in handlers))


def create_app(settings: Settings | None = None, **overrides: Any) -> App:
    """An app of its own, for libraries and tests. `overrides` are settings by name."""
    return App(settings or load_settings(**overrides))


@cache
def global_app() -> App:
    """The app of this process, from the environment. Wrong settings end the process with one line."""
    try:
        return create_app()
    except SettingsError as error:
        sys.exit(f"causal-alpha: {error}")
