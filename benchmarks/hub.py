"""Sends a second from the hub to many sockets, beside a naive FastAPI loop; and what a client that stalls costs.

A send is a log event at a client. Both servers get the same events at the same rate, more than is asked for, so that
what arrives is what the server manages. Clients run in this process, the server in another, and both share the
machine. A stalled client reads nothing; its cost is how much the server grows while several of them stall.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import click
import msgspec
import numpy as np
import psutil
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.machine import describe_machine, say
from benchmarks.services import ROOT
from causal_alpha.errors import ServiceError

VOLUME = 9
"""Place of a bar's volume in a log event: the time when it was made."""
STALLED = 20
MB = 2**20
_decode = msgspec.json.Decoder().decode


@click.command()
@click.option("--clients", default=200, show_default=True)
@click.option("--rate", default=60.0, show_default=True, help="Events a second to each client.")
@click.option("--seconds", default=15.0, show_default=True, help="That count, after a third of that to warm up.")
@click.option("--quick", is_flag=True, help="Few clients and seconds, to see that it works.")
def hub(clients: int, rate: float, seconds: float, quick: bool) -> None:
    """Sends a second from the hub to 200 WebSockets, beside a naive loop."""
    describe_machine()
    if quick:
        clients, seconds = 20, 2.0
    found = {}
    for kind in ("ours", "naive"):
        with server(kind, rate) as (port, process):
            sends, latency = uvloop.run(measure(port, clients, seconds))
            say(f"{kind}: {sends:,.0f} sends/s, p50 {latency[0]:.1f} ms, p99 {latency[1]:.1f} ms")
            found[kind] = sends, latency
            if kind == "ours":
                stalled = uvloop.run(stall(port, process, seconds))
                say(f"a stalled client: {stalled:.2f} MB")
    result = {
        "sends_per_s": round(found["ours"][0]),
        "p50_ms": round(found["ours"][1][0], 1),
        "p99_ms": round(found["ours"][1][1], 1),
        "stalled_client_mb": round(stalled, 3),
        "naive_sends_per_s": round(found["naive"][0]),
        "naive_p99_ms": round(found["naive"][1][1], 1),
        "clients": clients,
        "rate": rate,
    }
    click.echo(json.dumps(result))


@contextmanager
def server(kind: str, rate: float) -> Iterator[tuple[int, psutil.Process]]:
    """The port and the process of a server that publishes already. Raises ServiceError if it doesn't start."""
    argv = [sys.executable, "-m", "benchmarks.hub_server", kind, str(rate)]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line.isdigit():
                raise ServiceError(f"{kind} server: expected a port, was {line!r}")
            yield int(line), psutil.Process(process.pid)
        finally:
            process.kill()


async def measure(port: int, clients: int, seconds: float) -> tuple[float, tuple[float, float]]:
    """Sends a second, and p50 and p99 in ms from making an event to having it decoded."""
    took: list[float] = []
    counting = asyncio.Event()
    async with AsyncExitStack() as stack:
        url = f"ws://127.0.0.1:{port}/ws/v1"
        sockets = [await stack.enter_async_context(connect(url, compression=None)) for _ in range(clients)]
        readers = [asyncio.create_task(_read(one, took, counting)) for one in sockets]
        await asyncio.sleep(seconds / 3)
        counting.set()
        begin = time.perf_counter()
        await asyncio.sleep(seconds)
        sends = len(took) / (time.perf_counter() - begin)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    if not took:
        raise ServiceError("hub: expected events at the clients, was none")
    p50, p99 = np.quantile(np.asarray(took), (0.5, 0.99)).tolist()
    return sends, (1000 * p50, 1000 * p99)


async def _read(connection: ClientConnection, took: list[float], counting: asyncio.Event) -> None:
    try:
        async for text in connection:
            message = _decode(text)
            if message[0] == "log" and counting.is_set():
                now = time.time()
                took.extend(now - event[VOLUME] for event in message[1])
    except ConnectionClosed:
        return


async def stall(port: int, process: psutil.Process, seconds: float) -> float:
    """Megabytes that the server grows by for each client that reads nothing."""
    await asyncio.sleep(1.0)
    before = process.memory_info().rss
    async with AsyncExitStack() as stack:
        for _ in range(STALLED):
            narrow = socket.socket()
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            narrow.setblocking(False)
            await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
            url = f"ws://127.0.0.1:{port}/ws/v1"
            one = await connect(url, sock=narrow, compression=None, max_queue=1)
            stack.callback(one.transport.abort)
        await asyncio.sleep(seconds)
        return max(0.0, (process.memory_info().rss - before) / STALLED / MB)
