"""Five thousand ticks a second for as long as you like: memory and lag stay where they are.

`CAUSAL_ALPHA_SOAK_MINUTES` is the time that is measured: one minute by default, three minutes in all; an hour in
`make nightly`.

Memory: what may grow up to a bound gets full first: rings, the hub's records and its log by ten minutes of event time
as fast as the worker takes them, the rest by a hundred seconds of the load itself. Then the worker's resident memory is
read once a second, and a line is fitted through the lower halves of twelve pieces of the readings: memory that comes
and goes shows above them, memory that only comes lifts them. It may rise by `MAY_RISE` over the whole time. A leak of
n bytes a tick rises by 0.3 n MB a minute, so a third of a byte fails the hour. A worker gives back what bursts needed
once a minute (`causal_alpha.memory`), and takes some 10 MB again until then: a minute can't tell that from a leak, so
the short run may rise by as much, and 50 bytes a tick fail it.

Lag: the worker's watermark behind the clock. Its median in the last third may not exceed that of the first by more than
two seconds, whatever the machine is like.
"""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from pymongo import MongoClient

from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.frames import Floats
from tests.pipeline.live import feed_live, feed_past
from tests.pipeline.streams import balance, wait_for

MINUTES = float(os.environ.get("CAUSAL_ALPHA_SOAK_MINUTES", "1"))
RATE = 5_000
PARTITIONS = 2
WARM_UP = 100.0
MAY_RISE = 5.0 if MINUTES >= 10 else 15.0
"""MB."""


def rise(seconds: Floats, megabytes: Floats, pieces: int = 12) -> float:
    """By how much memory rises from the first to the last reading, by a line through the low readings.

    >>> at = np.arange(600.0)
    >>> round(rise(at, 200 + 0.02 * at), 1)
    12.0
    """
    rows = [part for part in np.array_split(np.arange(len(seconds)), pieces) if len(part)]
    lows = [part[megabytes[part] <= np.median(megabytes[part])] for part in rows]
    x = np.asarray([seconds[part].mean() for part in lows])
    y = np.asarray([megabytes[part].mean() for part in lows])
    slope = np.polyfit(x, y, 1)[0]
    return float(slope * (seconds[-1] - seconds[0]))


@pytest.mark.parametrize(
    ("leak", "fails"),
    [(0.0, False), (0.0001, False), (MAY_RISE / 3600 * 1.5, True)],
)
def test_the_judge_of_memory_sees_a_leak_through_noise(leak: float, fails: bool) -> None:
    rng = np.random.default_rng(5)
    at = np.arange(3600.0)
    memory = 250 + leak * at + 20 * (at % 37 < 9) + rng.exponential(3, len(at))  # garbage comes and goes

    assert (rise(at, memory) > MAY_RISE) is fails


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.timeout(MINUTES * 60 + 500)
def test_memory_and_lag_stay_where_they_are(worker: Any, own_kafka: Kafka, own_mongo: Mongo) -> None:
    running = worker(
        broker=own_kafka.url, mongo_url=own_mongo.url, partitions=PARTITIONS, calendars="*=24/7", replay_buffer=2_000
    )
    past = asyncio.run(feed_past(own_kafka.url, running.app_id, partitions=PARTITIONS, seconds=700, rate=200))
    wait_for(lambda: balance(running.url).get("in") == past, 120, "the past")
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        feed = pool.submit(
            lambda: asyncio.run(feed_live(own_kafka.url, running.app_id, partitions=PARTITIONS, rate=RATE, stop=stop))
        )
        try:
            time.sleep(WARM_UP)
            seconds, megabytes, lag = watch(running, MINUTES * 60)
        finally:
            stop.set()
        sent = past + feed.result()

    third = len(seconds) // 3
    assert rise(seconds, megabytes) < MAY_RISE, f"memory in MB: {megabytes[:: max(1, len(megabytes) // 60)].tolist()}"
    assert np.median(lag[-third:]) < np.median(lag[:third]) + 2.0, (
        f"lag in s: {lag[:: max(1, len(lag) // 60)].tolist()}"
    )
    counts = {"in": sent, "in_bars": sent, "late": 0, "duplicate": 0, "rejected": 0}
    wait_for(lambda: balance(running.url) == counts, what=f"metrics {counts}")
    for interval in ("1s", "1m"):
        archived = partial(trades, own_mongo.url, running.database, interval)
        wait_for(lambda archived=archived: archived() == sent, what=f"{sent} trades in bars of {interval}")


def watch(worker: Any, duration: float) -> tuple[Floats, Floats, Floats]:
    """Once a second: the time (s), the worker's resident memory (MB), its watermark's lag behind the clock (s)."""
    process = psutil.Process(worker.pid)
    rows = []
    began = time.monotonic()
    while (passed := time.monotonic() - began) < duration:
        rows.append((passed, process.memory_info().rss / 1e6, time.time() - watermark(worker.url)))
        time.sleep(1.0)
    seconds, megabytes, lag = np.asarray(rows).T
    return seconds, megabytes, lag


def watermark(url: str) -> float:
    """The watermark that is furthest behind, in seconds since 1970."""
    text = httpx.get(f"{url}/api/v1/metrics", timeout=30).text
    lines = [line for line in text.splitlines() if line.startswith("causal_alpha_watermark_seconds{")]
    return min(float(line.rpartition(" ")[2]) for line in lines)


def trades(mongo: str, database: str, interval: str) -> int:
    """How many trades the archived bars of an interval hold."""
    with MongoClient[dict[str, Any]](mongo) as client:
        grouped = client[database]["bars"].aggregate(
            [{"$match": {"interval": interval}}, {"$group": {"_id": None, "trades": {"$sum": "$trades"}}}]
        )
        return sum(row["trades"] for row in grouped)
