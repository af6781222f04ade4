"""The routes behind the pages: models, scores, pipeline, events, about, predictions on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from causal_alpha.datapath import Step
from causal_alpha.errors import ModelError, ServiceError, SinkError
from causal_alpha.frames import Frame
from causal_alpha.hub.api import create_api
from causal_alpha.hub.pipeline import Sight
from causal_alpha.hub.stream import Hub
from causal_alpha.hub.tracks import Balance, PartitionRow, WorkerRow
from causal_alpha.intervals import SECOND
from causal_alpha.records import Features, Forecast, Job, Reject, Score
from causal_alpha.redrive import Redriver
from causal_alpha.registry import Change, Registered, Version
from causal_alpha.sinks.memory import MemorySink
from tests.hub.conftest import NOW, Outbox
from tests.hub.records import START, bar, bars, forecast
from tests.hub.test_schema import check


@dataclass
class Shelf:
    """A registry of one model with three versions, in memory."""

    url: str = "http://mlflow"
    away: bool = False
    champion: int = 2
    history: list[Change] = field(default_factory=lambda: [Change(at=5_000_000, before=1, after=2, why="better")])

    def models(self) -> list[Registered]:
        if self.away:
            raise ServiceError("MLflow at http://mlflow: expected an answer, was refused")
        return [self.need("lstm-1d")]

    def need(self, name: str) -> Registered:
        if name != "lstm-1d":
            raise ModelError(f"model: expected a registered one such as lstm-1d, was {name!r}")
        tags = {"metrics": '{"crps_to_ewma": 0.98}', "until": "2020-09-30"}
        versions = tuple(Version(name, number, f"run-{number}", tags, 7_000_000) for number in (3, 2, 1))
        known = [vars(change) for change in self.history]
        text = str(known).replace("'", '"')
        return Registered(name, versions, {"champion": self.champion, "challenger": 3}, {"history": text})

    def crown(self, name: str, number: int, *, at: int, why: str) -> Change:
        self.need(name).version(number)
        change = Change(at=at, before=self.champion, after=number, why=why)
        self.champion = number
        self.history.append(change)
        return change


class Reach(NamedTuple):
    """A topic's end and lag."""

    end: int
    lag: int | None


@dataclass
class Kafka:
    """Offsets that may be away."""

    away: bool = False

    async def offsets(self) -> Mapping[str, Reach]:
        if self.away:
            raise SinkError("Kafka: expected offsets, was away")
        return {
            "causal-alpha.ticks": Reach(100, 3),
            "causal-alpha.bars": Reach(7, 0),
            "causal-alpha.forming": Reach(50, None),
        }


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def kafka_offsets() -> Kafka:
    return Kafka()


@pytest.fixture
def api(hub: Hub, sink: MemorySink, outbox: Outbox, redriver: Redriver, shelf: Shelf, kafka_offsets: Kafka) -> FastAPI:
    async def ready() -> dict[str, bool]:
        return {"kafka": True, "mongo": True, "recovered": True}

    async def workers() -> tuple[WorkerRow, ...]:
        return (WorkerRow(instance="worker-1", started=1, seen=2, restarts=4, state="running"),)

    def ask(vectors: Sequence[Features]) -> Frame[Forecast]:
        if vectors[-1].close < 0:
            raise ModelError("closes: expected 1 prices above 0, was [-1.0]")
        return Frame.of(Forecast, [forecast(0), forecast(0, 5)])

    return create_api(
        hub=hub,
        reader=sink,
        jobs=sink,
        gateway=outbox,
        redriver=redriver,
        ready=ready,
        registry=CollectorRegistry(),
        version="0.1.0",
        models=shelf,
        schedules="http://127.0.0.1:8080",
        ask=ask,
        sight=Sight(
            prefix="causal-alpha",
            path=(
                Step("bars.make_bars", "ticks", ("bars", "rejects")),
                Step("features.make_features", "bars", ("features",)),
                Step("bars.send_forming_bars", "", ("forming",)),
                Step("broadcast.broadcast_forming", "forming", ()),
            ),
            offsets=kafka_offsets.offsets,
            partitions=lambda: [
                (
                    PartitionRow(partition=0, watermark=1, newest=2, rows=10),
                    Balance(rows=10, in_bars=6, late=1, duplicates=2, rejected=1),
                )
            ],
            workers=workers,
        ),
    )


async def get(http: httpx.AsyncClient, path: str, schema: str) -> Any:
    answer = await http.get(path)
    assert answer.status_code == 200, answer.text
    check(schema, answer.json())
    return answer.json()


