"""A hub without a worker: it follows the topics of an installation by itself and belongs to no consumer group.

So it sees everything that all workers write, and its coming and going moves no partition.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from causal_alpha.errors import SinkError
from causal_alpha.follow import follow
from causal_alpha.frames import Frame
from causal_alpha.hub.stream import Hub
from causal_alpha.records import Bar, Features, Forecast, Reject, Request, Score, Tick
from causal_alpha.redrive import Mail
from causal_alpha.sources.publish import MAX_MESSAGE, split

TOPICS: Mapping[str, type[msgspec.Struct]] = {
    "bars": Bar,
    "forming": Bar,
    "features": Features,
    "forecasts": Forecast,
    "scores": Score,
    "rejects": Reject,
}
PATIENCE = 5.0
"""Seconds that Kafka may take for a message."""


class KafkaGateway:
    """Sends to the topics of `app_id` with a producer of its own; SinkError where Kafka doesn't take it in time."""

    def __init__(self, broker: str, app_id: str, partitions: int) -> None:
        self._broker, self._app_id, self._partitions = broker, app_id, partitions
        self._producer: Any = None
        self._lock = asyncio.Lock()

    async def send_ticks(self, frame: Frame[Tick]) -> None:
        """Each row to its symbol's partition; a heartbeat to all of them."""
        await self._send([("ticks", b"", part.encode(), p, ()) for p, part in split(frame, self._partitions)])

    async def send_rejects(self, frame: Frame[Reject]) -> None:
        await self._send([("rejects", b"", part.encode(), None, ()) for part in frame.parts()])

    async def send_request(self, request: Request) -> None:
        await self._send([("requests", request.source.encode(), msgspec.json.encode(request), None, ())])

    async def send_again(self, mails: Sequence[Mail]) -> list[int]:
        """Messages to the ticks topic; returns their offsets."""
        return await self._send([("ticks", mail.key, mail.value, mail.partition, mail.headers) for mail in mails])

    async def answers(self) -> bool:
        """Whether a broker answers now."""
        try:
            async with asyncio.timeout(2.0):
                producer = await self._started()
                return bool(await producer.client.force_metadata_update())
        except (KafkaError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def _started(self) -> Any:
        async with self._lock:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    bootstrap_servers=self._broker, acks="all", enable_idempotence=True, max_request_size=MAX_MESSAGE
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _send(self, letters: Sequence[tuple[str, bytes, bytes, int | None, Sequence[Any]]]) -> list[int]:
        try:
            async with asyncio.timeout(PATIENCE):
                producer = await self._started()
                sent = [
                    await producer.send(f"{self._app_id}.{topic}", value, key, partition, headers=list(headers))
                    for topic, key, value, partition, headers in letters
                ]
                return [(await delivered).offset for delivered in sent]
        except (KafkaError, OSError, TimeoutError) as error:
            raise SinkError(f"Kafka: expected the rows to be taken, was {type(error).__name__}: {error}") from error


async def feed(hub: Hub, broker: str, app_id: str) -> None:
    """Publish what comes to the topics from now on, for ever."""

    async def one(name: str, record: type[msgspec.Struct]) -> None:
        async for frame in follow(broker, f"{app_id}.{name}", record, MAX_MESSAGE):
            if record is Forecast:
                frame = frame.take(~frame.flags("shadow"))  # noqa: PLW2901
            hub.publish(frame)

    async with asyncio.TaskGroup() as tasks:
        for name, record in TOPICS.items():
            tasks.create_task(one(name, record))


async def follow_models(poll: Callable[[], None], every: float, then: Callable[[], Any] = lambda: None) -> None:
    """Call `poll` in a thread every so many seconds, and `then` after it, for ever."""
    while True:
        await asyncio.to_thread(poll)
        then()
        await asyncio.sleep(every)
