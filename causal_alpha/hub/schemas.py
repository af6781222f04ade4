"""`GET /openapi.json` and `GET /asyncapi.json`: what the hub says, for machines."""

from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi

from causal_alpha.hub.answers import Answer
from causal_alpha.hub.schema import asyncapi, components


def schemas_router(*, version: str) -> APIRouter:
    router = APIRouter(tags=["schema"])

    @router.get("/asyncapi.json", include_in_schema=False)
    async def sockets() -> Response:
        """The socket's messages."""
        return Answer(asyncapi(version))

    return router


def describe_replies(api: FastAPI) -> None:
    """Put the schemas that the routes' `responses` refer to into the OpenAPI document of `api`."""

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            document = get_openapi(title=api.title, version=api.version, routes=api.routes)
            document.setdefault("components", {}).setdefault("schemas", {}).update(components())
            api.openapi_schema = document
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it
