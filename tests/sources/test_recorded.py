import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer

from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.recording import Facts, Message, Recorder
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.recorded import Recorded

STAMP = 1_700_000_000_000


def message(topic: str, seconds: float, value: bytes | None, partition: int = 0) -> Message:
    return Message(topic, partition, 0, STAMP + round(1_000 * seconds), b"k", value, (("h", b"v"),))


def tick(n: int) -> bytes:
    return Frame.of(Tick, [Tick(symbol="A", ts=STAMP * MILLISECOND + n, price=1.5, size=2.0)]).encode()


def bar(n: int, origin: str) -> bytes:
    start = STAMP * MILLISECOND + n * SECOND
    row = Bar(symbol="A", interval="1s", start=start, open=1, high=1, low=1, close=1, volume=1, vwap=1, trades=1)
    return Frame.of(Bar, [row], {"origin": origin}).encode()


def record(folder: Path, *messages: Message) -> Path:
    for topic in dict.fromkeys(message.topic for message in messages):
        recorder = Recorder(folder / topic, Facts(topic=topic, partitions=2, app_id="app"))
        recorder.write([message for message in messages if message.topic == topic])
    return folder


TICKS = [
    message("ticks", 1.0, tick(1)),
    message("ticks", 0.9, tick(2), 1),  # producers' clocks differ
    message("ticks", 2.0, heartbeat(5).encode()),
    message("ticks", 3.0, None),
    message("ticks", 6.0, b"{"),
]
BARS = [
    message("bars", 0.5, bar(0, "bars/yahoo")),
    message("bars", 2.1, bar(1, "ticks/0")),
    message("bars", 2.5, bar(2, "bars/yahoo:fill")),
    message("bars", 2.6, b"nonsense"),
]


class Topics:
    """Stands in for a producer: keeps what is sent, and when; messages are on their way until asked about."""

    def __init__(self) -> None:
        self.now = 0
        self.sent: list[tuple[int, str, dict[str, Any]]] = []
        self.waiting: set[str] = set()

    async def send(self, topic: str, **message: Any) -> "asyncio.Future[None]":
        assert self.waiting <= {topic}, "expected the other topic to have all that came before"
        self.waiting.add(topic)
        self.sent.append((self.now, topic, message))
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(self._deliver, future, topic)
        return future

    def _deliver(self, future: "asyncio.Future[None]", topic: str) -> None:
        self.waiting.discard(topic)
        future.set_result(None)

    async def sleep(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)
        await asyncio.sleep(0)

    async def take(self, path: Path, speed: float | None) -> Recorded:
        feed = Recorded(path, speed=speed, clock=lambda: self.now, sleep=self.sleep)
        await feed._send_all(cast(AIOKafkaProducer, self), "other")
        return feed

    def messages(self) -> list[tuple[str, int, bytes | None]]:
        return [(topic, message["timestamp_ms"], message["value"]) for _, topic, message in self.sent]


def wanted(messages: Sequence[Message]) -> list[tuple[str, int, bytes | None]]:
    return [(f"other.{one.topic}", one.timestamp, one.value) for one in messages]


async def test_recorded_sends_ticks_and_the_bars_that_are_not_made_of_them(tmp_path: Path) -> None:
    topics = Topics()

    feed = await topics.take(record(tmp_path, *TICKS, *BARS), speed=None)

    assert topics.messages() == wanted([BARS[0], *TICKS[:3], BARS[2], BARS[3], *TICKS[3:]])
    assert feed.rows == 8
    assert topics.sent[2][2] == {
        **{"value": TICKS[1].value, "key": b"k", "partition": 1, "timestamp_ms": STAMP + 900},
        **{"headers": [("h", b"v")]},
    }


async def test_recorded_bars_alone_are_all_sent(tmp_path: Path) -> None:
    topics = Topics()

    await topics.take(record(tmp_path, *BARS), speed=None)

    assert topics.messages() == wanted(BARS)


@pytest.mark.parametrize("speed", [1.0, 10.0])
async def test_recorded_keeps_the_time_between_messages(tmp_path: Path, speed: float) -> None:
    topics = Topics()

    await topics.take(record(tmp_path, *TICKS), speed=speed)

    seconds = [at * speed / SECOND for at, *_ in topics.sent]
    assert seconds == pytest.approx([0, 0, 1, 2, 5], abs=1e-6)


async def test_recorded_at_full_speed_waits_for_nothing(tmp_path: Path) -> None:
    topics = Topics()

    await topics.take(record(tmp_path, *TICKS), speed=0)

    assert topics.now == 0


def test_recorded_refuses_what_holds_neither_ticks_nor_bars(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected a recording of ticks or bars, was of rejects"):
        Recorded(record(tmp_path, message("rejects", 0, b"")))