async def test_models_with_versions_aliases_and_history(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/models", "ModelsReply")

    (model,) = answer["models"]
    assert answer["state"] == "ok"
    assert (model["name"], model["family"], model["interval"]) == ("lstm-1d", "lstm", "1d")
    assert (model["champion"], model["challenger"]) == ("2", "3")
    assert [(one["version"], one["aliases"]) for one in model["versions"]] == [
        ("3", ["challenger"]),
        ("2", ["champion"]),
        ("1", []),
    ]
    assert model["versions"][0]["metrics"] == {"crps_to_ewma": 0.98}
    assert model["history"] == [{"at": 5, "before": "1", "after": "2", "why": "better"}]


async def test_models_while_the_registry_is_away(http: httpx.AsyncClient, shelf: Shelf) -> None:
    shelf.away = True

    answer = await get(http, "/models", "ModelsReply")

    assert (answer["state"], answer["models"]) == ("away", [])
    assert answer["detail"].startswith("MLflow at http://mlflow")


async def test_models_are_promoted_and_rolled_back(http: httpx.AsyncClient, shelf: Shelf) -> None:
    await get(http, "/models", "ModelsReply")

    promoted = (await http.post("/models/lstm-1d/promote", json={"version": "3"})).json()
    seen = await get(http, "/models", "ModelsReply")
    back = (await http.post("/models/lstm-1d/rollback")).json()

    assert promoted == {"name": "lstm-1d", "alias": "champion", "version": "3", "before": "2"}
    assert seen["models"][0]["champion"] == "3"
    assert back == {"name": "lstm-1d", "alias": "champion", "version": "2", "before": "3"}
    assert [change.why for change in shelf.history[1:]] == ["by an operator", "rolled back from version 3"]
    assert shelf.history[1].at == NOW


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("/models/none-1d/promote", {"version": "3"}, 404, "model: expected a registered one"),
        ("/models/lstm-1d/promote", {"version": "9"}, 404, "lstm-1d: expected one of its versions"),
        ("/models/lstm-1d/promote", {"version": "x"}, 422, "version: expected a number, was 'x'"),
        ("/models/lstm-1d/promote", {}, 422, "expected a version"),
    ],
)
async def test_models_refuse_what_is_not_there(
    http: httpx.AsyncClient, path: str, body: Any, status: int, error: str
) -> None:
    answer = await http.post(path, json=body)

    assert answer.status_code == status
    assert answer.json()["error"].startswith(error)


async def test_training_lists_its_jobs_alone(http: httpx.AsyncClient, sink: MemorySink) -> None:
    await sink.put_job(Job(id="training:lstm-1d", state="running"))
    await sink.put_job(Job(id="4f1c", state="done"))

    answer = await get(http, "/training", "TrainingReply")

    assert answer == {"url": "http://127.0.0.1:8080", "jobs": [{"id": "training:lstm-1d", "state": "running"}]}


def score(minute: int, crps: float, symbol: str = "AAPL", **facts: Any) -> Score:
    start = START + minute * 60 * SECOND
    common = {
        "made": start + 60 * SECOND,
        "horizon": 1,
        "due": start + 120 * SECOND,
        "family": "ewma",
        "version": "1",
        "price": 1.0,
        "truth": 1.0,
        "ret": 0.0,
        "crps_naive": 0.2,
        "crps_ewma": 0.1,
        "qlike": 0.5,
        "inside_80": 1.0,
        "inside_95": 1.0,
        "winkler_80": 0.01,
        "scored": start + 121 * SECOND,
    }
    return Score(symbol=symbol, interval="1m", start=start, crps=crps, **(common | facts))


async def test_scores_with_their_means(http: httpx.AsyncClient, hub: Hub, sink: MemorySink) -> None:
    nan = float("nan")
    await sink.write([Frame.of(Score, [score(0, 0.1), score(1, 0.3, inside_80=0.0)])])
    hub.publish(Frame.of(Score, [score(1, 0.3, inside_80=0.0), score(2, nan, truth=nan), score(0, 0.2, "MSFT")]))

    all_of_them = await get(http, "/scores", "ScoresReply")
    one = await get(http, "/scores?symbol=AAPL&limit=2", "ScoresReply")

    (tally,) = all_of_them["tallies"]
    assert len(all_of_them["scores"]) == 4
    assert (tally["n"], tally["crps"], tally["coverage_80"]) == (3, pytest.approx(0.2), pytest.approx(2 / 3))
    assert (tally["crps_to_naive"], tally["crps_to_ewma"]) == (pytest.approx(1.0), pytest.approx(2.0))
    assert [row["truth"] for row in one["scores"]] == [1.0, None]


