import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

pytestmark = pytest.mark.services


@pytest.fixture
async def producer(kafka):
    async with AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=8 * 1024 * 1024) as producer:
        yield producer


async def test_kafka_returns_what_was_sent(kafka, app_id, producer):
    sent = [f"{n}".encode() for n in range(100)]
    for value in sent:
        await producer.send(app_id, value)
    await producer.flush()

    got = await records(kafka, app_id, len(sent))

    assert [record.value for record in got] == sent


async def test_kafka_takes_messages_of_several_megabytes(kafka, app_id, producer):
    value = bytes(7 * 1024 * 1024)

    await producer.send_and_wait(app_id, value)

    assert (await records(kafka, app_id, 1))[0].value == value


async def test_kafka_keeps_records_stamped_years_ago(kafka, app_id, producer):
    long_ago = 1_000_000_000_000
    await producer.send_and_wait(app_id, b"old", timestamp_ms=long_ago)
    await producer.send_and_wait(app_id, b"new")

    assert [record.value for record in await records(kafka, app_id, 2)] == [b"old", b"new"]


async def records(kafka, topic, count):
    """The first `count` records of partition 0."""
    options = {"bootstrap_servers": kafka, "auto_offset_reset": "earliest", "fetch_max_bytes": 64 * 1024 * 1024}
    async with AIOKafkaConsumer(**options, max_partition_fetch_bytes=16 * 1024 * 1024) as consumer:
        consumer.assign([TopicPartition(topic, 0)])
        return [await consumer.getone() for _ in range(count)]
