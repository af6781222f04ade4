"""Kafka or MongoDB is away for a while under a live feed: everything recovers unaided, nothing is lost."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from tests.pipeline import oracle
from tests.pipeline.live import Page, feed_live
from tests.pipeline.producers import ids_in
from tests.pipeline.streams import balance, stored, wait_for

pytestmark = [pytest.mark.services, pytest.mark.nightly, pytest.mark.timeout(600)]

AWAY = float(os.environ.get("CAUSAL_ALPHA_OUTAGE_SECONDS", "15"))
PARTITIONS = 2
RATE = 1_000


def readiness(worker: Any) -> tuple[int, dict[str, bool]]:
    answer = httpx.get(f"{worker.url}/api/v1/ready", timeout=10)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("victim", ["kafka", "mongo"])
def test_outage_loses_nothing_and_needs_no_help(worker: Any, own_kafka: Kafka, own_mongo: Mongo, victim: str) -> None:
    running = worker(
        broker=own_kafka.url, mongo_url=own_mongo.url, partitions=PARTITIONS, calendars="*=24/7", quiet_bars=60
    )
    service = {"kafka": own_kafka, "mongo": own_mongo}[victim]
    page, stop, over = Page(running.url), threading.Event(), threading.Event()
    with ThreadPoolExecutor() as pool:
        feed = pool.submit(
            lambda: asyncio.run(feed_live(own_kafka.url, running.app_id, partitions=PARTITIONS, rate=RATE, stop=stop))
        )
        watching = pool.submit(page.listen, over)
        try:
            wait_for(lambda: stored(own_mongo.url, running.database, "bars"), what="bars")
            process = running.pid

            service.process.kill()
            began = time.monotonic()
            wait_for(lambda: readiness(running)[0] == 503, what="the worker to notice")
            parts = {"ready": False, "kafka": victim != "kafka", "mongo": victim != "mongo", "recovered": True}
            assert readiness(running)[1] == parts
            time.sleep(max(0.0, began + AWAY - time.monotonic()))
            assert readiness(running) == (503, parts)
            seen_meanwhile = [at for at in page.bars.values() if at > began + AWAY / 2]

            service.restart()
            wait_for(lambda: readiness(running)[0] == 200, what="a worker that is ready")
            time.sleep(3)
            stop.set()
            sent = feed.result()
            counts = oracle.settle(running)
            finals = {
                (row["symbol"], row["interval"], round(row["start"].timestamp() * 1000)) for row in traded(running)
            }
            wait_for(lambda: finals <= page.bars.keys(), what="every bar on the page")
        finally:
            stop.set()
            over.set()
        watching.result()

    assert counts == {"in": sent, "in_bars": sent, "late": 0, "duplicate": 0, "rejected": 0}
    assert set(ids_in(oracle.read_log(own_kafka.url, f"{running.app_id}.ticks", PARTITIONS)).values()) == {1}
    wait_for(lambda: balance(running.url) == counts, what=f"metrics {counts}")
    assert (running.alive, running.pid) == (True, process)
    assert page.holes == 0
    if victim == "mongo":
        assert seen_meanwhile  # bars go on to the page while the archive waits


def traded(worker: Any) -> list[dict[str, Any]]:
    """The archived bars with trades, but for those that closed before the page was there."""
    return [bar for bar in stored(worker.settings["mongo_url"], worker.database, "bars") if bar["trades"]]
