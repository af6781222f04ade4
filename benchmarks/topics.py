"""Topics of a benchmark: filling one before a run, reading one after it, with the client of foreign producers."""

import time
from collections.abc import Iterable, Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from causal_alpha.errors import SinkError, SourceError

MAX_MESSAGE = 8 * 1024 * 1024


def fill(broker: str, topic: str, messages: Iterable[tuple[bytes, bytes]]) -> None:
    """Make a topic of one partition and write keys and values to it."""
    admin = AdminClient({"bootstrap.servers": broker})
    made = admin.create_topics([NewTopic(topic, 1, 1, config={"max.message.bytes": str(MAX_MESSAGE)})])
    made[topic].result(30)
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 20, "message.max.bytes": MAX_MESSAGE})
    for key, value in messages:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
    if left := producer.flush(60):
        raise SinkError(f"expected Kafka at {broker} to take all messages, was {left} left after 60 s")


def read(broker: str, topic: str, patience: float) -> Iterator[tuple[int, bytes]]:
    """Times (ms) and values of a topic's only partition from its start, until none comes for `patience` seconds."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": f"{topic}-reader"})
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    try:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for message in consumer.consume(1_000, timeout=0.1):
                if message.error():
                    raise SourceError(f"expected messages of {topic}, was {message.error()}")
                deadline = time.monotonic() + patience
                yield message.timestamp()[1], message.value()
    finally:
        consumer.close()
