"""A local WebSocket server that streams quotes as Yahoo does: subscribe, then base64 of protobuf in JSON; and fails."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

Script = Callable[[ServerConnection, int], Awaitable[None]]
"""What happens on a connection after it has subscribed, the n-th from 0; when it returns, the connection is closed."""


class YahooSocket:
    """`hellos` lists what was subscribed to, by connection."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.hellos: list[list[str]] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/?version=2"

    @property
    def connections(self) -> int:
        return len(self.hellos)

    async def handle(self, connection: ServerConnection) -> None:
        hello = json.loads(await connection.recv())
        self.hellos.append(hello["subscribe"])
        with suppress(ConnectionClosed):
            await self.script(connection, len(self.hellos) - 1)


@asynccontextmanager
async def streaming(script: Script, *, port: int = 0) -> AsyncIterator[YahooSocket]:
    yahoo = YahooSocket(script)
    async with serve(yahoo.handle, "127.0.0.1", port, ping_interval=None, close_timeout=0.2) as server:
        yahoo.port = server.sockets[0].getsockname()[1]
        yield yahoo


def message(symbol: str, ms: int, price: float, volume: int = 0, **fields: Any) -> str:
    """A quote as Yahoo sends it; `fields` are those of its protobuf, encoded by Google's library."""
    from yfinance.pricing_pb2 import PricingData

    given = {"market_hours": 1, "quote_type": 8, "currency": "USD", "exchange": "NMS"} | fields
    data = PricingData(id=symbol, time=ms, price=price, day_volume=volume, **given).SerializeToString()
    return json.dumps({"type": "pricing", "message": base64.b64encode(data).decode()})
