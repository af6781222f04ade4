"""The hub inside a worker: its parts, put together."""

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from causal_alpha import __version__
from causal_alpha.bulk import kafka_answers
from causal_alpha.errors import SinkError
from causal_alpha.features import FeatureSet
from causal_alpha.gateway import TopicGateway
from causal_alpha.hub.api import create_api
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import SECOND
from causal_alpha.redrive import Redriver
from causal_alpha.sinks.mongo import MongoReader
from causal_alpha.sinks.redrives import MongoRedrives
from causal_alpha.sources.publish import partition_of
from causal_alpha.stores import shared_database
from causal_alpha.topology import App
from causal_alpha.ui import page_build

_UVICORN = MappingProxyType(
    {
        "timeout_graceful_shutdown": 1,
        "access_log": False,
        "ws": "websockets-sansio",
        "ws_max_size": 65_536,
        "ws_per_message_deflate": False,  # on loopback it costs more time than it saves
    }
)


@dataclass(frozen=True)
class Service:
    """A hub, its API, the registry of its metrics, and what uvicorn needs to know."""

    hub: Hub
    api: FastAPI
    metrics: CollectorRegistry
    options: Mapping[str, Any]


def create_service(app: App, features: FeatureSet) -> Service:
    """The hub of `app`, which serves `features`."""
    settings = app.settings
    hub = Hub(
        uuid.uuid4().hex,
        settings.replay_buffer,
        intervals=settings.time_intervals,
        server=__version__,
        ui=page_build(),
    )
    database = shared_database(settings.mongo_url, settings.mongo_database)
    reader, gateway = MongoReader(database), TopicGateway(app)
    tolerance = round(settings.future_tolerance * SECOND)
    redriver = Redriver(
        MongoRedrives(database),
        gateway.send_again,
        topic=app.ticks.get_topic_name(),
        place=partial(partition_of, partitions=settings.partitions),
        tolerance=tolerance,
        clock=time.time_ns,
    )

    async def ready() -> dict[str, bool]:
        kafka, mongo = await asyncio.gather(kafka_answers(app), _answers(reader))
        return {"kafka": kafka, "mongo": mongo, "recovered": not (app.rebalancing or app.in_recovery)}

    metrics = CollectorRegistry()
    api = create_api(
        hub=hub,
        reader=reader,
        jobs=reader,
        gateway=gateway,
        redriver=redriver,
        ready=ready,
        registry=metrics,
        version=__version__,
        max_request_bytes=settings.max_request_bytes,
        tolerance=tolerance,
        lookbacks=features.lookbacks,
        window=max(settings.window, features.lookback),
    )
    return Service(hub, api, metrics, _UVICORN)


async def _answers(reader: MongoReader) -> bool:
    try:
        await reader.ping()
    except SinkError:
        return False
    return True
