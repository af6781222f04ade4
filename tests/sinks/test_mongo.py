"""MongoSink and MongoReader on a real MongoDB."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo import MongoClient

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Job
from causal_alpha.sinks.base import Jobs, Reader, Sink
from causal_alpha.sinks.checks import check_sink
from causal_alpha.sinks.mongo import MongoReader, MongoSink, mongo_database

SILENT = "mongodb://127.0.0.1:9/"
"""Nobody listens on the discard port."""


def bar(n: int, revision: int = 0, close: float = 171.7) -> Bar:
    prices = {"open": 171.5, "high": 172.0, "low": 171.5, "close": close, "volume": 300.0, "vwap": 171.75}
    state = "revised" if revision else "final"
    about = {"symbol": "AAPL", "interval": "1m", "start": n * 60 * SECOND, "source": "simulator:7"}
    return msgspec.convert({**about, **prices, "trades": 3, "state": state, "revision": revision}, Bar)


@pytest.fixture
async def archive(mongo: str, database: str) -> AsyncIterator[Any]:
    opened = mongo_database(mongo, database)
    yield opened
    opened.client.close()


@pytest.mark.services
async def test_mongo_passes_the_sink_check(archive: Any) -> None:
    sink, reader = MongoSink(archive), MongoReader(archive)

    await check_sink(sink, reader)

    assert isinstance(sink, Sink)
    assert isinstance(reader, Reader)
    assert isinstance(reader, Jobs)


@pytest.mark.services
async def test_mongo_document_of_a_bar_is_as_documented(archive: Any, mongo: str, database: str) -> None:
    await MongoSink(archive).write([Frame.of(Bar, [bar(1)])])

    with MongoClient[dict[str, Any]](mongo) as client:
        (document,) = client[database]["bars"].find()
    assert document == {
        "_id": "AAPL|1m|60000000000",
        "symbol": "AAPL",
        "interval": "1m",
        "start": datetime(1970, 1, 1, 0, 1),  # noqa: DTZ001 - as pymongo gives it
        "open": 171.5,
        "high": 172.0,
        "low": 171.5,
        "close": 171.7,
        "volume": 300.0,
        "vwap": 171.75,
        "trades": 3,
        "state": "final",
        "revision": 0,
        "quality": "ok",
        "source": "simulator:7",
        "known_at": datetime(1970, 1, 1),  # noqa: DTZ001
    }


@pytest.mark.services
@given(order=st.permutations(range(4)), cuts=st.sets(st.integers(1, 3)))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_mongo_keeps_the_highest_revision_in_any_order_of_writes(
    mongo: str, database: str, order: list[int], cuts: set[int]
) -> None:
    opened = mongo_database(mongo, database)  # a client belongs to the event loop of its example
    await opened["bars"].delete_many({})
    sink, reader = MongoSink(opened), MongoReader(opened)
    versions = [bar(0, revision, close=float(revision)) for revision in order]
    edges = [0, *sorted(cuts), 4]

    for first, last in pairwise(edges):
        await sink.write([Frame.of(Bar, versions[first:last])])

    assert await reader.read(Bar) == [bar(0, 3, close=3.0)]
    opened.client.close()


@pytest.mark.services
async def test_mongo_keeps_the_highest_revision_of_concurrent_writers(archive: Any) -> None:
    sink = MongoSink(archive)
    frames = [Frame.of(Bar, [bar(n, revision) for n in range(50)]) for revision in (2, 0, 1, 2, 1, 0)]

    await asyncio.gather(*(sink.write([frame]) for frame in frames))

    assert await MongoReader(archive).read(Bar) == [bar(n, 2) for n in range(50)]


@pytest.mark.services
async def test_mongo_keeps_what_stood_before_a_revision(archive: Any) -> None:
    sink = MongoSink(archive)
    changes = {"symbol": "$SPX"}
    first, second, third = (
        msgspec.structs.replace(bar(0, n, close=n + 1.0), known_at=n * 60 * SECOND, **changes) for n in range(3)
    )

    for version in (first, second, second, third, first):
        await sink.write([Frame.of(Bar, [version])])

    (document,) = await archive["bars"].find().to_list(2)
    assert (document["revision"], document["close"], document["symbol"]) == (2, 3.0, "$SPX")
    assert [(old["revision"], old["close"], old["state"]) for old in document["earlier"]] == [
        (0, 1.0, "final"),
        (1, 2.0, "revised"),
    ]


@pytest.mark.services
async def test_mongo_uses_its_indexes(archive: Any) -> None:
    await MongoSink(archive).write([Frame.of(Bar, [bar(n) for n in range(200)])])

    chosen = archive["bars"].find({"symbol": "AAPL", "interval": "1m"}).sort([("start", -1), ("_id", -1)]).limit(3)
    stats = (await chosen.explain())["executionStats"]

    assert stats["totalDocsExamined"] == 3


@pytest.mark.services
async def test_mongo_remembers_the_newest_state_of_a_job(archive: Any) -> None:
    jobs = MongoReader(archive)

    await jobs.put_job(Job(id="1", state="queued"))
    await jobs.put_job(Job(id="1", state="failed", rows=3, error="no such symbol"))

    assert await jobs.job("1") == Job(id="1", state="failed", rows=3, error="no such symbol")
    assert await jobs.job("2") is None


@pytest.mark.services
async def test_mongo_reader_refuses_a_document_that_is_no_record(archive: Any) -> None:
    await archive["bars"].insert_one({"_id": "mine", "symbol": "AAPL", "start": 3})

    with pytest.raises(SinkError, match="expected a Bar, was 'mine'"):
        await MongoReader(archive).read(Bar)


async def test_mongo_away_raises_sink_error_within_seconds() -> None:
    database = mongo_database(SILENT, "away")
    began = time.monotonic()

    with pytest.raises(SinkError, match="expected MongoDB to answer"):
        await MongoReader(database).ping()
    with pytest.raises(SinkError, match="expected MongoDB to answer"):
        await MongoSink(database).write([Frame.of(Bar, [bar(0)])])

    assert time.monotonic() - began < 6
    database.client.close()


def test_mongo_url_must_be_one() -> None:
    with pytest.raises(SinkError, match="mongo_url: expected"):
        mongo_database("http://127.0.0.1", "x")


def test_bar_document_round_trip_needs_no_server() -> None:
    from causal_alpha.sinks.documents import from_document, to_document

    record = msgspec.structs.replace(bar(3), start=-60 * SECOND)

    assert from_document(Bar, to_document(record)) == record
