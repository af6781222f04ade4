"""Sink: what happens goes to the hub, and from there to every page that is open."""

from typing import Any

from faust.contrib.asgi import serve_asgi

from agents.bars import checkpoints
from causal_alpha import app
from causal_alpha.balance import BalanceCollector
from causal_alpha.records import Bar
from causal_alpha.references import load_feature_set
from causal_alpha.service import create_service

service = create_service(app, names=load_feature_set(app.settings.feature_set).names)
service.metrics.register(BalanceCollector(checkpoints.items))
serve_asgi(app, service.api, host=app.settings.hub_host, port=app.settings.hub_port, **service.options)


@app.agent(app.bars)
async def broadcast_bars(stream: Any) -> None:
    async for bars in stream:
        service.hub.publish(bars)


@app.task
async def broadcast_forming() -> None:
    """No agent: every hub sees every open bar, and sees it at once."""
    async for bars in app.follow(app.forming, Bar):
        service.hub.publish(bars)


@app.agent(app.forecasts)
async def broadcast_forecasts(stream: Any) -> None:
    async for forecasts in stream:
        service.hub.publish(forecasts)


@app.agent(app.rejects)
async def broadcast_rejects(stream: Any) -> None:
    async for rejects in stream:
        service.hub.publish(rejects)
