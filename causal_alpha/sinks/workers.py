"""Which workers there are, in MongoDB's collection `workers`: when each started, how often, when it was last seen."""

from typing import NamedTuple

from causal_alpha.sinks.mongo import Database, sink_errors


class Worker(NamedTuple):
    """A worker by its instance id; times in ms."""

    instance: str
    started: int
    seen: int
    starts: int


class Roll:
    """The roll call of workers. Every call raises SinkError while MongoDB is away."""

    def __init__(self, database: Database) -> None:
        self._workers = database["workers"]

    async def start(self, instance: str, now: int) -> int:
        """A worker starts; how often it has by now."""
        news = {"$set": {"started": now, "seen": now}, "$inc": {"starts": 1}}
        async with sink_errors():
            found = await self._workers.find_one_and_update({"_id": instance}, news, upsert=True, return_document=True)
        return int(found["starts"])

    async def seen(self, instance: str, now: int) -> None:
        """A worker is alive."""
        async with sink_errors():
            await self._workers.update_one({"_id": instance}, {"$set": {"seen": now}})

    async def workers(self) -> list[Worker]:
        """At most 1,000, by instance id."""
        async with sink_errors():
            found = await self._workers.find().sort("_id").to_list(1_000)
        return [Worker(one["_id"], int(one["started"]), int(one["seen"]), int(one["starts"])) for one in found]
