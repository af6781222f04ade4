"""A live feed and a page that watches it, each in a thread of its own."""

import asyncio
import json
import threading
import time
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from causal_alpha.frames import Frame, Labels, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.records import Tick
from causal_alpha.sources.publish import Publisher
from tests.pipeline.streams import SYMBOLS


def ticks_of(first: int, n: int, start: int, end: int) -> Frame[Tick]:
    """`n` ticks numbered from `first` on, spread evenly over `[start, end)` (ns)."""
    numbers = np.arange(first, first + n)
    return Frame.from_columns(
        Tick,
        {
            "symbol": Labels((numbers % len(SYMBOLS)).astype(np.int32), SYMBOLS),
            "ts": start + np.arange(n) * (end - start) // max(n, 1),
            "price": 100 + (numbers * 7919 % 1_000) / 100,
            "size": 1.0 + numbers % 10,
            "id": numbers,
            "source": Labels.constant("live", n),
        },
    )


async def feed_live(broker: str, app_id: str, *, partitions: int, rate: int, stop: threading.Event) -> int:
    """Ticks with the present time and a heartbeat a second, as a source of ours sends them; returns how many.

    What falls due while Kafka takes nothing is sent when it does again, with the stamps of when it fell due.
    """
    async with Publisher(broker, app_id=app_id, partitions=partitions) as publisher:
        began, sent, beat = time.time_ns(), 0, 0
        last = began
        while not stop.is_set():
            await asyncio.sleep(0.02)
            now = time.time_ns()
            due = (now - began) * rate // SECOND - sent
            for first in range(0, due, 5_000):
                n = min(5_000, due - first)
                start, end = (last + (now - last) * place // due for place in (first, first + n))
                await publisher.send(ticks_of(sent + first, n, start, end), "live")
            sent, last = sent + due, now
            if now - beat >= SECOND:
                beat = now
                await publisher.send(heartbeat(now, "live"), "live")
        await asyncio.sleep(1.5)  # the last bars close by a heartbeat that is not from the future
        await publisher.send(heartbeat(time.time_ns() + 2 * SECOND), "live")
    return sent


async def feed_past(broker: str, app_id: str, *, partitions: int, seconds: int, rate: int) -> int:
    """The ticks of so many seconds before now, as fast as Kafka takes them; returns how many."""
    start = time.time_ns() // SECOND * SECOND - seconds * SECOND
    async with Publisher(broker, app_id=app_id, partitions=partitions) as publisher:
        for second in range(seconds):
            first = start + second * SECOND
            await publisher.send(ticks_of(-(second + 1) * rate, rate, first, first + SECOND), "live")
            await publisher.send(heartbeat(first + SECOND, "live"), "live")
    return seconds * rate


class Page:
    """Listens to a hub's socket, comes back when it is cut and resumes. `bars`: keys of the log's bars and when each
    came (seconds of the steady clock); `connections`: how often it had to connect.
    """

    def __init__(self, url: str) -> None:
        self._url = url.replace("http://", "ws://") + "/ws/v1"
        self.bars: dict[tuple[Any, ...], float] = {}
        self.connections = 0
        self.holes = 0
        self._seq, self._boot = 0, ""

    def listen(self, stop: threading.Event) -> None:
        while not stop.is_set():
            place = f"?since={self._seq}&boot={self._boot}" if self._boot else ""
            try:
                with connect(self._url + place, max_size=None) as socket:
                    self.connections += 1
                    while not stop.is_set():
                        try:
                            self._take(json.loads(socket.recv(timeout=0.2)))
                        except TimeoutError:
                            continue
            except (ConnectionClosed, OSError):
                time.sleep(0.2)

    def _take(self, message: list[Any]) -> None:
        kind, body = message
        if kind == "hello":
            if self._boot and not body["resumed"]:
                self.holes += 1
            self._boot, self._seq = body["boot"], body["seq"] if not body["resumed"] else self._seq
        elif kind == "log":
            for seq, *event in body:
                self._seq = seq
                if event[0] == "bar":
                    self.bars[tuple(event[1:4])] = time.monotonic()
