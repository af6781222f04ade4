"""Everything that the hub says fits its schema; what is generated from it is current."""

import json
from typing import Any

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator

from causal_alpha.hub import rows
from causal_alpha.hub.events import LOG, BarEvent, ForecastEvent, ScoreEvent
from causal_alpha.hub.schema import asyncapi, components, log_name
from causal_alpha.hub.typescript import typescript
from causal_alpha.records import Bar, Features, Forecast, Score
from tests.conftest import ROOT
from tests.hub.test_golden import GOLDEN

SCHEMAS = components()
ANSWERS = {
    "GET /health": "HealthReply",
    "GET /ready": "ReadyReply",
    "GET /symbols": "SymbolsReply",
    "GET /symbols/AAPL": "SymbolReply",
    "GET /sessions/AAPL?limit=1": "SessionsReply",
    "GET /bars/AAPL?interval=1m": "BarsReply",
    "GET /features/AAPL": "FeaturesReply",
    "GET /forecasts/AAPL": "ForecastsReply",
    "GET /rejects": "RejectsReply",
    "GET /ingest/4f1c": "JobRow",
    "GET /bars/AAPL?limit=0": "ErrorReply",
    "POST /ticks": "TicksReply",
    "POST /rejects/redrive": "RedriveReply",
    "POST /ingest": "IngestReply",
}
"""The schema of each answer in `golden.json`."""


def closed(schema: Any) -> Any:
    """The schema with nothing beyond what it names, so that a test sees what it leaves out."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {name: closed(value) for name, value in schema.items()}
    if "properties" in schema:
        shut["additionalProperties"] = False
    if "prefixItems" in schema:
        shut["items"] = False
    return shut


def check(name: str, message: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": closed(SCHEMAS)}}
    Draft202012Validator(schema).validate(message)


def test_schema_is_one_itself() -> None:
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("hello", "HelloMessage"),
        ("state", "StateMessage"),
        ("log", "LogMessage"),
        ("subscribe", "SubscribeMessage"),
    ],
)
def test_schema_fits_the_sockets_messages(key: str, name: str) -> None:
    check(name, json.loads(GOLDEN.read_text())[key])


def test_schema_fits_every_kind_of_log_event() -> None:
    golden = json.loads(GOLDEN.read_text())["log"][1]
    for event in golden:
        check(log_name({kind.__struct_config__.tag: kind for kind in LOG}[event[1]]), event)


def test_schema_fits_the_answers() -> None:
    answers = json.loads(GOLDEN.read_text())["http"]
    assert set(answers) == set(ANSWERS)
    for call, answer in answers.items():
        check(ANSWERS[call], answer)


@pytest.mark.parametrize(
    ("record", "row", "apart"),
    [
        (Bar, rows.BarRow, {"symbol", "interval"}),
        (Features, rows.FeatureRow, {"symbol", "interval"}),
        (Forecast, rows.ForecastRow, {"symbol", "interval"}),
        (Score, rows.ScoreRow, set()),
        (Bar, BarEvent, set()),
        (Forecast, ForecastEvent, {"feature_set", "naive", "ewma"}),
        (Score, ScoreEvent, set()),
    ],
)
def test_schema_has_the_fields_of_the_records(
    record: type[msgspec.Struct], row: type[msgspec.Struct], apart: set[str]
) -> None:
    assert [name for name in record.__struct_fields__ if name not in apart] == list(row.__struct_fields__)


async def test_schema_is_served_as_openapi_and_asyncapi(http: httpx.AsyncClient) -> None:
    openapi = (await http.get("/openapi.json")).json()
    sockets = (await http.get("/asyncapi.json")).json()

    assert sockets == json.loads(msgspec.json.encode(asyncapi("0.1.0")))
    for document in (openapi, sockets):
        texts = json.dumps(document).split('"$ref": "#/')[1:]
        for path in {text.partition('"')[0] for text in texts}:
            place = document
            for part in path.split("/"):
                place = place[part]  # raises KeyError for a reference to nothing
    said = openapi["paths"]["/api/v1/bars/{symbol}"]["get"]["responses"]["200"]["content"]["application/json"]
    assert said == {"schema": {"$ref": "#/components/schemas/BarsReply"}}


def test_schema_of_the_page_is_current() -> None:
    file = ROOT / "web/src/app/core/api/schema.ts"
    assert file.read_text() == typescript(components()), f"causal-alpha schema > {file.relative_to(ROOT)}"
