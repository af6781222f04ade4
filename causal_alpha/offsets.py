"""How far Kafka's topics go, and how far a consumer group has come: what any process can ask the broker."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from causal_alpha.errors import SinkError


class Reach(NamedTuple):
    """A topic's end in messages over all partitions, and how many of them the group has not committed yet.

    `lag` is None for a topic that no group reads.
    """

    end: int
    lag: int | None


class Offsets:
    """Asks a broker about topics and one group; connects with the first question, and again after a failure.

    `followed` are those of `topics` that are read from now on, without a group: nothing of them is ever committed.
    """

    def __init__(
        self,
        broker: str,
        group: str,
        topics: Collection[str],
        *,
        followed: Collection[str] = (),
        patience: float = 2.0,
    ) -> None:
        self._broker, self._group, self._topics = broker, group, tuple(topics)
        self._followed = frozenset(followed)
        self._patience = patience
        self._clients: tuple[Any, Any] | None = None
        self._lock = asyncio.Lock()

    async def read(self) -> Mapping[str, Reach]:
        """By topic; topics that don't exist yet are left out. Raises SinkError while Kafka is away."""
        async with self._lock:
            try:
                async with asyncio.timeout(self._patience):
                    return await self._read()
            except (KafkaError, OSError, TimeoutError) as error:
                await self._close()
                raise SinkError(f"Kafka: expected offsets, was {type(error).__name__}: {error}") from error

    async def _read(self) -> Mapping[str, Reach]:
        if self._clients is None:
            self._clients = (
                AIOKafkaConsumer(bootstrap_servers=self._broker, group_id=None),
                AIOKafkaAdminClient(bootstrap_servers=self._broker),
            )
            for client in self._clients:
                await client.start()
        consumer, admin = self._clients
        there = await admin.describe_topics(list(self._topics))
        parts = [TopicPartition(topic["topic"], part["partition"]) for topic in there for part in topic["partitions"]]
        consumer.assign(parts)  # it asks for nothing, but then knows who leads them
        ends = await consumer.end_offsets(parts)
        grouped = [part for part in parts if part.topic not in self._followed]
        done = await admin.list_consumer_group_offsets(self._group, partitions=grouped) if grouped else {}
        end: Counter[str] = Counter()
        lag: Counter[str] = Counter()
        for part, last in ends.items():
            committed = done[part].offset if part in done else -1
            end[part.topic] += last
            lag[part.topic] += max(0, last - max(0, committed))
        return {
            topic: Reach(end[topic], None if topic in self._followed else lag[topic])
            for topic in {part.topic for part in parts}
        }

    async def _close(self) -> None:
        clients, self._clients = self._clients, None
        for client in clients or ():
            try:
                async with asyncio.timeout(self._patience):
                    await (client.stop() if isinstance(client, AIOKafkaConsumer) else client.close())
            except (KafkaError, OSError, TimeoutError):
                continue  # it is away anyway
