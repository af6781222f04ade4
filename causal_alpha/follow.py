"""Follow a topic from now on, without a group: for what everybody shall see and nobody has to keep.

A consumer group gives each message to one member; a broadcast must reach every hub. And a reader of its
own waits for nothing but the topic, where an agent's events wait their turn in the worker's polls.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame

R = TypeVar("R", bound=msgspec.Struct)

logger = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds before Kafka is tried again."""


async def follow(
    broker: str, topic: str, record: type[R], max_bytes: int, without: bytes | None = None
) -> AsyncIterator[Frame[R]]:
    """The frames that come to an existing `topic` from now on, for ever; while Kafka is away there are none.

    `broker`: host:port,host:port. `max_bytes`: the largest message. What is no frame is left out, and
    so is what has the key `without`.
    """
    while True:
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=broker,
            group_id=None,
            auto_offset_reset="latest",
            max_partition_fetch_bytes=max_bytes,
        )
        try:
            await consumer.start()
            async for message in consumer:
                frame = _decode(record, message) if without is None or message.key != without else None
                if frame is not None:
                    yield frame
        except (KafkaError, OSError) as error:
            logger.warning("%s: trying again in %.0f s: %s", topic, PAUSE, error)
        finally:
            await consumer.stop()
        await asyncio.sleep(PAUSE)


def _decode(record: type[R], message: Any) -> Frame[R] | None:
    try:
        return Frame.decode(record, message.value or b"")
    except FrameError as error:
        logger.warning("%s, offset %d: left out: %s", message.topic, message.offset, error)
        return None
