from typing import Any

import pytest

from causal_alpha.intervals import MILLISECOND
from causal_alpha.scan import Since, extent, scan
from tests.consumer import Consumer, Stamped

HOUR = 3_600_000


async def stamps(monkeypatch: pytest.MonkeyPatch, consumer: Consumer, since: Since, **options: Any) -> list[int]:
    """The stamps (ms) of what `scan` gives, by partition."""
    monkeypatch.setattr("causal_alpha.scan.AIOKafkaConsumer", consumer)
    found = scan("broker", {"t": len(consumer.log)}, since, clock=consumer.clock, **options)
    messages = [message async for batch in found for message in batch]
    return [message.timestamp for message in sorted(messages, key=lambda message: message.partition)]


async def test_scan_leaves_out_what_a_fast_clock_stamped_and_nothing_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer.of([1, 2, 9_000, 3, 5, 4], [5_000, 1], now=8_000)

    found = await stamps(monkeypatch, consumer, Since(), until=5 * MILLISECOND)

    assert found == [1, 2, 3, 4, 1]
    assert consumer.now == 8_000, "expected no waiting for more"


async def test_scan_of_a_time_that_runs_ends_a_second_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    later = [(2_100, 2_000), (4_400, 3_900), (4_500, 4_000), (5_400, 3_999)]
    consumer = Consumer.of([1_000, 90 * HOUR, 1_100], now=1_000, later=[(at, Stamped(0, 0, ts)) for at, ts in later])

    found = await stamps(monkeypatch, consumer, Since(time=1_000 * MILLISECOND), until=4_000 * MILLISECOND)

    assert found == [1_000, 1_100, 2_000, 3_900]
    assert consumer.now == 5_000


async def test_scan_of_a_past_time_reads_what_was_there_at_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a topic that is written faster than it is read it would find no end otherwise."""
    consumer = Consumer.of(range(10), now=5_000, most=2)
    found = []
    monkeypatch.setattr("causal_alpha.scan.AIOKafkaConsumer", consumer)

    async for batch in scan("broker", {"t": 1}, Since(), until=2_000 * MILLISECOND, clock=consumer.clock):
        found += batch
        consumer.log[0] += [Stamped(0, len(consumer.log[0]) + n, 100) for n in range(3)]

    assert [message.timestamp for message in found] == list(range(10))


@pytest.mark.parametrize(
    ("stray", "now", "read"),
    [
        (HOUR + 5, HOUR + 5, 10_100),  # long past, and long after it in the log
        (HOUR + 5, HOUR + 4, 30_000),  # stamped in the future, so surely by a wrong clock
        (HOUR + 4, 9 * HOUR, 30_000),  # a clock may be that fast
    ],
)
async def test_scan_of_a_long_past_time_ends_where_the_log_is_long_after_it(
    monkeypatch: pytest.MonkeyPatch, stray: int, now: int, read: int
) -> None:
    consumer = Consumer.of([1] + [stray] * 9_999 + [2], [1] + [stray] * 29_999, now=now)

    found = await stamps(monkeypatch, consumer, Since(), until=5 * MILLISECOND)

    assert found == [1, 2, 1]
    assert sum(message.partition for message in consumer.read) == read


async def test_scan_without_following_gives_what_is_there_between_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer.of(range(5), range(10, 13))

    async def find(since: Since, **options: Any) -> list[int]:
        return await stamps(monkeypatch, consumer, since, follow=False, **options)

    assert await find(Since()) == [0, 1, 2, 3, 4, 10, 11, 12]
    assert await find(Since(offset=-2)) == [3, 4, 11, 12]
    assert await find(Since(after={0: 1, 1: 2}), upto={0: 3, 1: 2}) == [1, 2]
    assert await extent_of(monkeypatch, consumer) == {0: range(5), 1: range(3)}


async def extent_of(monkeypatch: pytest.MonkeyPatch, consumer: Consumer) -> dict[int, range]:
    monkeypatch.setattr("causal_alpha.scan.AIOKafkaConsumer", consumer)
    return await extent("broker", "t", len(consumer.log))
