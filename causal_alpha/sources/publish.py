"""Frames of a source → Kafka: each row in the partition that Kafka's own partitioner gives its symbol."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from types import TracebackType
from typing import Any, Self, cast

import msgspec
import numpy as np
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError
from aiokafka.errors import for_code as error_of
from aiokafka.partitioner import murmur2

from causal_alpha.errors import SinkError
from causal_alpha.frames import Column, Frame, Ints, Labels, gap, heartbeat
from causal_alpha.intervals import DAY, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import Batch, Source

MAX_MESSAGE = 8 * 1024 * 1024
_TICK_ROWS, _BAR_ROWS = 1_000, 4_000
_WINDOW = 256  # messages on the way before `send` waits
_BEAT = ("heartbeat", "source")
_STOP = 5.0  # seconds that the last messages get when a run is broken off
_AWAY = 600_000  # milliseconds that Kafka may be away in the midst of a run


@lru_cache(maxsize=65_536)
def partition_of(symbol: str, partitions: int) -> int:
    """Where Kafka's default partitioner (murmur2) puts the key `symbol`.

    >>> partition_of("AAPL", 4)
    1
    """
    return int((murmur2(symbol.encode()) & 0x7FFFFFFF) % partitions)


class Publisher:
    """Sends frames to `<app_id>.ticks` and `<app_id>.bars`; an async context manager.

    `partitions` is the number of partitions of the ticks topic: entering waits `patience` seconds for
    Kafka and for the topic to have as many, and creates the topics that don't exist. Raises SinkError
    when Kafka can't take the rows, or is away for more than ten minutes. Rows of a partition keep their order.
    """

    def __init__(
        self,
        broker: str,
        *,
        partitions: int,
        app_id: str = "causal-alpha",
        universe: str = "default",
        linger_ms: int = 5,
        patience: float = 60.0,
    ) -> None:
        self.rows = 0
        self.reached: int | None = None
        self._broker, self._partitions, self._patience = broker, partitions, patience
        self._ticks, self._bars, self._universe = f"{app_id}.ticks", f"{app_id}.bars", universe
        self._linger_ms = linger_ms
        self._watermarks: dict[tuple[str, str], int] = {}
        self._open: set[tuple[str, str]] = set()
        self._bars_pending = False
        self._pending: deque[asyncio.Future[Any]] = deque()

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._patience):
                await self._topics()
        except TimeoutError:
            raise SinkError(
                f"expected Kafka at {self._broker} with {self._partitions} partitions of {self._ticks}, "
                f"was not so within {self._patience} s"
            ) from None
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._broker,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=_AWAY,
            linger_ms=self._linger_ms,
            max_batch_size=MAX_MESSAGE // 8,
            max_request_size=MAX_MESSAGE,
        )
        try:
            await self._producer.start()
        except KafkaError as error:
            raise SinkError(f"expected Kafka at {self._broker}, was {error!r}") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self.flush()
        finally:
            with suppress(TimeoutError):  # what a dead Kafka never took is lost with it
                async with asyncio.timeout(_STOP):
                    await self._producer.stop()

    async def send(self, frame: Batch, source: str) -> None:
        """Send a frame of `source`; waits while too many messages are on their way.

        Bars are in Kafka before the ticks that follow them are sent, though on another topic: the
        past comes first for whoever reads both.
        """
        if frame.record is Tick:
            if self._bars_pending:
                await self.flush()
            await self._send_ticks(frame)
        elif "actions" in frame.meta:  # they concern every interval
            await self._send(self._bars, f"{self._universe}|*".encode(), frame, None)
        elif len(frame):
            self._bars_pending = True
            bars = cast(Frame[Bar], frame)
            intervals = bars.labels("interval")
            for interval in dict.fromkeys(intervals.tolist()):
                await self._send_bars(bars.take(intervals.equals(interval)), interval, source)
        self.rows += len(frame)

    async def close(self, source: str, *, heartbeat_at: int | None) -> None:
        """Say that `source` has ended: its bars are complete, and no tick comes before `heartbeat_at` (ns)."""
        if heartbeat_at is not None:
            await self._send_ticks(heartbeat(heartbeat_at))
        for name, interval in sorted(self._open):
            if name == source:
                await self._send_bars(Frame.empty(Bar, {"closed": "1"}), interval, source)
        await self.flush()

    async def flush(self) -> None:
        """Wait until Kafka has everything sent so far. Raises SinkError if it hasn't."""
        while self._pending:
            await self._delivered()
        self._bars_pending = False

    async def _send_ticks(self, frame: Frame[Tick]) -> None:
        for partition, part in split(frame, self._partitions):
            names = part.labels("symbol").names
            key = names[0].encode() if len(part) and len(names) == 1 else b""
            await self._send(self._ticks, key, part, partition)
        if "heartbeat" in frame.meta:
            self.reached = max(self.reached or 0, int(frame.meta["heartbeat"]))

    async def _send_bars(self, frame: Frame[Bar], interval: str, source: str) -> None:
        """One message, or several of which only the last moves the watermark."""
        at = (source, interval)
        key = f"{self._universe}|{interval}".encode()
        meta = {"origin": f"bars/{source}", "watermark": str(self._watermarks.get(at, 0))}
        *before, last = _slices(len(frame), _BAR_ROWS)
        for rows in before:
            await self._send(self._bars, key, frame.take(rows, meta), None)
        if len(frame):
            newest = int(frame.ints("start").max()) + interval_ns(interval)
            self._watermarks[at] = max(self._watermarks.get(at, 0), newest)
            meta["watermark"] = str(self._watermarks[at])
        self._open.add(at)
        if "closed" in frame.meta:
            meta["closed"] = "1"
            self._open.discard(at)
        await self._send(self._bars, key, frame.take(last, meta), None)

    async def _send(self, topic: str, key: bytes, frame: Batch, partition: int | None) -> None:
        while len(self._pending) >= _WINDOW:
            await self._delivered()
        try:
            future = await self._producer.send(topic, value=frame.encode(), key=key, partition=partition)
        except KafkaError as error:
            raise SinkError(f"expected Kafka at {self._broker} to take rows, was {error!r}") from error
        self._pending.append(future)

    async def _delivered(self) -> None:
        try:
            await self._pending.popleft()
        except KafkaError as error:
            raise SinkError(f"expected Kafka at {self._broker} to take rows, was {error!r}") from error

    async def _topics(self) -> None:
        """Return once both topics are there, the ticks topic with the expected partitions."""
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=self._broker)
            try:
                await admin.start()
                have = {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}
                missing = [
                    NewTopic(name, partitions, 1, topic_configs={"max.message.bytes": str(MAX_MESSAGE)})
                    for name, partitions in ((self._ticks, self._partitions), (self._bars, 1))
                    if not have.get(name)
                ]
                if missing:
                    answer = await admin.create_topics(missing)
                    for name, code, *_ in answer.topic_errors:
                        if error_of(code) not in (NoError, TopicAlreadyExistsError):
                            raise SinkError(f"expected to create the topic {name}, was {error_of(code).__name__}")
                elif have[self._ticks] == self._partitions:
                    return
            except (KafkaError, OSError) as error:
                if not getattr(error, "retriable", True):
                    raise SinkError(f"expected Kafka at {self._broker}, was {error!r}") from error
            finally:
                await admin.close()
            await asyncio.sleep(0.3)


