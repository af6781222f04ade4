"""A server for the hub benchmark: `python -m benchmarks.hub_server ours|naive RATE`, prints its port.

Both send RATE final bars a second to every client, each with the time of its making as its volume. `ours` is the hub
as a worker has it. `naive` is what a tutorial shows: a list of sockets, and a loop that awaits a JSON send to each.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from prometheus_client import CollectorRegistry

from causal_alpha.assembly import UVICORN
from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.hub.api import create_api
from causal_alpha.hub.messages import bar_events
from causal_alpha.hub.stream import Hub
from causal_alpha.records import Bar
from causal_alpha.redrive import Redriver
from causal_alpha.sinks.memory import MemorySink
from causal_alpha.sinks.redrives import MemoryRedrives

SECOND = 1_000_000_000
Publish = Callable[[Frame[Bar]], Coroutine[Any, Any, None]]


def make_bar(number: int) -> Frame[Bar]:
    """A final bar of one of ten symbols; its volume is the time now, in seconds."""
    fields: dict[str, Any] = dict.fromkeys(("open", "high", "low", "close", "vwap"), 171.25)
    bar = Bar(symbol=f"S{number % 10}", interval="1s", start=number * SECOND, volume=time.time(), trades=3, **fields)
    return Frame.of(Bar, [bar])


class Shut:
    """A gateway that takes nothing: nobody posts here."""

    async def refuse(self, _: Any) -> Any:
        raise SinkError("expected no posts in this benchmark, was one")

    send_ticks = send_rejects = send_request = send_again = refuse


def ours() -> tuple[FastAPI, Publish]:
    """The hub's API without network and store."""
    hub, sink, shut = Hub("benchmark", intervals=("1s",)), MemorySink(), Shut()

    async def ready() -> dict[str, bool]:
        return {"kafka": True, "mongo": True, "recovered": True}

    redriver = Redriver(
        MemoryRedrives(sink), shut.send_again, topic="ticks", place=lambda _: 0, tolerance=0, clock=time.time_ns
    )
    api = create_api(
        hub=hub,
        reader=sink,
        jobs=sink,
        gateway=shut,
        redriver=redriver,
        ready=ready,
        registry=CollectorRegistry(),
        version="0",
    )

    async def publish(frame: Frame[Bar]) -> None:
        hub.publish(frame)

    return api, publish


def naive() -> tuple[FastAPI, Publish]:
    """A list of sockets and a loop over it."""
    api, sockets = FastAPI(), set[WebSocket]()
    count = 0

    @api.websocket("/ws/v1")
    async def stream(socket: WebSocket) -> None:
        await socket.accept()
        sockets.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(socket)

    async def publish(frame: Frame[Bar]) -> None:
        nonlocal count
        for event in bar_events(frame):
            count += 1
            row = [None if value != value else value for value in event]  # noqa: PLR0124  NaN
            for socket in list(sockets):
                await socket.send_json(["log", [[count, *row]]])

    return api, publish


async def serve(kind: str, rate: float) -> None:
    """Until killed."""
    api, publish = ours() if kind == "ours" else naive()
    server = uvicorn.Server(uvicorn.Config(api, port=0, log_level="warning", **UVICORN))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    sockets: Any = server.servers[0].sockets
    print(sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    begin, number = loop.time(), 0
    while not serving.done():
        number += 1
        await publish(make_bar(number))
        await asyncio.sleep(max(0.0, begin + number / rate - loop.time()))


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(sys.argv[1], float(sys.argv[2])))
