"""The whole HTTP and WebSocket face of the hub as one FastAPI application."""

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from causal_alpha.forecasts import Hours, always
from causal_alpha.frames import Frame
from causal_alpha.hub.about import about_router
from causal_alpha.hub.access import Access, Tokens
from causal_alpha.hub.answers import explain_errors
from causal_alpha.hub.gateway import Gateway
from causal_alpha.hub.ingest import ingest_router
from causal_alpha.hub.limits import BodyLimit, SecurityHeaders
from causal_alpha.hub.models import Models, models_router
from causal_alpha.hub.pipeline import Sight, pipeline_router
from causal_alpha.hub.posting import posting_router
from causal_alpha.hub.predict import Ask, predict_router
from causal_alpha.hub.rates import RateLimit
from causal_alpha.hub.reading import reading_router
from causal_alpha.hub.rejects import rejects_router
from causal_alpha.hub.schemas import describe_replies, schemas_router
from causal_alpha.hub.scores import scores_router
from causal_alpha.hub.sessions import sessions_router
from causal_alpha.hub.socket import socket_router
from causal_alpha.hub.status import Ready, status_router
from causal_alpha.hub.stream import PROTOCOL, Hub
from causal_alpha.intervals import SECOND
from causal_alpha.records import Features, Forecast
from causal_alpha.redrive import Redriver
from causal_alpha.sinks.base import Jobs, Reader
from causal_alpha.ui import mount_page

PREFIX = "/api/v1"
NO_TOKENS = Tokens("")
BLIND = Sight()


def silent(_: Sequence[Features]) -> Frame[Forecast]:
    """A hub without models says nothing."""
    return Frame.empty(Forecast)


def create_api(
    *,
    hub: Hub,
    reader: Reader,
    jobs: Jobs,
    gateway: Gateway,
    redriver: Redriver,
    ready: Ready,
    registry: CollectorRegistry,
    version: str,
    max_request_bytes: int = 1_000_000,
    tolerance: int = 5 * SECOND,
    lookbacks: Mapping[str, int] = MappingProxyType({}),
    window: int = 64,
    names: Mapping[str, str] = MappingProxyType({}),
    hours: Hours = always,
    tokens: Tokens = NO_TOKENS,
    max_requests: float = 0,
    models: Models | None = None,
    schedules: str = "",
    ask: Ask = silent,
    sight: Sight = BLIND,
) -> FastAPI:
    """The API under `/api/v1`, the socket at `/ws/v1`, the page everywhere else.

    `ready` says which parts answer. `tolerance` (ns) is how far a posted tick's stamp may lead the
    hub's clock. `lookbacks`: the features' names, in order, and the bars each sees of the `window` that is
    kept. `names`: what symbols are called. `hours`: the sessions of a symbol. The hub's counts go into `registry`.
    `tokens`: who may ask; `max_requests` a second of one client, 0: any number. `models`: the model registry,
    `schedules`: the URL of what trains them, `ask`: the models for `POST /predict`; `sight`: what else is known.
    """
    api = FastAPI(
        title="Causal Alpha",
        version=version,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its scripts come from another host, which the page's policy forbids
        redoc_url=None,
    )
    for router in (
        status_router(hub=hub, ready=ready, version=version, registry=registry),
        reading_router(hub=hub, reader=reader, lookbacks=lookbacks, window=window, names=names),
        sessions_router(hours),
        rejects_router(redriver=redriver),
        posting_router(gateway=gateway, tolerance=tolerance, clock=hub.clock),
        ingest_router(jobs=jobs, gateway=gateway),
        scores_router(hub=hub, reader=reader),
        models_router(registry=models, jobs=jobs, clock=hub.clock, schedules=schedules),
        predict_router(hub=hub, reader=reader, ask=ask),
        pipeline_router(hub=hub, sight=sight),
        about_router(version=version, protocol=PROTOCOL, ui=hub.ui, tokens=bool(tokens)),
        schemas_router(version=version),
    ):
        api.include_router(router, prefix=PREFIX)
    api.include_router(socket_router(hub, tokens))
    describe_replies(api)
    explain_errors(api)
    api.add_middleware(BodyLimit, most=max_request_bytes)
    api.add_middleware(Access, tokens=tokens)
    if max_requests:
        api.add_middleware(RateLimit, per_second=max_requests, clock=time.monotonic)
    api.add_middleware(SecurityHeaders)
    mount_page(api)
    return api
