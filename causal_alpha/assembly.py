"""A hub put together from settings: the same inside a worker and alone."""

import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from causal_alpha import __version__
from causal_alpha.asking import predict
from causal_alpha.datapath import read_path
from causal_alpha.errors import SettingsError
from causal_alpha.features import FeatureSet
from causal_alpha.forecasts import Hours
from causal_alpha.frames import Frame
from causal_alpha.hub.access import Tokens, check_exposure
from causal_alpha.hub.api import create_api
from causal_alpha.hub.gateway import Gateway
from causal_alpha.hub.names import load_names
from causal_alpha.hub.pipeline import Partitions, Sight
from causal_alpha.hub.stream import Hub
from causal_alpha.hub.tracks import WorkerRow
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.lineup import Lineup
from causal_alpha.offsets import Offsets
from causal_alpha.records import Features, Forecast
from causal_alpha.redrive import Mail, Redriver
from causal_alpha.registry import Registry
from causal_alpha.sinks.mongo import MongoReader
from causal_alpha.sinks.redrives import MongoRedrives
from causal_alpha.sinks.workers import Roll
from causal_alpha.sources.publish import partition_of
from causal_alpha.stores import shared_database
from causal_alpha.ui import page_build

if TYPE_CHECKING:
    from causal_alpha.settings import Settings

FOLLOWED = ("forming",)
"""Topics that every hub reads by itself, from now on: no group has a place in them."""
AWAY = 30_000
"""Milliseconds after which a worker that nobody has seen counts as away."""
UVICORN: Mapping[str, Any] = MappingProxyType(
    {
        "timeout_graceful_shutdown": 1,
        "access_log": False,
        "ws": "websockets-sansio",
        "ws_max_size": 65_536,
        "ws_per_message_deflate": False,  # on loopback it costs more time than it saves
    }
)


class Mailing(Gateway, Protocol):
    """A gateway that also sends rejects again."""

    async def send_again(self, mails: Sequence[Mail]) -> list[int]: ...


@dataclass(frozen=True)
class Service:
    """A hub, its API, the registry of its metrics, the roll of workers, and what uvicorn needs to know."""

    hub: Hub
    api: FastAPI
    metrics: CollectorRegistry
    roll: Roll
    options: Mapping[str, Any]


def assemble(
    settings: "Settings",
    features: FeatureSet,
    *,
    gateway: Mailing,
    ready: Callable[[MongoReader], Awaitable[Mapping[str, bool]]],
    hours: Hours,
    lineup: Callable[[], Lineup],
    partitions: Partitions | None = None,
) -> Service:
    """The hub of an installation. `lineup` gives the models loaded now, `partitions` those of the ticks at hand.

    Raises SettingsError for tokens that are none, and for a hub that others could reach without any.
    """
    tokens = read_tokens(settings.tokens, settings.tokens_file)
    check_exposure(settings.hub_host, tokens)
    hub = Hub(
        uuid.uuid4().hex,
        settings.replay_buffer,
        intervals=settings.time_intervals,
        server=__version__,
        ui=page_build(),
    )
    database = shared_database(settings.mongo_url, settings.mongo_database)
    reader, roll, metrics = MongoReader(database), Roll(database), CollectorRegistry()
    tolerance = round(settings.future_tolerance * SECOND)
    ticks = f"{settings.app_id}.ticks"
    path = read_path(settings.agents[0], Path.cwd())
    topics = {f"{settings.app_id}.{name}" for step in path for name in (step.reads, *step.writes) if name}
    redriver = Redriver(
        MongoRedrives(database),
        gateway.send_again,
        topic=ticks,
        place=partial(partition_of, partitions=settings.partitions),
        tolerance=tolerance,
        clock=time.time_ns,
    )
    api = create_api(
        hub=hub,
        reader=reader,
        jobs=reader,
        gateway=gateway,
        redriver=redriver,
        ready=partial(ready, reader),
        registry=metrics,
        version=__version__,
        max_request_bytes=settings.max_request_bytes,
        tolerance=tolerance,
        lookbacks=features.lookbacks,
        window=max(settings.window, features.lookback),
        names=load_names(),
        hours=hours,
        tokens=tokens,
        max_requests=settings.max_requests,
        models=Registry(settings.mlflow_url) if settings.mlflow_url else None,
        schedules=settings.airflow_url,
        ask=partial(ask, lineup, features.names, hours),
        sight=Sight(
            prefix=settings.app_id,
            path=path,
            offsets=Offsets(
                settings.broker,
                settings.app_id,
                topics,
                followed={f"{settings.app_id}.{name}" for name in FOLLOWED},
            ).read,
            partitions=partitions,
            workers=partial(worker_rows, roll),
        ),
    )
    return Service(hub, api, metrics, roll, UVICORN)


def read_tokens(text: str, file: Path | None) -> Tokens:
    """The tokens of a setting and of a file. Raises SettingsError where one is wrong or the file can't be read."""
    if file is None:
        return Tokens(text)
    try:
        return Tokens(f"{text}\n{file.read_text()}")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"CAUSAL_ALPHA_TOKENS_FILE: expected a file to read, was {error}") from error


def ask(
    lineup: Callable[[], Lineup], names: Sequence[str], hours: Hours, vectors: Sequence[Features]
) -> Frame[Forecast]:
    """What the models say after the last of one symbol's vectors; those of another feature set are left out."""
    last = vectors[-1]
    alike = [row.values for row in vectors if row.feature_set == last.feature_set]
    return predict(
        lineup(),
        interval=last.interval,
        start=last.start,
        symbols=[last.symbol],
        closes=np.asarray([last.close]),
        values=np.asarray([alike]),
        names=names,
        hours=hours,
    )


async def worker_rows(roll: Roll) -> tuple[WorkerRow, ...]:
    """The roll as `GET /pipeline` shows it."""
    now = time.time_ns() // MILLISECOND
    return tuple(
        WorkerRow(
            instance=one.instance,
            started=one.started,
            seen=one.seen,
            restarts=one.starts - 1,
            state="running" if now - one.seen < AWAY else "away",
        )
        for one in await roll.workers()
    )
