"""Stores of redrives: in MongoDB beside the rejects, and in memory for tests and demos."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import DatetimeMS

from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Reject
from causal_alpha.redrive import PATIENCE, Kept, Redrive, Selection
from causal_alpha.sinks.base import Reader
from causal_alpha.sinks.documents import TIME, from_document, stored_time
from causal_alpha.sinks.identity import ARCHIVED, record_id
from causal_alpha.sinks.mongo import Database, sink_errors

COLLECTION = "redrives"
_TIME = TIME[Reject]


class MongoRedrives:
    """Reads the collection `rejects`, keeps `redrives`: `_id` (the reject's), `at`, `state`, `to`, `payload`.

    Redrives are apart from the rejects, which the archive may write again at any time.
    """

    def __init__(self, database: Database) -> None:
        self._rejects, self._redrives = database[ARCHIVED[Reject]], database[COLLECTION]
        self._indexed = False

    async def find(self, wanted: Selection) -> list[Kept]:
        newest = {_TIME: -1, "_id": -1}
        known = {"from": COLLECTION, "localField": "_id", "foreignField": "_id", "as": COLLECTION}
        steps: list[dict[str, Any]] = [{"$match": _query(wanted)}, {"$sort": newest}]
        if wanted.fresh:
            steps += [{"$lookup": known}, {"$match": {f"{COLLECTION}.state": {"$ne": "sent"}}}]
        steps += [{"$limit": wanted.limit if wanted.ids is None else max(1, len(wanted.ids))}]
        steps += [] if wanted.fresh else [{"$lookup": known}]
        async with sink_errors():
            documents = await self._rejects.aggregate(steps).to_list(None)
            places = [document["_id"].rpartition("/")[0] for document in documents]
            before = await self._redrives.find({"to": {"$in": places}}, {"to": True}).to_list(None)
        origins = {document["to"]: document["_id"] for document in before}
        return [
            Kept(
                from_document(Reject, document),
                next(map(_redrive, document[COLLECTION]), None),
                origins.get(document["_id"].rpartition("/")[0], ""),
            )
            for document in reversed(documents)
        ]

    async def claim(self, redrive: Redrive) -> bool:
        fields = {"at": _date(redrive.at), "state": "pending", "to": "", "payload": redrive.payload}
        stale = {"_id": redrive.id, "state": "pending", "at": {"$lt": _date(redrive.at - PATIENCE)}}
        async with sink_errors():
            if not self._indexed:
                await self._redrives.create_index("to")
                self._indexed = True
            done = await self._redrives.update_one({"_id": redrive.id}, {"$setOnInsert": fields}, upsert=True)
            if done.upserted_id is None:
                done = await self._redrives.update_one(stale, {"$set": fields})
                return bool(done.modified_count)
        return True

    async def confirm(self, redrive: Redrive) -> None:
        async with sink_errors():
            await self._redrives.update_one({"_id": redrive.id}, {"$set": {"state": "sent", "to": redrive.to}})


class MemoryRedrives:
    """Reads the rejects of another store, keeps redrives in memory."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.kept: dict[str, Redrive] = {}

    async def find(self, wanted: Selection) -> list[Kept]:
        rejects = await self._reader.read(
            Reject, symbol=wanted.symbol, start=wanted.start, end=wanted.end, limit=1_000_000
        )
        origins = {redrive.to: redrive.id for redrive in self.kept.values() if redrive.to}
        found = [
            Kept(reject, self.kept.get(record_id(reject)), origins.get(record_id(reject).rpartition("/")[0], ""))
            for reject in rejects
        ]
        return list(_chosen(found, wanted))[-wanted.limit if wanted.ids is None else 0 :]

    async def claim(self, redrive: Redrive) -> bool:
        known = self.kept.get(redrive.id)
        if known and (known.state == "sent" or known.at >= redrive.at - PATIENCE):
            return False
        self.kept[redrive.id] = redrive
        return True

    async def confirm(self, redrive: Redrive) -> None:
        self.kept[redrive.id] = redrive


def _query(wanted: Selection) -> dict[str, Any]:
    query: dict[str, Any] = {} if wanted.ids is None else {"_id": {"$in": list(wanted.ids)}}
    query |= {name: value for name in ("reason", "symbol") if (value := getattr(wanted, name)) is not None}
    bounds = (("$gte", wanted.start), ("$lt", wanted.end))
    edges = {sign: stored_time(Reject, ns) for sign, ns in bounds if ns is not None}
    return query | ({_TIME: edges} if edges else {})


def _chosen(found: Iterable[Kept], wanted: Selection) -> Iterable[Kept]:
    for kept in found:
        if wanted.ids is not None and record_id(kept.reject) not in wanted.ids:
            continue
        if wanted.reason is not None and kept.reject.reason != wanted.reason:
            continue
        if wanted.fresh and kept.redrive is not None and kept.redrive.state == "sent":
            continue
        yield kept


def _redrive(document: Mapping[str, Any]) -> Redrive:
    return Redrive(
        id=document["_id"],
        at=int(document["at"]) * MILLISECOND,
        payload=bytes(document["payload"]),
        state=document["state"],
        to=document["to"],
    )


def _date(ns: int) -> DatetimeMS:
    return DatetimeMS(ns // MILLISECOND)