def split(frame: Frame[Tick], partitions: int) -> Iterator[tuple[int, Frame[Tick]]]:
    """The frame's rows by partition, in order, at most 1,000 a part.

    A heartbeat goes with the last part of each partition, alone where there are no rows. A gap goes to the
    partitions of its symbols.
    """
    labels = frame.labels("symbol")
    beat = {name: frame.meta[name] for name in _BEAT if name in frame.meta}
    if "gap" in frame.meta:
        yield from _split_gap(frame.meta["gap"], partitions)
    places = np.asarray([partition_of(name, partitions) for name in labels.names], dtype=np.int64)
    of_row = places[labels.codes] if len(frame) else labels.codes
    for partition in range(partitions):
        rows = np.flatnonzero(of_row == partition)
        if not len(rows):
            if beat:
                yield partition, Frame.empty(Tick, beat)
            continue
        *before, last = _slices(len(rows), _TICK_ROWS)
        for part in before:
            yield partition, _compact(frame.take(rows[part], {}))
        yield partition, _compact(frame.take(rows[last], beat))


def _split_gap(facts: str, partitions: int) -> Iterator[tuple[int, Frame[Tick]]]:
    said = msgspec.json.decode(facts)
    by_partition: defaultdict[int, list[str]] = defaultdict(list)
    for symbol in said["symbols"]:
        by_partition[partition_of(symbol, partitions)].append(symbol)
    for partition, symbols in sorted(by_partition.items()):
        yield partition, gap(said["source"], symbols, said["start"], said["end"])


async def publish(source: Source, publisher: Publisher, *, closing: int = DAY) -> None:
    """Send everything that `source` yields, until it ends.

    At the end of a feed with heartbeats a last one says that nothing more comes before the newest
    of them plus `closing` (ns): so every bar that is at most that long becomes final. 0 sends none.
    """
    async for frame in source.frames():
        await publisher.send(frame, source.name)
    end = publisher.reached + closing if publisher.reached is not None and closing else None
    await publisher.close(source.name, heartbeat_at=end)


def _slices(n: int, rows: int) -> list[Ints]:
    """Positions 0 to n in runs of at most `rows`; one empty run for n = 0."""
    return [np.arange(first, min(first + rows, n)) for first in range(0, max(n, 1), rows)]


def _compact(frame: Frame[Tick]) -> Frame[Tick]:
    """The frame without the names that none of its rows carries."""
    labels = frame.labels("symbol")
    used = np.flatnonzero(np.bincount(labels.codes, minlength=len(labels.names)))
    if len(used) == len(labels.names):
        return frame
    place = np.zeros(len(labels.names), dtype=np.int32)
    place[used] = np.arange(len(used))
    names = Labels(place[labels.codes], tuple(labels.names[code] for code in used.tolist()))
    columns: Mapping[str, Column] = {**frame.columns, "symbol": names}
    return Frame(Tick, columns, frame.meta)