async def test_predict_asks_the_models(http: httpx.AsyncClient, hub: Hub) -> None:
    row = Features(symbol="AAPL", interval="1m", start=START, close=1.5, values=(0.5,), feature_set="f00d")
    hub.publish(Frame.of(Features, [row]))

    answer = await http.post("/predict", json={"symbol": "AAPL"})
    unknown = await http.post("/predict", json={"symbol": "NONE"})

    check("PredictReply", answer.json())
    assert [row["horizon"] for row in answer.json()["forecasts"]] == [1, 5]
    assert (unknown.status_code, unknown.json()) == (404, {"error": "symbol: expected one with features, was 'NONE'"})


async def test_predict_says_what_a_model_cannot_take(http: httpx.AsyncClient, hub: Hub) -> None:
    row = Features(symbol="AAPL", interval="1m", start=START, close=-1.0, values=(0.5,), feature_set="f00d")
    hub.publish(Frame.of(Features, [row]))

    assert (await http.post("/predict", json={"symbol": "AAPL"})).status_code == 422


async def test_pipeline_with_lag_rates_balance_and_workers(http: httpx.AsyncClient, hub: Hub) -> None:
    hub.publish(bars(bar(0), bar(1)))
    row = Features(symbol="AAPL", interval="1m", start=START, close=1.5, values=(0.5,), feature_set="f00d")
    hub.publish(Frame.of(Features, [row]))
    hub.publish(bars(bar(2, "forming"), appended=NOW - 7_000_000))

    answer = await get(http, "/pipeline", "PipelineReply")

    topics = {row["name"].rpartition(".")[2]: row for row in answer["topics"]}
    assert list(topics) == ["ticks", "bars", "rejects", "features", "forming"]
    assert (topics["ticks"]["end"], topics["ticks"]["lag"], topics["ticks"]["rows"]) == (100, 3, 10)
    assert (topics["bars"]["rows"], topics["bars"]["rates"]["s10"]) == (2, 0.2)
    assert topics["features"]["lag"] is None
    assert answer["balance"] == {"rows": 10, "in_bars": 6, "late": 1, "duplicates": 2, "rejected": 1}
    assert (topics["forming"]["end"], topics["forming"]["lag"]) == (50, None)
    assert [(row["name"], row["lag"], row["follows"], row["p50_ms"]) for row in answer["agents"]] == [
        ("make_bars", 3, False, 7.0),
        ("make_features", 0, False, 0.0),
        ("send_forming_bars", None, False, None),
        ("broadcast_forming", None, True, None),
    ]
    assert answer["workers"][0]["restarts"] == 4


async def test_pipeline_while_kafka_is_away(http: httpx.AsyncClient, kafka_offsets: Kafka) -> None:
    kafka_offsets.away = True

    answer = await get(http, "/pipeline", "PipelineReply")

    assert {row["end"] for row in answer["topics"]} == {None}


async def test_events_tell_of_gaps_bursts_and_models(http: httpx.AsyncClient, hub: Hub) -> None:
    hub.publish(bars(bar(0), bar(0, symbol="MSFT")))
    hub.publish(bars(bar(1, quality="no_data"), bar(1, symbol="MSFT")))
    hub.publish(bars(bar(2, quality="no_data"), bar(2, symbol="MSFT")))
    hub.publish(bars(bar(3), bar(3, symbol="MSFT")))
    row = Reject(topic="t", partition=0, offset=0, row=0, ts=0, reason="late", detail="", payload=b"")
    for _ in range(3):
        hub.publish(Frame.of(Reject, [row] * 60))
    hub.announce_model("lstm-1d", "3", "champion", "refused", "expected another feature set")

    answer = await get(http, "/events", "NotesReply")

    assert [(note["kind"], note["level"], note["subject"]) for note in answer["notes"]] == [
        ("feed-away", "warn", "AAPL"),
        ("feed-back", "info", "AAPL"),
        ("reject-burst", "warn", "late"),
        ("model-refused", "warn", "lstm-1d version 3"),
    ]


async def test_about_names_versions_and_licences(http: httpx.AsyncClient) -> None:
    answer = await get(http, "/about", "AboutReply")

    parts = {part["name"]: part for part in answer["parts"]}
    assert answer["version"] == "0.1.0"
    assert "TradingView" in parts["TradingView Lightweight Charts"]["licence"]
    assert parts["numpy"]["version"]
    assert all(part["licence"] for part in parts.values())


async def test_session_without_tokens_is_an_operators(http: httpx.AsyncClient) -> None:
    assert await get(http, "/session", "SessionReply") == {"role": "operator", "tokens": False}
