"""`/health`, `/ready` and `/metrics`: for whoever runs the thing."""

from collections.abc import Awaitable, Callable, Iterator, Mapping

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from causal_alpha.hub.answers import Answer
from causal_alpha.hub.replies import HealthReply, ReadyReply, says
from causal_alpha.hub.stream import Hub

Ready = Callable[[], Awaitable[Mapping[str, bool]]]


class HubCollector(Collector):
    """The hub's counts, read when somebody asks for metrics."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        counts = self._hub.counts()
        yield GaugeMetricFamily("causal_alpha_hub_clients", "Open sockets", counts["clients"])
        yield CounterMetricFamily("causal_alpha_hub_dropped", "Sockets cut for being too slow", counts["dropped"])
        yield CounterMetricFamily("causal_alpha_hub_conflated", "State events replaced unsent", counts["conflated"])
        yield CounterMetricFamily("causal_alpha_hub_log_events", "Log events published", counts["seq"])
        rejects = CounterMetricFamily("causal_alpha_rejects", "Rejected rows seen", labels=["reason"])
        for reason, rows in sorted(self._hub.rejects.items()):
            rejects.add_metric([reason], rows)
        yield rejects


def status_router(*, hub: Hub, ready: Ready, version: str, registry: CollectorRegistry) -> APIRouter:
    """`ready` says which parts answer, such as `{"kafka": True, "mongo": False, "recovered": True}`."""
    router = APIRouter(tags=["status"])
    registry.register(HubCollector(hub))

    @router.get("/health", responses=says(HealthReply))
    async def health() -> Response:
        """200 while the process lives."""
        return Answer({"status": "ok", "version": version, "boot": hub.boot, "rejects": hub.rejects})

    @router.get("/ready", responses=says(ReadyReply))
    async def readiness() -> Response:
        """200 once every part answers, else 503."""
        parts = await ready()
        fine = all(parts.values())
        return Answer({"ready": fine, **parts}, 200 if fine else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        """Prometheus text."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
