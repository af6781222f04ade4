"""Seeded ticks for the tests of the whole pipeline, and what must become of them."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import numpy as np
from pymongo import MongoClient

from causal_alpha.bars import BarState, Beat, Rules, roll
from causal_alpha.frames import Frame, Labels, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.publish import Publisher

T0 = 1_700_000_040 * SECOND
SYMBOLS = tuple(f"S{i:02d}" for i in range(20))


def random_ticks(n: int, *, seed: int = 7, rate: int = 1_000, chunk: int = 500) -> Iterator[Frame[Tick]]:
    """`n` ticks of a random walk from T0 on, `rate` a second of event time, jittered by up to 0.3 s."""
    rng = np.random.default_rng(seed)
    prices = np.full(len(SYMBOLS), 100.0)
    for first in range(0, n, chunk):
        count = min(chunk, n - first)
        symbols = rng.integers(0, len(SYMBOLS), count)
        prices *= np.exp(rng.normal(0, 1e-4, len(SYMBOLS)))
        when = T0 + (first + np.arange(count)) * (SECOND // rate)
        yield Frame.from_columns(
            Tick,
            {
                "symbol": Labels(symbols.astype(np.int32), SYMBOLS),
                "ts": when - rng.integers(0, 300, count) * 1_000_000 + 300_000_000,
                "price": np.round(prices[symbols] + rng.normal(0, 0.01, count), 2),
                "size": np.round(rng.random(count) * 10, 3),
                "id": np.arange(first, first + count),
                "bid": np.full(count, np.nan),
                "ask": np.full(count, np.nan),
                "source": Labels.constant("test", count),
            },
        )


async def send(
    broker: str, app_id: str, frames: list[Frame[Tick]], *, partitions: int, rate: float | None = None
) -> None:
    """Publish, at most `rate` ticks a second, then a heartbeat a minute on so that every bar closes."""
    async with Publisher(broker, app_id=app_id, partitions=partitions) as publisher:
        began, sent, newest = time.monotonic(), 0, 0
        for frame in frames:
            await publisher.send(frame, "test")
            sent, newest = sent + len(frame), max(newest, int(frame.ints("ts").max()))
            if rate is not None:
                await asyncio.sleep(began + sent / rate - time.monotonic())
        await publisher.send(heartbeat(newest + 120 * SECOND), "test")


def expected_bars(frames: list[Frame[Tick]], lateness: float = 1.0) -> list[Bar]:
    """The bars of the ticks, folded in one go, each in its newest revision, by interval, start, symbol."""
    ticks = Frame.concat(frames)
    state = BarState.new(Rules.of(("1s", "1m"), lateness=lateness))
    end = Beat(len(ticks), int(ticks.ints("ts").max()) + 120 * SECOND)
    bars = (bar for frame in roll(state, ticks, [end]).bars.values() for bar in frame.rows())
    newest = {(bar.interval, bar.start, bar.symbol): bar for bar in bars}
    return [bar for _, bar in sorted(newest.items())]


def stored(mongo: str, database: str, collection: str) -> list[dict[str, Any]]:
    """All documents of a collection, sorted by id."""
    with MongoClient[dict[str, Any]](mongo) as client:
        return sorted(client[database][collection].find(), key=lambda document: str(document["_id"]))


def wait_for(check: Callable[[], Any], seconds: float = 60.0, what: str = "") -> Any:
    """Return the first true answer of `check`, asked five times a second."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"expected {what or check} within {seconds} s, was {check()}")


def balance(url: str) -> dict[str, float]:
    """The sums over partitions of the rows' metrics: in, in_bars, late, duplicate, rejected."""
    sums: dict[str, float] = {}
    for line in httpx.get(f"{url}/api/v1/metrics").text.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith("causal_alpha_ticks_in_total"):
            sums["in"] = sums.get("in", 0) + float(value)
        elif name.startswith("causal_alpha_ticks_out_total"):
            outcome = name.partition('outcome="')[2].partition('"')[0]
            sums[outcome] = sums.get(outcome, 0) + float(value)
    return sums
