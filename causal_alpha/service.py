"""The hub inside a worker."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

from causal_alpha.assembly import Service, assemble
from causal_alpha.barstate import BarState
from causal_alpha.bulk import kafka_answers
from causal_alpha.errors import SinkError
from causal_alpha.features import FeatureSet
from causal_alpha.gateway import TopicGateway
from causal_alpha.hub.tracks import Balance, PartitionRow
from causal_alpha.intervals import MILLISECOND, NEVER
from causal_alpha.lineup import Lineup
from causal_alpha.sinks.mongo import MongoReader
from causal_alpha.topology import App


def create_service(
    app: App,
    features: FeatureSet,
    *,
    lineup: Callable[[], Lineup],
    states: Callable[[], Iterable[tuple[int, BarState]]],
) -> Service:
    """The hub of `app`, which serves `features` and `lineup`. `states` are the ticks' partitions at hand."""

    async def ready(reader: MongoReader) -> Mapping[str, bool]:
        kafka, mongo = await asyncio.gather(kafka_answers(app), store_answers(reader))
        return {"kafka": kafka, "mongo": mongo, "recovered": not (app.rebalancing or app.in_recovery)}

    return assemble(
        app.settings,
        features,
        gateway=TopicGateway(app),
        ready=ready,
        hours=app.hours,
        lineup=lineup,
        partitions=lambda: [partition_row(partition, state) for partition, state in states()],
    )


def partition_row(partition: int, state: BarState) -> tuple[PartitionRow, Balance]:
    """A partition as `GET /pipeline` shows it."""
    counts = state.counts
    row = PartitionRow(
        partition=partition,
        watermark=None if state.watermark == NEVER else state.watermark // MILLISECOND,
        newest=None if state.newest == NEVER else state.newest // MILLISECOND,
        rows=counts.rows,
    )
    return row, Balance(
        rows=counts.rows,
        in_bars=counts.in_bars,
        late=counts.late,
        duplicates=counts.duplicates,
        rejected=counts.rejected,
    )


async def store_answers(reader: MongoReader) -> bool:
    """Whether MongoDB answers now."""
    try:
        await reader.ping()
    except SinkError:
        return False
    return True
