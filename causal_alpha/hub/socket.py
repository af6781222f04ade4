"""The WebSocket: one task sends, one listens, and either's end closes both."""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect, WebSocketException

from causal_alpha.hub.access import Tokens, bearer
from causal_alpha.hub.clients import Client
from causal_alpha.hub.events import Subscription
from causal_alpha.hub.feed import Filter
from causal_alpha.hub.origin import same_origin
from causal_alpha.hub.stream import Hub

NOT_TEXT, MALFORMED, WRONG_ORIGIN, TOO_LARGE, TOO_SLOW = 1003, 1007, 1008, 1009, 1013
NO_TOKEN = 4401
PROTOCOL_NAME, BEARER = "causal-alpha.v1", "bearer."
"""Subprotocols: ours, and what a client puts before its token, since a page can set no header."""
PATIENCE = 5.0
"""Seconds that a client has for the message with its token."""
LARGEST = 65_536
"""Characters of a client's message."""
GRACE = 5.0
"""Seconds that a slow client has to take the close frame."""


def socket_router(hub: Hub, tokens: Tokens) -> APIRouter:
    """With `tokens`, a client says its own in the subprotocols, or in its first message."""
    router = APIRouter()

    @router.websocket("/ws/v1")
    async def stream(socket: WebSocket) -> None:
        await socket.accept(PROTOCOL_NAME if PROTOCOL_NAME in offered(socket) else None)
        if not same_origin(socket.headers):
            await socket.close(WRONG_ORIGIN, "expected a page of this host")
            return
        if tokens and tokens.role(offered_token(socket)) is None and not await _says_token(socket, tokens):
            await _close(socket, NO_TOKEN, "expected a known token")
            return
        since = socket.query_params.get("since", "")
        number = int(since) if since.isascii() and since.isdigit() and len(since) < 19 else None
        with hub.connect(number, socket.query_params.get("boot")) as client:
            await _serve(socket, hub, client)

    return router


async def _serve(socket: WebSocket, hub: Hub, client: Client) -> None:
    sender = asyncio.create_task(_send(socket, hub, client))
    listener = asyncio.create_task(_listen(socket, client))
    cut = asyncio.create_task(client.cut.wait())
    tasks: set[asyncio.Task[Any]] = {sender, listener, cut}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    if cut.done() and not cut.cancelled():
        await _close(socket, TOO_SLOW, "too slow: come back and resume")
        return
    for error in ended:
        if isinstance(error, WebSocketException):
            await _close(socket, error.code, error.reason)
        elif isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect):
            raise error


async def _send(socket: WebSocket, hub: Hub, client: Client) -> None:
    await socket.send_text(hub.hello(client))
    while True:
        with hub.clients.sending():
            while messages := hub.clients.take(client):
                for message in messages:
                    await socket.send_text(message)
        client.wake.clear()
        await client.wake.wait()


async def _listen(socket: WebSocket, client: Client) -> None:
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        text = message.get("text")
        if text is None:
            raise WebSocketException(NOT_TEXT, "expected text, was bytes")
        if len(text) > LARGEST:
            raise WebSocketException(TOO_LARGE, f"expected at most {LARGEST} characters, was {len(text)}")
        try:
            wanted = _subscription(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise WebSocketException(MALFORMED, f"expected [kind, …], was: {error}"[:100]) from error
        if wanted is not None:
            client.feed.narrow(wanted)
            client.wake.set()


def _subscription(text: str) -> Filter | None:
    """The filter in a `subscribe` message; None for kinds that this hub doesn't know."""
    kind, *facts = msgspec.json.decode(text, type=list[msgspec.Raw]) or [msgspec.Raw(b"null")]
    if msgspec.json.decode(kind) != "subscribe":
        return None
    wanted = msgspec.json.decode(facts[0] if facts else b"null", type=Subscription)
    return Filter(wanted.symbols, wanted.intervals)


def offered(socket: WebSocket) -> list[str]:
    """The subprotocols that the client offers."""
    return [name.strip() for name in socket.headers.get("sec-websocket-protocol", "").split(",")]


def offered_token(socket: WebSocket) -> str | None:
    """The token among the subprotocols, or in the Authorization header of a client that is no page."""
    found = (name.removeprefix(BEARER) for name in offered(socket) if name.startswith(BEARER))
    return next(found, None) or bearer(socket.headers)


async def _says_token(socket: WebSocket, tokens: Tokens) -> bool:
    """Whether the first message is `["token", TOKEN]` with one of ours."""
    try:
        async with asyncio.timeout(PATIENCE):
            kind, token = msgspec.json.decode(await socket.receive_text(), type=tuple[str, str])
    except (TimeoutError, KeyError, msgspec.MsgspecError, RecursionError, WebSocketDisconnect):
        return False
    return kind == "token" and tokens.role(token) is not None


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    # a peer that reads nothing takes no close frame either: the server hangs up then
    with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        await asyncio.wait_for(socket.close(code, reason), GRACE)
