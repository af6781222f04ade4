"""Sink: what happens goes to the hub, and from there to every page that is open."""

from typing import Any

from faust.contrib.asgi import serve_asgi

from agents.bars import checkpoints, forming_here
from causal_alpha import app
from causal_alpha.balance import BalanceCollector
from causal_alpha.records import Bar
from causal_alpha.references import load_feature_set
from causal_alpha.service import create_service

service = create_service(app, load_feature_set(app.settings.feature_set))
forming_here.listen(service.hub.publish)
service.metrics.register(BalanceCollector(checkpoints.items))
serve_asgi(app, service.api, host=app.settings.hub_host, port=app.settings.hub_port, **service.options)


@app.agent(app.bars)
async def broadcast_bars(stream: Any) -> None:
    async for bars in stream:
        service.hub.publish(bars)


@app.task
async def broadcast_forming() -> None:
    """No agent: every hub sees the open bars of every worker; its own came without a way through Kafka."""
    async for bars in app.follow(app.forming, Bar, without=app.settings.instance_id.encode()):
        service.hub.publish(bars)


@app.agent(app.forecasts)
async def broadcast_forecasts(stream: Any) -> None:
    async for forecasts in stream:
        service.hub.publish(forecasts)


@app.agent(app.rejects)
async def broadcast_rejects(stream: Any) -> None:
    async for rejects in stream:
        service.hub.publish(rejects)
