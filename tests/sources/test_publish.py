from collections import defaultdict

import numpy as np
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame, gap, heartbeat
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.liveness import read_signs
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.publish import Publisher, partition_of, publish, split
from causal_alpha.sources.simulator import Simulator, made_up_symbols

symbols = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


def tick(symbol: str, ts: int) -> Tick:
    return Tick(symbol=symbol, ts=ts, price=1.0 + ts, size=1.0, source="x")


def bar(symbol: str, start: int, interval: str = "1m") -> Bar:
    return Bar(
        symbol=symbol, interval=interval, start=start, open=1, high=1, low=1, close=1, volume=1, vwap=1, trades=1
    )


@given(rows=st.lists(symbols, max_size=60), partitions=st.integers(1, 5), beat=st.booleans())
def test_split_keeps_every_row_once_in_order_in_its_partition(rows: list[str], partitions: int, beat: bool) -> None:
    meta = {"heartbeat": "99"} if beat else {}
    frame = Frame.of(Tick, [tick(symbol, i) for i, symbol in enumerate(rows)], meta)
    parts = list(split(frame, partitions))
    found = sorted((row.ts, row.symbol) for _, part in parts for row in part.rows())
    assert found == list(enumerate(rows))
    for partition, part in parts:
        assert {partition_of(symbol, partitions) for symbol in part.labels("symbol").tolist()} <= {partition}
        assert part.ints("ts").tolist() == sorted(part.ints("ts").tolist())
        assert set(part.labels("symbol").names) == set(part.labels("symbol").tolist())
    assert [part.meta.get("heartbeat") for _, part in parts] == (["99"] * partitions if beat else [None] * len(parts))


def test_split_cuts_long_frames_and_beats_with_the_last_part_only() -> None:
    frame = Frame.of(Tick, [tick("A", i) for i in range(2_500)], {"heartbeat": "7"})
    parts = [part for _, part in split(frame, 1)]
    assert [len(part) for part in parts] == [1_000, 1_000, 500]
    assert [part.meta for part in parts] == [{}, {}, {"heartbeat": "7"}]


def test_split_keeps_whose_heartbeat_it_is() -> None:
    parts = [part.meta for _, part in split(heartbeat(7, "yahoo"), 3)]
    assert parts == [{"heartbeat": "7", "source": "yahoo"}] * 3
    frame = Frame.of(Tick, [tick("A", 1)], heartbeat(7, "yahoo").meta)
    assert [part.meta for _, part in split(frame, 2)] == [{"heartbeat": "7", "source": "yahoo"}] * 2


@given(names=st.lists(symbols, min_size=1, max_size=20, unique=True), partitions=st.integers(1, 5))
def test_split_tells_each_partition_the_gaps_of_its_symbols(names: list[str], partitions: int) -> None:
    told = {}
    for partition, part in split(gap("yahoo", names, 5, 9), partitions):
        assert len(part) == 0
        (said,) = read_signs(part.meta, 0)
        assert (said.source, said.start, said.end) == ("yahoo", 5, 9)  # type: ignore[union-attr]
        told[partition] = set(said.symbols)  # type: ignore[union-attr]
        assert {partition_of(name, partitions) for name in told[partition]} == {partition}
    assert set().union(*told.values()) == set(names)


class Fixed:
    """A source of given frames."""

    name = "fixed"

    def __init__(self, *frames: Frame[Tick] | Frame[Bar]) -> None:
        self._frames = frames

    async def frames(self):  # type: ignore[no-untyped-def]
        for frame in self._frames:
            yield frame


async def consume(broker: str, topic: str) -> dict[int, list[tuple[bytes, bytes]]]:
    """All (key, value) of a topic by partition."""
    found: dict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets([TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)])
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                found[partition.partition] += [(record.key, record.value) for record in records]
    return found


@pytest.mark.services
async def test_publish_delivers_a_simulation_complete_in_order_and_closed(kafka: str, app_id: str) -> None:
    def simulator() -> Simulator:
        return Simulator(start=EPOCH + DAY, length=60 * SECOND, speed=None, rate=200.0, history=5)

    expected = [frame async for frame in simulator().frames()]
    ticks = Frame.concat([frame for frame in expected if frame.record is Tick])
    async with Publisher(kafka, partitions=4, app_id=app_id) as publisher:
        await publish(simulator(), publisher, closing=60 * SECOND)
        assert publisher.rows == sum(map(len, expected))

    for partition, messages in (await consume(kafka, f"{app_id}.ticks")).items():
        frames = [Frame.decode(Tick, value) for _, value in messages]
        mine = [partition_of(symbol, 4) == partition for symbol in ticks.labels("symbol").tolist()]
        assert list(Frame.concat(frames).rows()) == list(ticks.take(np.asarray(mine)).rows())
        assert frames[-1].meta == {"heartbeat": str(EPOCH + DAY + 120 * SECOND)}
        beats = [int(frame.meta["heartbeat"]) for frame in frames if frame.meta]
        assert beats == sorted(beats)

    bars = await consume(kafka, f"{app_id}.bars")
    for interval, width in (("1s", SECOND), ("1m", 60 * SECOND)):
        messages = [value for found in bars.values() for key, value in found if key == f"default|{interval}".encode()]
        frames = [Frame.decode(Bar, value) for value in messages]
        assert sum(map(len, frames)) == 5 * 8
        for frame in frames:
            assert frame.meta["origin"] == "bars/simulator:7"
            assert int(frame.meta["watermark"]) == int(frame.ints("start").max()) + width
        assert [frame.meta.get("closed") for frame in frames] == [None] * (len(frames) - 1) + ["1"]


