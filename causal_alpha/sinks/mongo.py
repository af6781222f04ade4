"""MongoDB as archive, through motor: bulk upserts that may be repeated, typed reads, jobs.

`mongo_database` opens the connection that `MongoSink` and `MongoReader` share.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias, TypeVar

import msgspec
from bson.codec_options import CodecOptions, DatetimeConversion
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from causal_alpha.actions import from_meta
from causal_alpha.errors import FrameError, SinkError
from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Features, Forecast, Job, Reject, Score
from causal_alpha.sinks.documents import TIME, from_document, stored_time, to_action, to_document
from causal_alpha.sinks.identity import ARCHIVED, is_final

R = TypeVar("R", bound=msgspec.Struct)
Database: TypeAlias = Any  # motor ships no types
Document: TypeAlias = dict[str, Any]
Write: TypeAlias = "InsertOne[Document] | ReplaceOne[Document] | UpdateOne"

_REVISED = [name for name in Bar.__struct_fields__ if name not in {"symbol", "interval", "start"}]
"""What a revision may change."""

SELECT_TIMEOUT = 2_000
"""Milliseconds to look for a server that answers."""
SOCKET_TIMEOUT = 10_000
"""Milliseconds that a server may think about a request."""
PING_TIMEOUT = 2.0
AT_ONCE = 100
"""Rows in a request. Making it holds the interpreter's lock, 40 us a row, and the loop can't go on meanwhile."""
DUPLICATE_KEY = 11000
_NEWEST = (("start", DESCENDING), ("_id", DESCENDING))
_SERIES = IndexModel([("symbol", ASCENDING), ("interval", ASCENDING), *_NEWEST])
_INDEXES: Mapping[type[msgspec.Struct], list[IndexModel]] = {
    Bar: [_SERIES, IndexModel([("symbol", ASCENDING), *_NEWEST])],
    Features: [_SERIES],
    Forecast: [_SERIES],
    Score: [_SERIES],
    Reject: [
        IndexModel([*first, ("ts_ns", DESCENDING), ("_id", DESCENDING)])
        for first in ([], [("reason", ASCENDING)], [("symbol", ASCENDING)])
    ],
}


def mongo_database(url: str, name: str) -> Database:
    """A database whose calls fail within seconds when no server answers; connects on the first call.

    Raises SinkError for a malformed URL.
    """
    try:
        client: Any = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=SELECT_TIMEOUT,
            connectTimeoutMS=SELECT_TIMEOUT,
            socketTimeoutMS=SOCKET_TIMEOUT,
            appname="causal-alpha",
        )
        options: CodecOptions[dict[str, Any]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)
        return client.get_database(name, codec_options=options)
    except (PyMongoError, ValueError) as error:
        raise SinkError(f"mongo_url: expected mongodb://host:port, was {_first_line(error)}") from error


@asynccontextmanager
async def sink_errors() -> AsyncIterator[None]:
    """Every failure of MongoDB as SinkError, so that callers try again."""
    try:
        yield
    except PyMongoError as error:
        raise SinkError(f"expected MongoDB to answer, was {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


class MongoSink:
    """Writes records into `bars`, `features`, `forecasts`, `scores`, `rejects` under deterministic ids.

    A bar replaces only an older version of itself, whatever order the writes come in; a revised one
    keeps what stood before in `earlier`, a list from the oldest on. Splits and dividends that a frame of bars
    announces go to `actions`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._indexed = False

    async def write(self, frames: Sequence[Frame[Any]]) -> None:
        """Store every row but forming bars. Raises SinkError; writing the same again is safe."""
        batches = await asyncio.to_thread(_documents, frames)  # 12 µs a row: history would hold up the loop
        async with sink_errors():
            if not self._indexed:
                await make_indexes(self._database)
                self._indexed = True
            for record, documents in batches.items():
                for first in range(0, len(documents), AT_ONCE):
                    await self._store(record, documents[first : first + AT_ONCE])
            await self._bulk("actions", _actions(frames))

    async def _store(self, record: type[msgspec.Struct], documents: list[Document]) -> None:
        """Most rows are new, and to insert one costs the server a quarter of what an upsert does."""
        known = await self._bulk(ARCHIVED[record], [_first_write(record, document) for document in documents])
        again = [_replacement(record, documents[place], upsert=False) for place in known]
        await self._bulk(ARCHIVED[record], again)  # matches nothing where a later revision is there

    async def _bulk(self, collection: str, writes: Sequence[Write]) -> list[int]:
        """Does the writes, in any order; the places of those whose key was there already."""
        if not writes:
            return []
        try:
            await self._database[collection].bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if any(one["code"] != DUPLICATE_KEY for one in failed) or error.details["writeConcernErrors"]:
                raise
            return [one["index"] for one in failed]
        return []

    async def close(self) -> None:
        self._database.client.close()


