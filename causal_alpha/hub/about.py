"""`GET /about` and `/session`: what this is made of, and who is asking."""

import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

from fastapi import APIRouter, Request, Response

from causal_alpha.hub.access import OPERATOR, ROLE
from causal_alpha.hub.answers import Answer
from causal_alpha.hub.replies import AboutReply, SessionReply, says
from causal_alpha.hub.rows import PartRow

PARTS = (
    *("faust-streaming", "aiokafka", "fastapi", "uvicorn", "websockets", "motor", "pymongo", "msgspec", "numpy"),
    *("pyarrow", "scipy", "exchange-calendars", "onnxruntime", "tensorflow", "statsmodels", "mlflow", "apache-airflow"),
)
CHARTS = PartRow(
    name="TradingView Lightweight Charts",
    version="5.2",
    licence="Apache-2.0; Copyright (c) 2025 TradingView, Inc.",
    url="https://www.tradingview.com/",
)
"""Its licence asks for this notice and link on a page that users reach."""


def about_router(*, version: str, protocol: int, ui: str, tokens: bool) -> APIRouter:
    """`ui` is the build of the page, `tokens` whether the hub asks for any."""
    router = APIRouter(tags=["status"])

    @router.get("/about", responses=says(AboutReply))
    def about() -> Response:
        """Versions and licences."""
        return Answer(
            AboutReply(
                version=version,
                python=platform.python_version(),
                protocol=protocol,
                ui=ui,
                licence="Apache-2.0",
                parts=(CHARTS, *installed(PARTS)),
            )
        )

    @router.get("/session", responses=says(SessionReply))
    async def session(request: Request) -> Response:
        """The role of whoever asks."""
        return Answer({"role": request.scope.get(ROLE, OPERATOR), "tokens": tokens})

    return router


@cache
def installed(names: Iterable[str]) -> tuple[PartRow, ...]:
    """Those of the packages that are there, as their metadata describe them."""
    return tuple(row for row in map(_part, names) if row is not None)


def _part(name: str) -> PartRow | None:
    try:
        facts: Any = metadata(name)
    except PackageNotFoundError:
        return None
    said = facts.get("License-Expression") or (facts.get("License") or "").strip().partition("\n")[0]
    classified = [text.rpartition(" :: ")[2] for text in facts.get_all("Classifier", []) if text.startswith("License")]
    named = 0 < len(said) <= 60 and not said.startswith("Copyright")  # some put the licence's own first line there
    licence = said if named else ", ".join(classified)
    return PartRow(name=facts["Name"], version=facts["Version"], licence=licence or "see its files", url=_url(facts))


def _url(facts: Any) -> str:
    links = [text.partition(",")[2].strip() for text in facts.get_all("Project-URL", [])]
    return str(facts.get("Home-page") or (links[0] if links else "")).strip()
