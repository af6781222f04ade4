"""Tokens: who may ask what, over HTTP and over the socket."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from causal_alpha.errors import SettingsError
from causal_alpha.hub.access import Tokens, check_exposure
from causal_alpha.hub.api import create_api
from causal_alpha.hub.rates import RateLimit
from causal_alpha.hub.stream import Hub
from causal_alpha.redrive import Redriver
from causal_alpha.sinks.memory import MemorySink
from tests.hub.conftest import Outbox

VIEWER, OPERATOR = "viewer-token-0001", "operator-token-01"


@pytest.fixture
def api(hub: Hub, sink: MemorySink, outbox: Outbox, redriver: Redriver) -> FastAPI:
    """As `conftest.api`, with a token for each role."""

    async def ready() -> dict[str, bool]:
        return {"kafka": True, "mongo": True, "recovered": True}

    digest = hashlib.sha256(OPERATOR.encode()).hexdigest()
    return create_api(
        hub=hub,
        reader=sink,
        jobs=sink,
        gateway=outbox,
        redriver=redriver,
        ready=ready,
        registry=CollectorRegistry(),
        version="0.1.0",
        tokens=Tokens(f"viewer:{VIEWER}\noperator:sha256={digest}"),
    )


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/health", None, 200),
        ("GET", "/symbols", None, 401),
        ("GET", "/symbols", "no-token-of-ours", 401),
        ("GET", "/symbols", VIEWER, 200),
        ("GET", "/metrics", None, 401),
        ("GET", "/openapi.json", None, 401),
        ("POST", "/ticks", VIEWER, 403),
        ("POST", "/ticks", OPERATOR, 202),
        ("POST", "/models/lstm-1d/rollback", VIEWER, 403),
        ("POST", "/models/lstm-1d/rollback", OPERATOR, 503),
        ("POST", "/predict", VIEWER, 404),
    ],
)
async def test_access_by_role(http: httpx.AsyncClient, method: str, path: str, token: str | None, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = [] if path == "/ticks" else {"symbol": "AAPL"}

    answer = await http.request(method, path, headers=headers, json=body if method == "POST" else None)

    assert answer.status_code == status, answer.text
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert "content-security-policy" in answer.headers


async def test_access_tells_the_role(http: httpx.AsyncClient) -> None:
    answer = await http.get("/session", headers={"Authorization": f"Bearer {VIEWER}"})

    assert answer.json() == {"role": "viewer", "tokens": True}


@pytest.mark.parametrize("way", ["subprotocol", "header", "message"])
async def test_access_to_the_socket(port: int, way: str) -> None:
    options: dict[str, object] = {}
    if way == "subprotocol":
        options["subprotocols"] = ["causal-alpha.v1", f"bearer.{VIEWER}"]
    if way == "header":
        options["additional_headers"] = {"Authorization": f"Bearer {VIEWER}"}
    async with connect(f"ws://127.0.0.1:{port}/ws/v1", **options) as socket:  # type: ignore[arg-type]
        if way == "message":
            await socket.send(json.dumps(["token", VIEWER]))
        assert json.loads(await socket.recv())[0] == "hello"
        assert socket.subprotocol == ("causal-alpha.v1" if way == "subprotocol" else None)


@pytest.mark.parametrize("message", ['["token", "wrong-token-of-16"]', '["subscribe", {}]', "[[[["])
async def test_access_to_the_socket_is_refused(port: int, message: str) -> None:
    async with connect(f"ws://127.0.0.1:{port}/ws/v1") as socket:
        await socket.send(message)
        with pytest.raises(ConnectionClosedError):
            await asyncio.wait_for(socket.recv(), 5)

    assert socket.close_code == 4401


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("abcdefghijklmnopqrst", "expected viewer:TOKEN"),
        ("viewer:short", "expected at least 16"),
        ("operator:sha256=12", "expected 64 hexadecimal"),
    ],
)
def test_tokens_that_are_none(text: str, error: str) -> None:
    with pytest.raises(SettingsError, match=error):
        Tokens(text)


def test_tokens_are_not_kept() -> None:
    assert VIEWER not in repr(vars(Tokens(f"viewer:{VIEWER}")))


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "", "example.org"])
def test_exposed_hub_needs_tokens(host: str) -> None:
    check_exposure(host, Tokens(f"viewer:{VIEWER}"))
    with pytest.raises(SettingsError, match="CAUSAL_ALPHA_TOKENS"):
        check_exposure(host, Tokens(""))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_loopback_needs_none(host: str) -> None:
    check_exposure(host, Tokens(""))


@pytest.fixture
async def limited() -> AsyncIterator[tuple[httpx.AsyncClient, list[float]]]:
    """An API behind a limit of one request a second, and its clock."""
    clock, app = [0.0], FastAPI()

    @app.get("/")
    async def root() -> str:
        return "here"

    app.add_middleware(RateLimit, per_second=1, clock=lambda: clock[0])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client:
        yield client, clock


async def test_rates_beyond_the_limit_are_told_to_wait(limited: tuple[httpx.AsyncClient, list[float]]) -> None:
    client, clock = limited

    codes = [(await client.get("/")).status_code for _ in range(5)]
    refused = await client.get("/")
    clock[0] += 1.0
    later = [(await client.get("/")).status_code for _ in range(2)]

    assert codes == [200, 200, 200, 200, 429]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.json() == {"error": "rate: expected at most 1 requests a second, was more"}
    assert later == [200, 429]
