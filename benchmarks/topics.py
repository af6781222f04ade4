"""Topics of a benchmark: filling one before a run, reading one after it, with the client of foreign producers."""

import time
from collections.abc import Iterable, Iterator

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from causal_alpha.errors import SinkError, SourceError

MAX_MESSAGE = 8 * 1024 * 1024
PATIENCE = 60.0


def make(broker: str, topic: str, **config: str) -> None:
    """Make a topic of one partition; `config` with _ for each dot."""
    settings = {"max.message.bytes": str(MAX_MESSAGE)} | {key.replace("_", "."): text for key, text in config.items()}
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 5})
    admin.create_topics([NewTopic(topic, 1, 1, config=settings)])[topic].result(PATIENCE)


def fill(broker: str, topic: str, messages: Iterable[tuple[bytes, bytes]]) -> None:
    """Make a topic of one partition and write keys and values to it."""
    make(broker, topic)
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 20, "message.max.bytes": MAX_MESSAGE})
    for key, value in messages:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
    if left := producer.flush(PATIENCE):
        raise SinkError(f"expected Kafka at {broker} to take all messages, was {left} left after {PATIENCE:.0f} s")


def read(broker: str, topic: str) -> Iterator[tuple[int, bytes]]:
    """Times (ms) and values of what is in a topic's only partition now; nothing where there is no topic."""
    consumer = Consumer({"bootstrap.servers": broker, "group.id": f"{topic}-reader", "allow.auto.create.topics": False})
    place = TopicPartition(topic, 0, OFFSET_BEGINNING)
    try:
        end = _end(consumer, place)
        consumer.assign([place])
        done, deadline = 0, time.monotonic() + PATIENCE
        while done < end:
            for message in consumer.consume(1_000, timeout=0.1):
                if message.error():
                    raise SourceError(f"expected messages of {topic}, was {message.error()}")
                done = message.offset() + 1
                if done <= end:
                    yield message.timestamp()[1], message.value()
            if time.monotonic() > deadline:
                raise SourceError(f"{topic}: expected {end} messages within {PATIENCE:.0f} s, was {done}")
    finally:
        consumer.close()


def drop(broker: str, *names: str) -> None:
    """Delete topics, to make room."""
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 5})
    for deleted in admin.delete_topics(list(names)).values():
        deleted.result(PATIENCE)


def _end(consumer: Consumer, place: TopicPartition) -> int:
    if place.topic not in consumer.list_topics(timeout=PATIENCE).topics:
        return 0
    try:
        return int(consumer.get_watermark_offsets(place, timeout=PATIENCE)[1])
    except KafkaException as error:
        raise SourceError(f"expected the end of {place.topic}, was {error}") from error
