"""Producers for tests that kill things: they go on until told to stop, and know what was taken for certain."""

import asyncio
import itertools
import json
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import NO_ID, Tick
from causal_alpha.sources.publish import partition_of
from tests.pipeline.streams import T0

RUBBISH = (b"{", b"\xff\xff\xff\xffnonsense", b'{"symbol": "F:1", "ts": 1, "price": -1, "size": 1}', b"[1]")
FOREIGN = tuple(f"F:{i}" for i in range(5))
STEP = 600 * SECOND


def since_t0(began: float) -> int:
    """Event time in ms, as far after T0 as now is after `began`."""
    return T0 // MILLISECOND + round((time.monotonic() - began) * 1000)


async def send_foreign(
    broker: str, topic: str, *, partitions: int, rate: float, stop: threading.Event
) -> Counter[tuple[str, int]]:
    """Single JSON ticks, now and then rubbish. Returns how often each symbol and trade id was sent."""
    sent: Counter[tuple[str, int]] = Counter()
    began = time.monotonic()
    async with AIOKafkaProducer(
        bootstrap_servers=broker, enable_idempotence=True, request_timeout_ms=600_000, linger_ms=5
    ) as producer:
        for number in itertools.count():
            if stop.is_set():
                return sent
            symbol = FOREIGN[number % len(FOREIGN)]
            tick = {"symbol": symbol, "ts": since_t0(began), "price": 50 + number % 7, "size": 1 + number % 3}
            value = RUBBISH[number % 4] if number % 50 == 49 else json.dumps(tick | {"id": number}).encode()
            if number % 50 != 49:
                sent[symbol, number] += 1
            place = partition_of(symbol, partitions)
            await producer.send(topic, value, key=symbol.encode(), partition=place)
            await asyncio.sleep(began + number / rate - time.monotonic())
    raise AssertionError("a count has no end")


def post_ticks(url: str, *, stop: threading.Event) -> tuple[list[int], list[int]]:
    """Post rows without a trade id, each once: the sizes of those that got 202, and of those that didn't."""
    taken: list[int] = []
    unsure: list[int] = []
    began = time.monotonic()
    with httpx.Client(timeout=10) as client:
        for number in itertools.count(1):
            if stop.is_set():
                break
            row = {"symbol": f"W:{number % 3}", "ts": since_t0(began), "price": 10 + number % 5, "size": number}
            try:
                fine = client.post(f"{url}/api/v1/ticks", json=row).status_code == 202
            except httpx.HTTPError:
                fine = False
            (taken if fine else unsure).append(number)
            time.sleep(0.02 if fine else 0.2)
    return taken, unsure


def ask_for_history(
    url: str, symbols: Sequence[str], interval: str, start: int, *, stop: threading.Event
) -> tuple[int, Counter[str]]:
    """Ask the simulator for ten minutes after ten minutes, so that four requests are always under way.

    Returns the end of the last ten minutes, and how the requests ended.
    """
    ends: Counter[str] = Counter()
    open_jobs: list[str] = []
    deadline = math.inf
    while open_jobs or not stop.is_set():
        if stop.is_set():
            deadline = min(deadline, time.monotonic() + 120)
        elif len(open_jobs) < 4:
            span = {"start": start // MILLISECOND, "end": (start + STEP) // MILLISECOND}
            wish = {"source": "simulator", "kind": "history", "symbols": symbols, "interval": interval, **span}
            open_jobs.append(insist(lambda wish=wish: httpx.post(f"{url}/api/v1/ingest", json=wish))["id"])
            start += STEP
            continue
        state = insist(lambda: httpx.get(f"{url}/api/v1/ingest/{open_jobs[0]}"))["state"]
        if state in {"done", "failed"}:
            ends[state] += 1
            del open_jobs[0]
        else:
            assert time.monotonic() < deadline, f"expected the end of {open_jobs} within two minutes, was {state}"
            time.sleep(0.1)
    return start, ends


def insist(call: Callable[[], httpx.Response], seconds: float = 120.0) -> Any:
    """What an answer of 2xx says, however often it takes to get one."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = call()
        except httpx.HTTPError as error:
            problem = repr(error)
        else:
            if answer.is_success:
                return answer.json()
            problem = answer.text
        assert time.monotonic() < deadline, f"expected an answer within {seconds} s, was {problem}"
        time.sleep(0.1)


def ids_in(log: Sequence[Sequence[Any]]) -> Counter[tuple[str, int]]:
    """How often each symbol and trade id stands in a log of ticks; rows without an id by their size."""
    seen: Counter[tuple[str, int]] = Counter()
    for message in itertools.chain.from_iterable(log):
        if message.value.startswith(ARROW_MAGIC):
            try:
                ticks = Frame.decode(Tick, message.value)
            except FrameError:
                continue
            numbers = [
                int(size) if id_ == NO_ID else id_
                for id_, size in zip(ticks.ints("id").tolist(), ticks.floats("size").tolist(), strict=True)
            ]
            seen.update(zip(ticks.labels("symbol").tolist(), numbers, strict=True))
        else:
            try:
                row = json.loads(message.value)
                seen[row["symbol"], row["id"]] += 1
            except (ValueError, TypeError, KeyError):
                continue
    return seen
