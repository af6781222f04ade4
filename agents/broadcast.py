"""Sink: what happens goes to the hub, and from there to every page that is open."""

from typing import Any

from faust.contrib.asgi import serve_asgi

from agents import scores
from agents.bars import checkpoints, forming_here
from agents.forecasts import serving
from causal_alpha import app
from causal_alpha.balance import BalanceCollector
from causal_alpha.modelmetrics import CoverageCollector, ServingCollector
from causal_alpha.records import Bar
from causal_alpha.references import load_served_set
from causal_alpha.rollcall import call
from causal_alpha.service import create_service

service = create_service(
    app,
    load_served_set(app.settings.feature_set),
    lineup=lambda: serving.lineup,
    states=checkpoints.items,
)
forming_here.listen(service.hub.publish)
service.metrics.register(BalanceCollector(checkpoints.items))
service.metrics.register(CoverageCollector(scores.checkpoints.items))
service.metrics.register(ServingCollector(serving))
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


@app.agent(app.features)
async def time_features(stream: Any) -> None:
    """Pages ask for vectors, which the archive has; here they count."""
    async for features in stream:
        service.hub.stages.passed(features)


@app.agent(app.forecasts)
async def broadcast_forecasts(stream: Any) -> None:
    async for forecasts in stream:
        service.hub.publish(forecasts.take(~forecasts.flags("shadow")))


@app.agent(app.scores)
async def broadcast_scores(stream: Any) -> None:
    async for scored in stream:
        service.hub.publish(scored)


@app.timer(0.5)
async def announce_models() -> None:
    service.hub.announce_news(serving.news)


@app.task
async def answer_the_roll() -> None:
    await call(service, app.settings.instance_id, pause=app.sleep)


@app.agent(app.rejects)
async def broadcast_rejects(stream: Any) -> None:
    async for rejects in stream:
        service.hub.publish(rejects)
