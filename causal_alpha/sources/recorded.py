"""A recording back into Kafka: the same bytes with the same stamps in the same partitions, in the same order.

Sent are the ticks, with what their sources said between them, and those bars that weren't made of these ticks:
history and filled gaps. The worker makes the rest again.
"""

import asyncio
import heapq
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from causal_alpha.errors import SinkError, SourceError
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.recording import Message, Recording
from causal_alpha.sources.pacing import Clock, Pace, Sleep
from causal_alpha.sources.publish import MAX_MESSAGE, Publisher

_INPUTS = ("bars", "ticks")
_WINDOW = 1_000  # messages on the way before sending waits


class Recorded:
    """Replays the recording at `path`. `speed` is in its seconds a second, None or 0 as fast as possible."""

    def __init__(
        self, path: Path, *, speed: float | None = None, clock: Clock = time.monotonic_ns, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.name = f"recorded:{path.name}"
        self.rows = 0
        """Messages sent so far."""
        self._recording = Recording(path)
        self._speed, self._clock, self._sleep = speed, clock, sleep
        if not set(_INPUTS) & self._recording.topics.keys():
            raise SourceError(
                f"{path}: expected a recording of ticks or bars, was of {', '.join(self._recording.topics)}"
            )

    def messages(self) -> Iterator[Message]:
        """What is sent, in the order of its stamps where two topics meet.

        Without the ticks in the recording all bars are sent as they are.
        """
        bars = self._recording.messages("bars")
        if "ticks" in self._recording.topics:
            bars = (message for message in bars if not message.meta.get("origin", "").startswith("ticks/"))
        merged = heapq.merge(_stamped(bars), _stamped(self._recording.messages("ticks")), key=lambda pair: pair[0])
        return (message for _, message in merged)

    async def publish(self, broker: str, *, app_id: str, partitions: int) -> None:
        """Send everything to the topics of `app_id`. Raises SourceError or SinkError."""
        facts = self._recording.topics.get("ticks")
        if facts is not None and facts.partitions != partitions:
            raise SourceError(
                f"partitions: expected {facts.partitions}, as the ticks were recorded, was {partitions}: "
                f"CAUSAL_ALPHA_PARTITIONS={facts.partitions}"
            )
        async with Publisher(broker, partitions=partitions, app_id=app_id):
            pass  # the topics are there now
        producer = AIOKafkaProducer(
            bootstrap_servers=broker,
            acks="all",
            enable_idempotence=True,  # or a retry could change the order
            linger_ms=5,
            max_batch_size=MAX_MESSAGE // 8,
            max_request_size=MAX_MESSAGE,
        )
        try:
            async with producer:
                await self._send_all(producer, app_id)
        except KafkaError as error:
            raise SinkError(f"expected Kafka at {broker} to take messages, was {error!r}") from error

    async def _send_all(self, producer: AIOKafkaProducer, app_id: str) -> None:
        pending: deque[asyncio.Future[Any]] = deque()
        pace: Pace | None = None
        topic = ""
        for message in self.messages():
            due = message.timestamp * MILLISECOND
            pace = pace or Pace(due, speed=self._speed, clock=self._clock, sleep=self._sleep)
            while pace.now() < due:
                await pace.wait(due, SECOND)
            # one topic has all that came before when the next message goes to the other
            while len(pending) >= _WINDOW or (pending and topic != message.topic):
                await pending.popleft()
            topic = message.topic
            nothing = message.key is None and message.value is None  # aiokafka sends no such message
            pending.append(
                await producer.send(
                    f"{app_id}.{topic}",
                    value=message.value,
                    key=b"" if nothing else message.key,
                    partition=message.partition,
                    timestamp_ms=message.timestamp,
                    headers=list(message.headers),
                )
            )
            self.rows += 1
        while pending:
            await pending.popleft()


def _stamped(messages: Iterator[Message]) -> Iterator[tuple[int, Message]]:
    """With the latest stamp so far, so that no message overtakes an earlier one of its topic."""
    latest = 0
    for message in messages:
        latest = max(latest, message.timestamp)
        yield latest, message
