"""Kill -9 of worker, broker and MongoDB while requests, ticks, bars, features and rejects are on their way.

Every kill notes which stages had work that the worker hadn't committed; each pair of victim and stage must occur.
"""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.frames import Frame
from causal_alpha.records import Tick
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.simulator import Simulator
from tests.pipeline import oracle
from tests.pipeline.lag import STAGES, Lag
from tests.pipeline.producers import ask_for_history, ids_in, post_ticks, send_foreign
from tests.pipeline.streams import balance, random_ticks, send, unruly, wait_for

pytestmark = pytest.mark.services

PARTITIONS = 2
KILLS = {"worker": 20, "kafka": 8, "mongo": 14}
HISTORY = ("SIM:ALFA", "SIM:BRAVO")


class Killer:
    """Kills and brings back. `hits` counts the victims, and each victim together with each stage under way."""

    def __init__(self, worker: Any, kafka: Kafka, mongo: Mongo) -> None:
        self._worker, self._kafka, self._mongo = worker, kafka, mongo
        self._lag = Lag(kafka.url, worker.app_id, PARTITIONS)
        self._lock = threading.Lock()
        self.hits: Counter[Any] = Counter()

    def run(self, victims: Sequence[str], seed: int) -> None:
        """Kill these, one after the other, with a pause of up to two seconds after each, then once more for each stage
        that a victim hasn't met at work.
        """
        chance = random.Random(seed)
        for victim in victims:
            self._kill(victim)
            time.sleep(chance.uniform(0.3, 2.0))
        for victim in sorted(set(victims)):
            for stage in STAGES:
                if not self.hits[victim, stage]:
                    wait_for(lambda stage=stage: stage in self._lag.stages(), 60, f"work for {stage}")
                    self._kill(victim)

    def _kill(self, victim: str) -> None:
        if victim == "worker":
            wait_for(self.at_work, 60, "a worker at work")
        with self._lock:
            self.hits.update([victim, *((victim, stage) for stage in self._lag.stages())])
        match victim:
            case "worker":
                self._worker.kill()
                self._worker.launch()
            case "kafka":
                self._kafka.process.kill()
                self._kafka.restart()
            case "mongo":
                self._mongo.process.kill()
                self._mongo.restart()

    def at_work(self) -> bool:
        """Whether the worker is ready; one that has given up is started again."""
        if not self._worker.alive:  # it gives up where there is no broker to start with; `causal-alpha up` does this
            self.hits["revived"] += 1
            self._worker.launch()
        try:
            parts = httpx.get(f"{self._worker.url}/api/v1/ready", timeout=5).json()
        except httpx.HTTPError:
            return False
        return bool(parts["kafka"] and parts["recovered"])


@pytest.mark.timeout(900)
@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(1, 7))
def test_kills_anywhere_lose_nothing_and_double_nothing(
    worker: Any, own_kafka: Kafka, own_mongo: Mongo, seed: int
) -> None:
    running = worker(
        broker=own_kafka.url, mongo_url=own_mongo.url, partitions=PARTITIONS, calendars="*=24/7", quiet_bars=60
    )
    topic = f"{running.app_id}.ticks"
    killer = Killer(running, own_kafka, own_mongo)
    frames = unruly(random_ticks(10**7, seed=seed), seed=seed)
    over, closed = threading.Event(), threading.Event()
    with ThreadPoolExecutor() as pool:
        try:
            ticks = pool.submit(
                lambda: asyncio.run(
                    send(own_kafka.url, running.app_id, frames, partitions=PARTITIONS, rate=1_000, stop=closed)
                )
            )
            foreign = pool.submit(
                lambda: asyncio.run(send_foreign(own_kafka.url, topic, partitions=PARTITIONS, rate=50, stop=over))
            )
            posted = pool.submit(post_ticks, running.url, stop=over)
            history = pool.submit(ask_for_history, running.url, HISTORY, "10s", EPOCH, stop=over)
            one, other = shuffled(["worker", "kafka"], seed), shuffled(["mongo"], seed)
            for hand in [pool.submit(killer.run, one, seed), pool.submit(killer.run, other, seed + 1)]:
                hand.result()
            wait_for(killer.at_work, 120, "a worker at work")  # the last kill may have been the broker's, as it started
            over.set()
            end, ends = history.result()
            taken, unsure = posted.result()
            numbers = foreign.result()
        finally:
            over.set()
            closed.set()  # last, as the ticks end with a heartbeat
        sent = Counter(ids for frame in ticks.result() for ids in ids_of(frame))

    past = asyncio.run(Simulator(start=EPOCH).history(HISTORY, "10s", EPOCH, end))
    counts = oracle.settle(running, past=[past])
    wait_for(lambda: balance(running.url) == counts, what=f"metrics {counts}")
    assert list(ends) == ["done"]
    assert counts["in"] == counts["in_bars"] + counts["late"] + counts["duplicate"] + counts["rejected"]
    seen = ids_in(oracle.read_log(own_kafka.url, topic, PARTITIONS))
    posts = Counter({number: n for (symbol, number), n in seen.items() if symbol.startswith("W:")})
    assert Counter({key: n for key, n in seen.items() if key[0].startswith("F:")}) == numbers
    assert Counter({key: n for key, n in seen.items() if key[0].startswith("S")}) == sent
    assert [number for number in taken if posts[number] != 1] == []
    assert [number for number in unsure if posts[number] > 1] == []
    assert all(killer.hits[name] >= times for name, times in KILLS.items())
    assert [(victim, stage) for victim in KILLS for stage in STAGES if not killer.hits[victim, stage]] == []


def shuffled(victims: Sequence[str], seed: int) -> list[str]:
    """Each as often as `KILLS` says."""
    order = [victim for victim in victims for _ in range(KILLS[victim])]
    random.Random(seed).shuffle(order)
    return order


def ids_of(frame: Frame[Tick]) -> Iterator[tuple[str, int]]:
    return zip(frame.labels("symbol").tolist(), frame.ints("id").tolist(), strict=True)