@pytest.mark.services
async def test_publish_closes_the_bars_of_a_source_that_did_not(kafka: str, app_id: str) -> None:
    frame = Frame.of(Bar, [bar("A", 0), bar("A", 0, "1s"), bar("A", 60 * SECOND)])
    async with Publisher(kafka, partitions=1, app_id=app_id, universe="us") as publisher:
        await publish(Fixed(frame), publisher)
    found = [(key, Frame.decode(Bar, value)) for key, value in (await consume(kafka, f"{app_id}.bars"))[0]]
    assert [(key, len(frame), frame.meta) for key, frame in found] == [
        (b"us|1m", 2, {"origin": "bars/fixed", "watermark": str(120 * SECOND)}),
        (b"us|1s", 1, {"origin": "bars/fixed", "watermark": str(SECOND)}),
        (b"us|1m", 0, {"origin": "bars/fixed", "watermark": str(120 * SECOND), "closed": "1"}),
        (b"us|1s", 0, {"origin": "bars/fixed", "watermark": str(SECOND), "closed": "1"}),
    ]
    assert await consume(kafka, f"{app_id}.ticks") == {}


@pytest.mark.services
async def test_publisher_sends_a_large_cross_section_under_one_moving_watermark(kafka: str, app_id: str) -> None:
    names = made_up_symbols(9_000)
    async with Publisher(kafka, partitions=1, app_id=app_id) as publisher:
        await publisher.send(Frame.of(Bar, [bar(name, 0) for name in names]), "wide")
        await publisher.send(Frame.of(Bar, [bar(name, 60 * SECOND) for name in names]), "wide")
    found = [Frame.decode(Bar, value) for _, value in (await consume(kafka, f"{app_id}.bars"))[0]]
    assert [len(frame) for frame in found] == [4_000, 4_000, 1_000] * 2
    minute = 60 * SECOND
    assert [int(frame.meta["watermark"]) for frame in found] == [0, 0, minute, minute, minute, 2 * minute]


@pytest.mark.services
async def test_publisher_puts_symbols_where_confluent_kafka_puts_the_same_keys(kafka: str, app_id: str) -> None:
    from confluent_kafka import Producer

    names = [*made_up_symbols(40), "AAPL", "BRK-B", "spot:BTCUSDT", "GBPUSD=X", "^GSPC", "éclair", "株"]
    async with Publisher(kafka, partitions=5, app_id=app_id) as publisher:
        await publisher.send(Frame.of(Tick, [tick(name, 1) for name in names]), "x")
    producer = Producer({"bootstrap.servers": kafka, "partitioner": "murmur2_random"})
    for name in names:
        producer.produce(f"{app_id}.ticks", key=name.encode(), value=b"{}")
    assert producer.flush(20) == 0
    for messages in (await consume(kafka, f"{app_id}.ticks")).values():
        foreign = {key.decode() for key, value in messages if value == b"{}"}
        ours = {s for _, v in messages if v != b"{}" for s in Frame.decode(Tick, v).labels("symbol").names}
        assert ours == foreign != set()


@pytest.mark.services
async def test_publisher_sends_a_lone_heartbeat_to_every_partition(kafka: str, app_id: str) -> None:
    async with Publisher(kafka, partitions=3, app_id=app_id) as publisher:
        await publisher.send(heartbeat(5), "x")
    found = await consume(kafka, f"{app_id}.ticks")
    assert sorted(found) == [0, 1, 2]
    for messages in found.values():
        assert [(key, Frame.decode(Tick, value).meta) for key, value in messages] == [(b"", {"heartbeat": "5"})]


@pytest.mark.services
async def test_publisher_refuses_a_topic_with_other_partitions(kafka: str, app_id: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(f"{app_id}.ticks", 2, 1)])
    await admin.close()
    with pytest.raises(SinkError, match=r"expected Kafka at .* with 3 partitions"):
        async with Publisher(kafka, partitions=3, app_id=app_id, patience=1.5):
            raise AssertionError("entered")


@pytest.mark.services
async def test_publisher_says_which_topic_kafka_refuses(kafka: str) -> None:
    with pytest.raises(SinkError, match=r"expected to create the topic no/such.ticks, was InvalidTopic"):
        async with Publisher(kafka, partitions=1, app_id="no/such"):
            raise AssertionError("entered")


async def test_publisher_says_when_there_is_no_kafka() -> None:
    with pytest.raises(SinkError, match=r"expected Kafka at 127\.0\.0\.1:1 with 1 partitions"):
        async with Publisher("127.0.0.1:1", partitions=1, patience=1.0):
            raise AssertionError("entered")
