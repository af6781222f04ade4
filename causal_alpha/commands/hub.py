"""`causal-alpha hub`: the page and its API without a worker, over the topics of workers elsewhere."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

import click
import uvicorn

from causal_alpha.assembly import assemble
from causal_alpha.calendar import load_sessions, sessions_of
from causal_alpha.references import load_served_set
from causal_alpha.registry import Registry
from causal_alpha.service import store_answers
from causal_alpha.serving import Serving
from causal_alpha.settings import Settings, load_settings
from causal_alpha.sinks.mongo import MongoReader
from causal_alpha.standalone import KafkaGateway, feed, follow_models


@click.command()
def hub() -> None:
    """Serve the page and its API alone, until Ctrl-C. Settings: CAUSAL_ALPHA_*, those of the workers."""
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(load_settings()))


async def serve(settings: Settings) -> None:
    """Until the process is told to stop."""
    gateway = KafkaGateway(settings.broker, settings.app_id, settings.partitions)
    registry = Registry(settings.mlflow_url) if settings.mlflow_url else None
    serving = Serving(registry, settings.cache.expanduser() / "models", settings.serve)
    calendars = settings.cache.expanduser() / "calendars"

    async def ready(reader: MongoReader) -> Mapping[str, bool]:
        kafka, mongo = await asyncio.gather(gateway.answers(), store_answers(reader))
        return {"kafka": kafka, "mongo": mongo, "recovered": True}

    service = assemble(
        settings,
        load_served_set(settings.feature_set),
        gateway=gateway,
        ready=ready,
        hours=lambda symbol: load_sessions(sessions_of(symbol, settings.calendars), cache=calendars),
        lineup=lambda: serving.lineup,
    )
    config = uvicorn.Config(
        service.api, host=settings.hub_host, port=settings.hub_port, log_level="info", **service.options
    )
    tasks = [
        asyncio.create_task(feed(service.hub, settings.broker, settings.app_id)),
        asyncio.create_task(
            follow_models(serving.poll, settings.model_poll, partial(service.hub.announce_news, serving.news))
        ),
    ]
    try:
        await uvicorn.Server(config).serve()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await gateway.close()
