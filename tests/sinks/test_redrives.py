"""Both stores of redrives keep the same promises; MongoDB's is a real one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Reject
from causal_alpha.redrive import PATIENCE, Redrive, Redrives, Selection
from causal_alpha.sinks.identity import record_id
from causal_alpha.sinks.memory import MemorySink
from causal_alpha.sinks.mongo import MongoSink, mongo_database
from causal_alpha.sinks.redrives import MemoryRedrives, MongoRedrives

NOW = 1_700_000_000 * SECOND
REASONS = ("late", "future", "late", "nan")


def rows() -> list[Reject]:
    common: dict[str, Any] = {"topic": "app.ticks", "partition": 0, "row": 0, "detail": "why", "payload": b"\xff{"}
    return [
        Reject(**common, offset=n, ts=NOW + n, reason=reason, symbol="A" if n else "")
        for n, reason in enumerate(REASONS)
    ]


@pytest.fixture
async def memory() -> Redrives:
    sink = MemorySink()
    await sink.write([Frame.of(Reject, rows())])
    return MemoryRedrives(sink)


@pytest.fixture
async def mongodb(mongo: str, database: str) -> AsyncIterator[Redrives]:
    opened = mongo_database(mongo, database)
    await MongoSink(opened).write([Frame.of(Reject, rows())])
    yield MongoRedrives(opened)
    opened.client.close()


@pytest.fixture(params=["memory", pytest.param("mongodb", marks=pytest.mark.services)])
def store(request: pytest.FixtureRequest) -> Redrives:
    found: Redrives = request.getfixturevalue(request.param)
    return found


def redrive(n: int, at: int = NOW, **changes: Any) -> Redrive:
    return Redrive(**{"id": f"app.ticks/0/{n}/0", "at": at, "payload": b"\x00", **changes})


async def offsets(store: Redrives, **wanted: Any) -> list[int]:
    return [kept.reject.offset for kept in await store.find(Selection(**wanted))]


async def test_redrives_find_rejects_by_what_they_are(store: Redrives) -> None:
    assert isinstance(store, Redrives)
    assert [kept.reject for kept in await store.find(Selection())] == rows()
    assert await offsets(store, reason="late") == [0, 2]
    assert await offsets(store, symbol="A") == [1, 2, 3]
    assert await offsets(store, start=NOW + 1, end=NOW + 3) == [1, 2]
    assert await offsets(store, limit=2) == [2, 3]
    assert await offsets(store, ids=(record_id(rows()[3]), "nobody", record_id(rows()[0]))) == [0, 3]
    assert await offsets(store, ids=()) == []


async def test_redrives_are_claimed_once_and_taken_over_when_broken_off(store: Redrives) -> None:
    claims = await asyncio.gather(*(store.claim(redrive(0)) for _ in range(8)))
    soon = await store.claim(redrive(0, NOW + PATIENCE))
    later = await asyncio.gather(*(store.claim(redrive(0, NOW + PATIENCE + MILLISECOND)) for _ in range(8)))
    await store.confirm(redrive(0, NOW + PATIENCE + MILLISECOND, state="sent", to="app.ticks/0/9"))
    after = await store.claim(redrive(0, NOW + 9 * PATIENCE))

    assert (sum(claims), soon, sum(later), after) == (1, False, 1, False)
    [kept] = await store.find(Selection(limit=1, end=NOW + 1))
    assert kept.redrive == redrive(0, NOW + PATIENCE + MILLISECOND, state="sent", to="app.ticks/0/9")


async def test_redrives_tell_what_was_sent_and_where_it_came_from(store: Redrives) -> None:
    for n in (0, 1):
        await store.claim(redrive(n))
    await store.confirm(redrive(0, state="sent", to="app.ticks/0/3"))

    first, second, third, fourth = await store.find(Selection())

    assert (first.redrive, second.redrive) == (redrive(0, state="sent", to="app.ticks/0/3"), redrive(1))
    assert (third.redrive, third.redrive_of) == (None, "")
    assert fourth.redrive_of == "app.ticks/0/0/0"
    assert await offsets(store, fresh=True) == [1, 2, 3]
    assert await offsets(store, fresh=True, reason="late", limit=1) == [2]


async def test_redrives_of_a_silent_mongo_raise_sink_errors() -> None:
    store = MongoRedrives(mongo_database("mongodb://127.0.0.1:9/", "nowhere"))

    calls = (store.find(Selection()), store.claim(redrive(0)), store.confirm(redrive(0)))
    errors = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(error) for error in errors] == [SinkError] * 3
    assert all(str(error).startswith("expected MongoDB to answer") for error in errors)


@pytest.mark.services
async def test_redrives_survive_that_the_archive_writes_a_reject_again(mongo: str, database: str) -> None:
    opened = mongo_database(mongo, database)
    sink, store = MongoSink(opened), MongoRedrives(opened)
    await sink.write([Frame.of(Reject, rows())])
    await store.claim(redrive(0))
    await sink.write([Frame.of(Reject, rows())])

    [kept] = await store.find(Selection(ids=("app.ticks/0/0/0",)))

    assert kept.redrive == redrive(0)
    opened.client.close()
