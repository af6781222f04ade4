"""What users of other systems lost with the state of their workers: changelogs cut off at the wrong place."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Tick
from tests.pipeline import oracle
from tests.pipeline.lag import Lag
from tests.pipeline.streams import balance, random_ticks, send, unruly, wait_for

pytestmark = pytest.mark.services

TABLES, MADE_OF = ("open-bars", "recent-bars", "open-forecasts"), ("ticks", "bars", "forecasts")


def truncate(admin: AdminClient, topics: Sequence[str]) -> None:
    """What a policy of `delete` in place of `compact` does to changelogs after a while."""
    policy = [ConfigEntry("cleanup.policy", "delete", incremental_operation=AlterConfigOpType.SET)]
    changes = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=policy) for name in topics]
    for future in admin.incremental_alter_configs(changes).values():
        future.result()
    numbers = {name: admin.list_topics(name).topics[name].partitions for name in topics}
    ends = [TopicPartition(name, number, -1) for name in topics for number in numbers[name]]  # -1: up to the end
    for future in admin.delete_records(ends).values():
        future.result()


def delete(admin: AdminClient, topics: Sequence[str]) -> None:
    for future in admin.delete_topics(list(topics)).values():
        future.result()


def test_case_8_state_whose_changelog_is_lost_is_made_again(worker: Any, kafka: str) -> None:
    """faust #651: recovery got stuck forever when segments of the changelog had expired.

    The snapshots are gone, the commits are not: the worker says so and reads its topics again, and nothing differs.
    """
    running = worker(partitions=2, calendars="*=24/7", quiet_bars=60)
    lag, ticks, stop = Lag(kafka, running.app_id, 2), unruly(random_ticks(10**6)), threading.Event()
    with ThreadPoolExecutor() as pool:
        feed = pool.submit(lambda: asyncio.run(send(kafka, running.app_id, ticks, partitions=2, rate=1_000, stop=stop)))
        try:
            wait_for(lambda: all(lag.committed()[name, 0] > 0 for name in MADE_OF), what=f"commits of {MADE_OF}")
        finally:
            stop.set()
        sent = feed.result()
    oracle.settle(running)
    running.stop()
    logs = [f"{running.app_id}-{name}-changelog" for name in TABLES]
    truncate(AdminClient({"bootstrap.servers": kafka}), logs[:1])
    delete(AdminClient({"bootstrap.servers": kafka}), logs[1:])

    running.start()
    later = [Frame(Tick, {**frame.columns, "ts": frame.ints("ts") + 700 * SECOND}) for frame in sent[:4]]
    asyncio.run(send(kafka, running.app_id, later, partitions=2))

    counts = oracle.settle(running)
    wait_for(lambda: balance(running.url) == counts, what=f"metrics {counts}")
    assert counts["in"] == sum(map(len, [*sent, *later]))
    assert all(f"no snapshot of {name}" in running.log() for name in TABLES)
