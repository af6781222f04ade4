"""The WebSocket behind a real server: hello, resume, filters, slow clients, strangers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from causal_alpha.hub.stream import Hub
from tests.hub.records import bar, bars


class Page:
    """What a page does with the stream: remembers the log, and the newest of every state."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.hello: dict[str, Any] = {}
        self.log: list[list[Any]] = []
        self.state: dict[tuple[str, ...], list[Any]] = {}
        self.flushes = 0

    async def read(self, until: int = -1) -> "Page":
        """Read until the log has that number (-1: until the server is silent for 0.3 s, health left aside)."""
        while until < 0 or not self.log or self.log[-1][0] < until:
            try:
                message = json.loads(await asyncio.wait_for(self.connection.recv(), 0.3 if until < 0 else 20))
            except TimeoutError:
                assert until < 0, f"expected log number {until}, was {self.log[-1:]}"
                return self
            match message:
                case ["hello", facts]:
                    self.hello = facts
                case ["log", events]:
                    self.log += events
                case ["state", events]:
                    self.flushes += 1
                    self.state.update({(e[0], e[1], e[2]) if e[0] == "bar" else (e[0],): e for e in events})
        return self

    @property
    def seqs(self) -> list[int]:
        return [event[0] for event in self.log]


@asynccontextmanager
async def page(port: int, query: str = "", **options: Any) -> AsyncIterator[Page]:
    async with connect(f"ws://127.0.0.1:{port}/ws/v1{query}", **options) as connection:
        yield Page(connection)


async def closed(connection: ClientConnection) -> int | None:
    """The code that the server closes with."""
    with suppress(ConnectionClosedError):
        async with asyncio.timeout(10):
            async for _ in connection:
                pass
    return connection.close_code


async def test_socket_says_hello_and_sends_the_state_whole(hub: Hub, port: int) -> None:
    hub.publish(bars(bar(0), bar(1, "forming")))

    async with page(port) as client:
        await client.read()

    assert client.hello["boot"] == "boot-1"
    assert (client.hello["seq"], client.hello["resumed"], client.hello["symbols"]) == (1, False, ["AAPL"])
    assert client.state["bar", "AAPL", "1m"][11] == "forming"
    assert client.state["health",][1]["clients"] == 1
    assert client.log == []


async def test_socket_resumes_without_hole_or_repeat(hub: Hub, port: int) -> None:
    async with page(port) as client:
        hub.publish(bars(bar(0), bar(1)))
        await client.read(until=2)
    hub.publish(bars(bar(2), bar(3)))

    async with page(port, "?since=2&boot=boot-1") as resumed:
        await resumed.read(until=4)
        hub.publish(bars(bar(4)))
        await resumed.read(until=5)

    assert resumed.hello["resumed"] is True
    assert resumed.hello["seq"] == 4
    assert client.seqs + resumed.seqs == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "query",
    ["", "?since=1&boot=other", "?since=1", "?since=99&boot=boot-1", "?since=x&boot=boot-1", "?since=²&boot=boot-1"],
)
async def test_socket_starts_over_where_it_cannot_resume(hub: Hub, port: int, query: str) -> None:
    hub.publish(bars(bar(0), bar(1)))

    async with page(port, query) as client:
        await client.read()

    assert (client.hello["resumed"], client.hello["seq"], client.log) == (False, 2, [])


async def test_socket_starts_over_when_the_ring_has_moved_on(hub: Hub, port: int) -> None:
    hub.publish(bars(*(bar(n) for n in range(202))))

    async with page(port, "?since=1&boot=boot-1") as late, page(port, "?since=2&boot=boot-1") as early:
        await late.read()
        await early.read(until=202)

    assert (late.hello["resumed"], early.hello["resumed"]) == (False, True)
    assert early.seqs == list(range(3, 203))


