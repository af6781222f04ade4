"""`GET /sessions/{symbol}`."""

from collections.abc import AsyncIterator

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from causal_alpha.errors import SettingsError
from causal_alpha.hub.sessions import sessions_router
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.sessions import FOREVER, Sessions

HOUR = 3600 * SECOND


def hours(symbol: str) -> Sessions:
    if symbol == "NOWHERE":
        raise SettingsError("calendar: expected a name, was NOWHERE")
    if symbol == "SIM:A":
        return Sessions("24/7", opens=np.array([-FOREVER]), closes=np.array([FOREVER - 1]))
    return Sessions("TEST", opens=np.array([9, 33, 57]) * HOUR, closes=np.array([17, 41, 65]) * HOUR)


@pytest.fixture
async def calls() -> AsyncIterator[httpx.AsyncClient]:
    api = FastAPI()
    api.include_router(sessions_router(hours))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://hub") as client:
        yield client


async def ask(calls: httpx.AsyncClient, symbol: str, **span: int) -> list[tuple[int, int]]:
    """Opens and closes in hours; so is `span`, but for its limit."""
    params = {name: value if name == "limit" else value * HOUR // MILLISECOND for name, value in span.items()}
    answer = await calls.get(f"/sessions/{symbol}", params=params)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["sessions"]
    return [(row["open"] * MILLISECOND // HOUR, row["close"] * MILLISECOND // HOUR) for row in rows]


@pytest.mark.parametrize(
    ("span", "found"),
    [
        ({}, [(9, 17), (33, 41), (57, 65)]),
        ({"start": 17, "end": 57}, [(33, 41)]),
        ({"start": 16, "end": 58}, [(9, 17), (33, 41), (57, 65)]),
        ({"start": 20, "end": 30}, []),
        ({"limit": 1}, [(57, 65)]),
    ],
)
async def test_sessions_are_those_that_share_time_with_the_span(
    calls: httpx.AsyncClient, span: dict[str, int], found: list[tuple[int, int]]
) -> None:
    assert await ask(calls, "AAPL", **span) == found


async def test_sessions_of_a_market_that_never_closes_are_one(calls: httpx.AsyncClient) -> None:
    answer = (await calls.get("/sessions/SIM:A", params={"start": 0, "end": 1})).json()

    assert answer["calendar"] == "24/7"
    assert [row["open"] < 0 < row["close"] for row in answer["sessions"]] == [True]


async def test_sessions_of_an_unknown_exchange_say_so(calls: httpx.AsyncClient) -> None:
    answer = await calls.get("/sessions/NOWHERE")

    assert answer.status_code == 503
