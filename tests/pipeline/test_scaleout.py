"""Several workers share partitions while some join, leave and are killed: the bars and features of one alone."""

import asyncio
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import numpy as np
import pytest

from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Tick
from causal_alpha.references import load_served_set
from causal_alpha.sources.publish import Publisher
from tests.pipeline import oracle
from tests.pipeline.lag import Lag
from tests.pipeline.streams import SYMBOLS, T0, balance, random_ticks, send, stored, unruly, wait_for

pytestmark = [pytest.mark.services, pytest.mark.alone, pytest.mark.timeout(300)]

RATE = 1_500
RETURN, MARKET = map(load_served_set("causal_alpha.features:DEFAULT").names.index, ("return_1", "market_return"))
SIX = 6
"""Partitions for two or three workers: of four, Faust's assignor leaves two with each of the first two workers, and the
third without any, if they have come one by one."""
SETTINGS = {"calendars": "*=24/7", "quiet_bars": 60, "session_timeout": 6}


def partitions_of(worker: Any) -> set[str]:
    """The partitions of ticks that a worker has counted rows of since it got them."""
    try:
        text = httpx.get(f"{worker.url}/api/v1/metrics", timeout=5).text
    except httpx.HTTPError:
        return set()
    lines = [line for line in text.splitlines() if line.startswith("causal_alpha_ticks_in_total{")]
    return {line.partition('partition="')[2].partition('"')[0] for line in lines}


def shared(*workers: Any, partitions: int) -> bool:
    """Whether each has some partitions, and together they have all of them, once."""
    have = [partitions_of(worker) for worker in workers]
    return all(have) and sorted(name for some in have for name in some) == [str(n) for n in range(partitions)]


def sums(*workers: Any) -> dict[str, float]:
    total: Counter[str] = Counter()
    for worker in workers:
        total.update(balance(worker.url))
    return dict(total)


async def move_on(broker: str, app_id: str, partitions: int, second: int) -> None:
    """A trade of each symbol a while later, so that every stage has something to do, and to commit."""
    ticks = [
        Tick(symbol=name, ts=T0 + second * SECOND, price=100.0, size=1.0, id=10**9 + second, source="test")
        for name in SYMBOLS
    ]
    async with Publisher(broker, app_id=app_id, partitions=partitions) as publisher:
        await publisher.send(Frame.of(Tick, ticks, {"heartbeat": str(T0 + second * SECOND)}), "test")


@contextmanager
def feeding(kafka: str, worker: Any, partitions: int) -> Iterator[list[int]]:
    """Sends unruly ticks to a worker's app meanwhile; how many there were stands in the list afterwards."""
    frames, closed, sent = unruly(random_ticks(10**7)), threading.Event(), list[int]()
    with ThreadPoolExecutor() as pool:
        feed = pool.submit(
            lambda: asyncio.run(send(kafka, worker.app_id, frames, partitions=partitions, rate=RATE, stop=closed))
        )
        try:
            yield sent
        finally:
            closed.set()
        sent.append(sum(map(len, feed.result())))


def check_everything(kafka: str, mongo: str, workers: Sequence[Any], partitions: int, sent: int) -> None:
    """Bars, features and counts are those of one worker without interruption, all of it gets committed, and every
    vector has seen the whole cross-section.
    """
    counts = oracle.settle(workers[0])
    assert counts["in"] == sent
    wait_for(lambda: sums(*workers) == counts, what=f"metrics {counts}")

    app_id = workers[0].app_id
    lag = Lag(kafka, app_id, partitions)
    ends, seconds = lag.ends(), iter(range(10_000, 20_000))
    wait_for(
        lambda: asyncio.run(move_on(kafka, app_id, partitions, next(seconds))) or passed(lag, ends),
        what=f"commits up to {ends}",
    )
    whole = [rows for rows in sections(stored(mongo, workers[0].database, "features")) if len(rows) == len(SYMBOLS)]
    assert len(whole) > 10
    for rows in whole:
        returns = np.sort([row["values"][RETURN] for row in rows])
        assert {row["values"][MARKET] for row in rows} == {returns.mean()}


def test_worker_joins_and_is_killed_without_changing_a_bar_or_a_feature(worker: Any, kafka: str, mongo: str) -> None:
    """Case 7 of the peers' reference: after two rebalances commits go on, and nothing comes twice."""
    first, second = (worker(start=False, partitions=2, **SETTINGS) for _ in range(2))
    first.start()
    with feeding(kafka, first, 2) as sent:
        wait_for(lambda: shared(first, partitions=2), what="all partitions at work")
        second.launch()
        wait_for(lambda: shared(first, second, partitions=2), what="two workers at work")
        second.kill()
        wait_for(lambda: shared(first, partitions=2), what="one worker at work after one was killed")
        time.sleep(1)
    check_everything(kafka, mongo, [first], 2, *sent)


def test_workers_come_and_go_without_changing_a_bar_or_a_feature(worker: Any, kafka: str, mongo: str) -> None:
    first, second, third = (worker(start=False, partitions=SIX, **SETTINGS) for _ in range(3))
    first.start()
    with feeding(kafka, first, SIX) as sent:
        wait_for(lambda: shared(first, partitions=SIX), what="all partitions at work")
        second.launch()
        third.launch()
        wait_for(lambda: shared(first, second, third, partitions=SIX), what="three workers at work")
        second.kill()
        wait_for(lambda: shared(first, third, partitions=SIX), what="two workers at work after one was killed")
        first.stop()
        second.launch()
        wait_for(lambda: shared(second, third, partitions=SIX), what="two workers at work after one has left")
        time.sleep(3)
    check_everything(kafka, mongo, [second, third], SIX, *sent)


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
