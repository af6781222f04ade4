"""A hub in memory, its API without a network, and the same behind a real uvicorn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from causal_alpha.errors import CausalAlphaError
from causal_alpha.frames import Frame
from causal_alpha.hub.api import create_api
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import SECOND
from causal_alpha.records import Reject, Request, Tick
from causal_alpha.redrive import Mail, Redriver
from causal_alpha.sinks.memory import MemorySink
from causal_alpha.sinks.redrives import MemoryRedrives

NOW = 1_550_069_065_000_000_000
"""What the hub's clock says in tests, ns."""


@dataclass
class Outbox:
    """A gateway that keeps what it is given; `away` makes it fail as Kafka does."""

    away: bool = False
    ticks: list[Tick] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)

    def _check(self) -> None:
        if self.away:
            raise CausalAlphaError("expected Kafka to answer, was away")

    async def send_ticks(self, frame: Frame[Tick]) -> None:
        self._check()
        self.ticks.extend(frame.rows())

    async def send_rejects(self, frame: Frame[Reject]) -> None:
        self._check()
        self.rejects.extend(frame.rows())

    async def send_request(self, request: Request) -> None:
        self._check()
        self.requests.append(request)

    async def send_again(self, mails: Sequence[Mail]) -> list[int]:
        self._check()
        self.mails.extend(mails)
        return list(range(len(self.mails) - len(mails), len(self.mails)))


@pytest.fixture
def hub() -> Hub:
    return Hub("boot-1", 200, intervals=("1s", "1m"), server="0.1.0", ui="abc", clock=lambda: NOW)


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def redriver(sink: MemorySink, outbox: Outbox) -> Redriver:
    """Of the topic `causal-alpha.ticks` with one partition."""
    return Redriver(
        MemoryRedrives(sink),
        outbox.send_again,
        topic="causal-alpha.ticks",
        place=lambda _: 0,
        tolerance=5 * SECOND,
        clock=lambda: NOW,
    )


@pytest.fixture
def parts() -> dict[str, bool]:
    """What `ready` answers."""
    return {"kafka": True, "mongo": True, "recovered": True}


@pytest.fixture
def api(hub: Hub, sink: MemorySink, outbox: Outbox, redriver: Redriver, parts: dict[str, bool]) -> FastAPI:
    async def ready() -> dict[str, bool]:
        return parts

    return create_api(
        hub=hub,
        reader=sink,
        jobs=sink,
        gateway=outbox,
        redriver=redriver,
        ready=ready,
        registry=CollectorRegistry(),
        version="0.1.0",
        max_request_bytes=10_000,
        lookbacks={"r1": 2, "r5": 6},
        window=64,
        names={"AAPL": "Apple"},
    )


@pytest.fixture
async def http(api: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://hub/api/v1") as client:
        yield client


@pytest.fixture
async def port(api: FastAPI) -> AsyncIterator[int]:
    """Of a real server around the API."""
    # no compression: the tests of slow clients must fill the kernel's buffers
    config = uvicorn.Config(api, port=0, log_level="warning", ws_per_message_deflate=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.005)
    sockets: Any = server.servers[0].sockets
    yield sockets[0].getsockname()[1]
    server.should_exit = True
    await serving
