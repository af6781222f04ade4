"""First models where a registry has none: quick ones, on twenty years of two indices and on what has streamed.

History takes the normal path, through the topic `bars` into MongoDB, but for its last sessions: these follow when the
models are there, and so are forecast by them. Where each fit stands is kept in `jobs`, as `training:FAMILY-INTERVAL`.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from causal_alpha.dataset import Dataset
from causal_alpha.errors import CausalAlphaError, SinkError
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar, Job
from causal_alpha.registry import CHAMPION, Registry, model_name
from causal_alpha.sinks.mongo import MongoReader, mongo_database
from causal_alpha.sources.indices import Indices
from causal_alpha.sources.publish import Publisher, publish
from causal_alpha.training import train_and_register
from causal_alpha.warehouse import archived_bars, read_bars

FAMILIES = ("har", "arima", "lstm", "transformer", "blend")
"""The floor model first: it is there in a second."""
DAILY = "1d"
HELD = 20
"""Sessions that follow when the models are there."""
ENOUGH = 600
"""Bars of a symbol that an interval needs before it is worth a fit."""
SETTLE = 10.0
"""Seconds in which a worker has found and loaded new models."""
PATIENCE = 120
"""Seconds that the archive may take to store the history."""
LOOK = 15.0
"""Seconds between two looks at what has streamed."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Market:
    """Where bars go in and come out: Kafka, and the archive behind it."""

    broker: str
    app_id: str
    partitions: int
    universe: str
    mongo_url: str
    database: str


async def prime(market: Market, url: str, intervals: Sequence[str], *, say: Say) -> None:
    """Trains every family for the daily history and for each of `intervals`, once there are enough bars of it.

    Families that have a champion are left alone, so this may be started again at any time. One that fails is said,
    kept as failed in `jobs`, and left out. Raises ServiceError or SinkError when MLflow, Kafka or MongoDB is away.
    """
    reader = MongoReader(mongo_database(market.mongo_url, market.database))
    if wanted := await asyncio.to_thread(missing, url, DAILY):
        bars = await Indices().history(("^GSPC", "^IXIC"), DAILY, 0, 2**62)
        cut = sorted(set(bars.ints("start").tolist()))[-HELD]
        await _publish(market, Indices(end=cut))
        await _archived(reader, cut)
        for family in wanted:
            await _train(reader, market, family, DAILY, url, say)
        await asyncio.sleep(SETTLE)
        await _publish(market, Indices(start=cut))
    for interval in intervals:
        wanted = await asyncio.to_thread(missing, url, interval)
        if wanted:
            await asyncio.to_thread(_streamed, market, interval)
        for family in wanted:
            await _train(reader, market, family, interval, url, say)


def missing(url: str, interval: str) -> list[str]:
    """The families that have no champion for an interval."""
    registry = Registry(url)
    try:
        return [name for name in FAMILIES if registry.alias(model_name(name, interval), CHAMPION) is None]
    finally:
        registry.close()


async def _publish(market: Market, source: Indices) -> None:
    async with Publisher(
        market.broker, partitions=market.partitions, app_id=market.app_id, universe=market.universe
    ) as publisher:
        await publish(source, publisher, closing=0)


async def _archived(reader: MongoReader, end: int) -> None:
    """Returns once the last session before `end` (ns) is in MongoDB. Raises SinkError when it takes too long."""
    for _ in range(PATIENCE):
        if await reader.read(Bar, symbol="^IXIC", interval=DAILY, start=end - 5 * DAY, end=end, limit=1):
            return
        await asyncio.sleep(1.0)
    raise SinkError(f"expected the history in MongoDB after {PATIENCE} s, was not there")


def _streamed(market: Market, interval: str) -> None:
    """Returns once the symbol with the most bars of an interval has enough of them."""
    while max(archived_bars(market.mongo_url, market.database, interval).values(), default=0) < ENOUGH:
        time.sleep(LOOK)


async def _train(reader: MongoReader, market: Market, family: str, interval: str, url: str, say: Say) -> None:
    """One family, with its progress in `jobs`; a failure is kept there, too."""
    name = f"training:{model_name(family, interval)}"
    loop = asyncio.get_running_loop()

    def tell(line: str) -> None:
        say(line)
        job = Job(id=name, state="running", rows=percent(line), error=line[:200])
        asyncio.run_coroutine_threadsafe(reader.put_job(job), loop).result()

    def fit() -> None:
        tell(f"{family}: reading bars of {interval}")
        dataset = Dataset.from_bars(read_bars(market.mongo_url, market.database, interval))
        train_and_register(family, dataset, interval, url, quick=True, say=tell)

    try:
        await asyncio.to_thread(fit)
    except CausalAlphaError as error:
        say(f"{family}-{interval}: {error}")
        await reader.put_job(Job(id=name, state="failed", error=str(error)[:200]))
    else:
        await reader.put_job(Job(id=name, state="done", rows=100))


def percent(line: str) -> int:
    """How much of a fit a line of its progress tells, in percent; 0 where it tells nothing.

    >>> percent("step 30 of 40: validation loss 0.1"), percent("lstm: fit on 9 rows")
    (75, 0)
    """
    found = re.search(r"step (\d+) of (\d+)", line)
    return round(100 * int(found[1]) / max(int(found[2]), 1)) if found else 0