async def make_indexes(database: Database) -> None:
    """Make what reads need; nothing happens where it is there."""
    for record, indexes in _INDEXES.items():
        await database[ARCHIVED[record]].create_indexes(indexes)


def _documents(frames: Sequence[Frame[Any]]) -> dict[type[msgspec.Struct], list[Document]]:
    batches: dict[type[msgspec.Struct], list[Document]] = {}
    for frame in frames:
        if frame.record in ARCHIVED:
            batches.setdefault(frame.record, []).extend(map(to_document, filter(is_final, frame.rows())))
    return batches


def _actions(frames: Sequence[Frame[Any]]) -> list[Write]:
    """The splits and dividends that frames of bars announce; what is none is left out."""
    words = []
    for frame in frames:
        with suppress(FrameError):
            words += [to_action(one) for one in from_meta(frame.meta)]
    return [ReplaceOne({"_id": word["_id"]}, word, upsert=True) for word in words]


def _first_write(record: type[msgspec.Struct], document: Document) -> Write:
    """What a revision revises is there, mostly; of other rows nothing is."""
    revises = record is Bar and document["state"] == "revised"
    return _replacement(record, document, upsert=True) if revises else InsertOne(document)


def _replacement(record: type[msgspec.Struct], document: Document, *, upsert: bool) -> Write:
    """With `upsert`, a later revision that is there already shows as a key that exists."""
    if record is not Bar:
        return ReplaceOne({"_id": document["_id"]}, document, upsert=upsert)
    known_at, revision = document["known_at"], document["revision"]
    if document["state"] != "revised":
        versions = [{"revision": {"$lt": revision}}, {"revision": revision, "source": document["source"]}]
        return ReplaceOne(_older(document["_id"], known_at, {"$or": versions}), document, upsert=upsert)
    earlier = {"$cond": [{"$eq": [{"$type": "$revision"}, "missing"]}, [], [{name: f"${name}" for name in _REVISED}]]}
    kept = {"earlier": {"$concatArrays": [{"$ifNull": ["$earlier", []]}, earlier]}}
    news = {"$replaceWith": {"$mergeObjects": [{"$literal": document}, kept]}}
    return UpdateOne(_older(document["_id"], known_at, {"revision": {"$lt": revision}}), [news], upsert=upsert)


def _older(place: str, known_at: Any, then: Mapping[str, Any]) -> dict[str, Any]:
    """What matches a bar known earlier, or at the same time if it is as `then` says (`sinks.identity.replaces`)."""
    versions = [{"known_at": {"$lt": known_at}}, {"known_at": known_at, **then}]
    return {"_id": place, "$or": versions}


class MongoReader:
    """Finds archived records again, and keeps jobs in the collection `jobs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self,
        record: type[R],
        *,
        symbol: str | None = None,
        interval: str | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int = 500,
    ) -> list[R]:
        """The newest `limit` records with `start <= time < end` (ns), oldest first."""
        time = TIME[record]
        wanted: dict[str, Any] = {
            name: value for name, value in (("symbol", symbol), ("interval", interval)) if value is not None
        }
        edges = {sign: stored_time(record, ns) for sign, ns in (("$gte", start), ("$lt", end)) if ns is not None}
        if edges:
            wanted[time] = edges
        async with sink_errors():
            found = self._database[ARCHIVED[record]].find(wanted).sort([(time, DESCENDING), ("_id", DESCENDING)])
            documents = await found.limit(limit).to_list(limit)
        return await asyncio.to_thread(lambda: [from_document(record, document) for document in reversed(documents)])

    async def symbols(self) -> list[str]:
        async with sink_errors():
            return sorted(await self._database[ARCHIVED[Bar]].distinct("symbol"))

    async def intervals(self, symbol: str) -> list[str]:
        async with sink_errors():
            return list(await self._database[ARCHIVED[Bar]].distinct("interval", {"symbol": symbol}))

    async def ping(self) -> None:
        async with sink_errors():
            try:
                await asyncio.wait_for(self._database.command("ping"), PING_TIMEOUT)
            except TimeoutError as error:
                raise SinkError(f"expected MongoDB to answer within {PING_TIMEOUT} s, was silent") from error

    async def put_job(self, job: Job) -> None:
        document = {"_id": job.id, **msgspec.structs.asdict(job)}
        async with sink_errors():
            await self._database["jobs"].replace_one({"_id": job.id}, document, upsert=True)

    async def job(self, job_id: str) -> Job | None:
        async with sink_errors():
            found = await self._database["jobs"].find_one({"_id": job_id}, {"_id": False})
        return None if found is None else msgspec.convert(found, Job)

    async def jobs(self, prefix: str) -> list[Job]:
        """At most 1,000 of them."""
        between = {"$gte": prefix, "$lt": prefix + "\U0010ffff"}
        async with sink_errors():
            found = await self._database["jobs"].find({"_id": between}, {"_id": False}).sort("_id").to_list(1_000)
        return [msgspec.convert(one, Job) for one in found]
