"""Several workers share four partitions while some join, leave and are killed: the bars and features of one alone."""

import asyncio
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest

from causal_alpha.frames import heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.references import load_served_set
from causal_alpha.sources.publish import Publisher
from tests.pipeline import oracle
from tests.pipeline.lag import Lag
from tests.pipeline.streams import SYMBOLS, T0, balance, random_ticks, send, stored, unruly, wait_for

pytestmark = [pytest.mark.services, pytest.mark.nightly, pytest.mark.timeout(300)]

PARTITIONS = 4
RATE = 1_500
RETURN, MARKET = map(load_served_set("causal_alpha.features:DEFAULT").names.index, ("return_1", "market_return"))
SETTINGS = {"partitions": PARTITIONS, "calendars": "*=24/7", "quiet_bars": 60, "session_timeout": 6}


def partitions_of(worker: Any) -> set[str]:
    """The partitions of ticks that a worker has counted rows of since it got them."""
    try:
        text = httpx.get(f"{worker.url}/api/v1/metrics", timeout=5).text
    except httpx.HTTPError:
        return set()
    lines = [line for line in text.splitlines() if line.startswith("causal_alpha_ticks_in_total{")]
    return {line.partition('partition="')[2].partition('"')[0] for line in lines}


def shared(*workers: Any) -> bool:
    """Whether each has some partitions, and together they have all of them, once."""
    have = [partitions_of(worker) for worker in workers]
    return all(have) and sorted(name for some in have for name in some) == [str(n) for n in range(PARTITIONS)]


def sums(*workers: Any) -> dict[str, float]:
    total: Counter[str] = Counter()
    for worker in workers:
        total.update(balance(worker.url))
    return dict(total)


async def move_on(broker: str, app_id: str, second: int) -> None:
    """A heartbeat to all partitions, so that every stage has something to do, and to commit."""
    async with Publisher(broker, app_id=app_id, partitions=PARTITIONS) as publisher:
        await publisher.send(heartbeat(T0 + second * SECOND), "test")


def test_workers_come_and_go_without_changing_a_bar_or_a_feature(worker: Any, kafka: str, mongo: str) -> None:
    first, second, third = (worker(start=False, **SETTINGS) for _ in range(3))
    lag = Lag(kafka, first.app_id, PARTITIONS)
    frames, closed = unruly(random_ticks(10**7)), threading.Event()
    first.start()
    with ThreadPoolExecutor() as pool:
        feed = pool.submit(
            lambda: asyncio.run(send(kafka, first.app_id, frames, partitions=PARTITIONS, rate=RATE, stop=closed))
        )
        try:
            wait_for(lambda: shared(first), what="all partitions at work")
            second.launch()
            third.launch()
            wait_for(lambda: shared(first, second, third), what="three workers at work")
            second.kill()
            wait_for(lambda: shared(first, third), what="two workers at work after one was killed")
            first.stop()
            second.launch()
            wait_for(lambda: shared(second, third), what="two workers at work after one has left")
            time.sleep(3)
        finally:
            closed.set()
        sent = sum(len(frame) for frame in feed.result())

    counts = oracle.settle(second)
    assert counts["in"] == sent
    wait_for(lambda: sums(second, third) == counts, what=f"metrics {counts}")

    ends = lag.ends()
    seconds = iter(range(100_000, 200_000))
    wait_for(
        lambda: asyncio.run(move_on(kafka, first.app_id, next(seconds))) or passed(lag, ends),
        what=f"commits up to {ends}",
    )
    whole = [rows for rows in sections(stored(mongo, first.database, "features")) if len(rows) == len(SYMBOLS)]
    assert len(whole) > 10
    for rows in whole:
        returns = np.sort([row["values"][RETURN] for row in rows])
        assert {row["values"][MARKET] for row in rows} == {returns.mean()}


def sections(features: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The features of 1 s bars by time, those of symbols without a return left out."""
    by_start: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in features:
        if row["interval"] == "1s" and np.isfinite(row["values"][RETURN]):
            by_start[row["start"]].append(row)
    return list(by_start.values())


def passed(lag: Lag, ends: dict[tuple[str, int], int]) -> bool:
    committed = lag.committed()
    return all(committed[place] >= end for place, end in ends.items())
