"""Seeded ticks for the tests of the whole pipeline, and what must become of them."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import httpx
import numpy as np
from pymongo import MongoClient

from causal_alpha.bars import BarState, Beat, Rules, roll
from causal_alpha.calendar import load_sessions, sessions_of
from causal_alpha.frames import Frame, Labels, heartbeat
from causal_alpha.intervals import MILLISECOND, SECOND
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


def unruly(frames: Iterable[Frame[Tick]], *, seed: int = 11) -> Iterator[Frame[Tick]]:
    """The same ticks with quotes, and among them some late by up to four seconds, which revise bars, too late ones,
    unusable ones, and rows that come twice.
    """
    rng = np.random.default_rng(seed)
    for frame in frames:
        n = len(frame)
        luck = rng.random(n)
        ts, price = frame.ints("ts").copy(), frame.floats("price").copy()
        ts[luck < 0.02] -= rng.integers(1_500, 4_000, n)[luck < 0.02] * MILLISECOND
        ts[luck > 0.998] -= 30 * SECOND
        bad = (luck > 0.5) & (luck < 0.503)
        price[bad] = rng.choice([np.nan, -1.0, 0.0, 1e300], n)[bad]
        quotes = {"bid": price - 0.01 * rng.integers(0, 2, n), "ask": price + 0.01 * rng.integers(0, 2, n)}
        quotes = {name: np.where(bad, np.nan, quote) for name, quote in quotes.items()}
        again = np.sort(np.append(np.arange(n), np.flatnonzero((luck > 0.2) & (luck < 0.204))))
        yield Frame(Tick, {**frame.columns, "ts": ts, "price": price, **quotes}).take(again)


async def send(
    broker: str,
    app_id: str,
    frames: Iterable[Frame[Tick]],
    *,
    partitions: int,
    rate: float | None = None,
    stop: threading.Event | None = None,
) -> list[Frame[Tick]]:
    """Publish, at most `rate` ticks a second and until `stop`, then a heartbeat ten minutes on, which closes every bar.

    Returns what was sent: Kafka has all of it.
    """
    gone: list[Frame[Tick]] = []
    async with Publisher(broker, app_id=app_id, partitions=partitions) as publisher:
        began, sent, newest = time.monotonic(), 0, 0
        for frame in frames:
            if stop is not None and stop.is_set():
                break
            await publisher.send(frame, "test")
            gone.append(frame)
            sent, newest = sent + len(frame), max(newest, int(frame.ints("ts").max()))
            if rate is not None:
                await asyncio.sleep(began + sent / rate - time.monotonic())
        await publisher.send(heartbeat(newest + 600 * SECOND), "test")
    return gone


def expected_bars(frames: list[Frame[Tick]], lateness: float = 1.0) -> list[Bar]:
    """The bars of the ticks, folded in one go, each in its newest revision, by interval, start, symbol."""
    ticks = Frame.concat(frames)
    state = BarState.new(Rules.of(("1s", "1m"), lateness=lateness), lambda symbol: load_sessions(sessions_of(symbol)))
    end = Beat(len(ticks), int(ticks.ints("ts").max()) + 600 * SECOND)
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
