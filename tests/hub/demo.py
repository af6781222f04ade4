"""The real hub over a seeded random walk in memory, for working on the page: `python tests/hub/demo.py --port 8123`."""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry

sys.path.insert(0, str(Path(__file__).parents[2]))

from causal_alpha import __version__
from causal_alpha.frames import Frame
from causal_alpha.hub.api import create_api
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import SECOND
from causal_alpha.records import Job, Reject, Request, Tick
from causal_alpha.redrive import Mail, Redriver
from causal_alpha.sinks.memory import MemorySink
from causal_alpha.sinks.redrives import MemoryRedrives
from causal_alpha.ui import page_build
from tests.hub.market import Market


class DemoGateway:
    """Posted ticks move the walk's price; a request is done at once, with nothing to fetch."""

    def __init__(self, hub: Hub, market: Market, sink: MemorySink) -> None:
        self.hub, self.market, self.sink = hub, market, sink

    async def send_ticks(self, frame: Frame[Tick]) -> None:
        for tick in frame.rows():
            if tick.symbol in self.market.symbols:
                self.market.price[self.market.symbols.index(tick.symbol)] = tick.price

    async def send_rejects(self, frame: Frame[Reject]) -> None:
        await self.sink.write([frame])
        self.hub.publish(frame)

    async def send_request(self, request: Request) -> None:
        await self.sink.put_job(Job(id=request.id, state="done"))

    async def send_again(self, mails: Sequence[Mail]) -> list[int]:
        for mail in mails:
            await self.send_ticks(Frame.decode(Tick, mail.value))
        return [0] * len(mails)


async def demo(port: int, start: int | None, every: int) -> None:
    """Serve until stopped; `start` (ms) is where event time begins, now if None; a step each `every` ms."""
    begin = time.time_ns() if start is None else start * 1_000_000
    market, sink = Market(begin // (60 * SECOND) * 60 * SECOND), MemorySink()
    hub = Hub(f"demo-{begin}", intervals=market.interval, server=__version__, ui=page_build())
    for frame in market.history(minutes=300, seconds=300):
        await sink.write([frame])
        hub.publish(frame)
    while market.ts < begin:  # the minute that has begun
        for frame in market.step(250):
            await sink.write([frame])
            hub.publish(frame)

    async def ready() -> dict[str, bool]:
        return {"kafka": True, "mongo": True, "recovered": True}

    gateway = DemoGateway(hub, market, sink)
    api = create_api(
        hub=hub,
        reader=sink,
        jobs=sink,
        gateway=gateway,
        redriver=Redriver(
            MemoryRedrives(sink),
            gateway.send_again,
            topic="causal-alpha.ticks",
            place=lambda _: 0,
            tolerance=5 * SECOND,
            clock=time.time_ns,
        ),
        ready=ready,
        registry=CollectorRegistry(),
        version=__version__,
    )
    server = uvicorn.Server(uvicorn.Config(api, port=port, log_level="warning", timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    print(f"demo page=http://127.0.0.1:{port}/", flush=True)  # noqa: T201
    offset, loop = market.ts, asyncio.get_running_loop()
    origin = loop.time()
    while not serving.done():
        while market.ts - offset < (loop.time() - origin) * SECOND:
            for frame in market.step(every):
                await sink.write([frame])
                hub.publish(frame)
        await asyncio.sleep(every / 1000)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--start", type=int, default=None, help="event time to begin at, ms; default: now")
    parser.add_argument("--every", type=int, default=100, help="milliseconds between two steps of the walk")
    arguments = parser.parse_args()
    asyncio.run(demo(arguments.port, arguments.start, arguments.every))