async def test_socket_conflates_forming_bars_but_not_their_highs(hub: Hub, port: int) -> None:
    highs = [172.0, 180.0, 180.0, 181.5, 181.5]
    async with page(port) as client:
        await client.read()
        for n in range(1_000):
            hub.publish(bars(bar(0, "forming", high=highs[n // 200], close=170.0 + n / 1_000)))
            if n % 100 == 0:
                await asyncio.sleep(0.001)
        await client.read()

    assert client.state["bar", "AAPL", "1m"][5:8] == [181.5, 171.25, 170.999]
    assert client.flushes < 50
    assert hub.counts()["conflated"] > 900


async def test_socket_sends_only_what_was_subscribed_to(hub: Hub, port: int) -> None:
    async with page(port) as client:
        await client.connection.send('["subscribe", {"symbols": ["MSFT"], "intervals": ["1m"], "future": 1}]')
        await client.connection.send('["some-day"]')
        await client.read()
        hub.publish(bars(bar(0), bar(0, symbol="MSFT"), bar(0, symbol="MSFT", interval="1s")))
        hub.publish(bars(bar(1, "forming"), bar(1, "forming", symbol="MSFT")))
        hub.announce_model("lstm-1m", "1", "champion", "serving", "")
        await client.read(until=4)
        await client.read()

    assert client.seqs == [2, 4, 5]
    assert {key for key in client.state if key[0] == "bar"} == {("bar", "MSFT", "1m")}


async def test_socket_cuts_a_client_that_is_too_slow_and_no_other(hub: Hub, port: int) -> None:
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
    heavy = "x" * 20_000  # bytes an event, to fill the kernel's buffers
    n = 1_500
    async with page(port, sock=narrow, max_queue=1, max_size=None) as slow, page(port, max_size=None) as quick:
        reading = asyncio.create_task(quick.read(until=n))
        for k in range(n):
            hub.publish(bars(bar(k, source=heavy)))
            if k % 25 == 24:
                await asyncio.sleep(0.02)
        await reading
        assert hub.counts()["dropped"] == 1

        assert await closed(slow.connection) == 1013

    assert quick.seqs == list(range(1, n + 1))


async def test_socket_refuses_pages_of_other_hosts(port: int) -> None:
    async with page(port, origin="https://elsewhere.example") as client:
        assert await closed(client.connection) == 1008


async def test_socket_takes_pages_of_its_own_host(port: int) -> None:
    async with page(port, origin=f"http://127.0.0.1:{port}") as client:
        assert (await client.read()).hello["protocol"] == 1


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("x" * 70_000, 1009),
        (b"bytes", 1003),
        ("{", 1007),
        ("[" * 50_000, 1007),
        ('["subscribe"]', 1007),
        ('["subscribe", {"symbols": "AAPL"}]', 1007),
    ],
)
async def test_socket_closes_on_messages_it_cannot_take(hub: Hub, port: int, message: str | bytes, code: int) -> None:
    async with page(port) as client:
        await client.connection.send(message)
        assert await closed(client.connection) == code

    assert hub.counts()["clients"] == 0


async def test_socket_beats_while_nothing_happens(hub: Hub, port: int) -> None:
    async with page(port) as client:
        await client.read()
        before = client.flushes
        message = json.loads(await asyncio.wait_for(client.connection.recv(), 3))

    assert before == 1
    assert [event[0] for event in message[1]] == ["health"]


async def test_socket_leaves_nothing_behind(hub: Hub, port: int) -> None:
    async with page(port) as client:
        await client.read()
    async with asyncio.timeout(2):
        while hub.counts()["clients"]:  # noqa: ASYNC110 - the server's end of the socket closes by itself
            await asyncio.sleep(0.01)

    assert not [task for task in asyncio.all_tasks() if task.get_name() == "hub-flusher"]


async def test_socket_messages_are_json_without_nan(hub: Hub, port: int) -> None:
    async with page(port) as client:
        hub.publish(bars(bar(0, vwap=float("nan"), high=float("inf"))))
        async with asyncio.timeout(3):
            while not (text := str(await client.connection.recv())).startswith('["log"'):
                pass

    assert msgspec.json.decode(text)[1][0][6:11] == [None, 171.25, 171.7, 300.0, None]
