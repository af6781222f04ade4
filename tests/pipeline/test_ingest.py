"""`POST /ingest` on real services: the request travels by Kafka, its bars reach MongoDB, CSV and the API."""

import csv
from pathlib import Path
from typing import Any

import httpx
import pytest

from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.sources.market import EPOCH
from tests.pipeline.streams import stored, wait_for

pytestmark = pytest.mark.services

MINUTES = 90
T0 = EPOCH + 3600 * SECOND


def ask(url: str, **changes: Any) -> dict[str, Any]:
    """Post a request for history and return its job once it has ended."""
    wish = {"source": "simulator", "kind": "history", "symbols": ["SIM:ALFA"], "interval": "1m"}
    span = {"start": T0 // MILLISECOND, "end": (T0 + MINUTES * 60 * SECOND) // MILLISECOND}
    answer = httpx.post(f"{url}/api/v1/ingest", json=wish | span | changes)
    assert answer.status_code == 202

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = httpx.get(f"{url}/api/v1/ingest/{answer.json()['id']}").json()
        return job if job["state"] in {"done", "failed"} else None

    job: dict[str, Any] = wait_for(ended, what="the job's end")
    return job


def test_ingested_history_is_archived_and_forecast(worker: Any, mongo: str, tmp_path: Path) -> None:
    running = worker(csv_folder=tmp_path / "csv")

    job = ask(running.url)
    again = ask(running.url)

    assert (job["state"], job["rows"]) == ("done", MINUTES)
    assert again["state"] == "done"
    bars = wait_for(lambda: len(rows := stored(mongo, running.database, "bars")) == MINUTES and rows, what="bars")
    assert {bar["source"].partition(":")[0] for bar in bars} == {"simulator"}
    forecasts = wait_for(lambda: stored(mongo, running.database, "forecasts"), what="forecasts")
    assert {row["symbol"] for row in forecasts} == {"SIM:ALFA"}
    wait_for(lambda: len(csv_rows(tmp_path / "csv")) == MINUTES, what="bars in CSV files")
    asked = {"interval": "1m", "limit": MINUTES, "start": T0 // MILLISECOND}
    shown = httpx.get(f"{running.url}/api/v1/bars/SIM:ALFA", params=asked).json()["bars"]
    assert [bar["start"] for bar in shown] == [T0 // MILLISECOND + i * 60_000 for i in range(MINUTES)]


def test_request_that_no_feed_can_answer_fails_with_its_reason(worker: Any) -> None:
    running = worker()

    job = ask(running.url, source="nowhere")

    assert job["state"] == "failed"
    assert "source: expected one of" in job["error"]


def csv_rows(folder: Path) -> list[dict[str, str]]:
    files = [file for file in folder.rglob("*.csv") if "bars" in str(file.relative_to(folder))]
    return [row for file in files for row in csv.DictReader(file.open(newline=""))]


def test_request_under_way_is_answered_after_a_stop(worker: Any, mongo: str) -> None:
    running = worker(agents="tests.pipeline.slow,agents")
    symbols = ["SIM:ALFA", "SIM:BRAVO", "SIM:CHARLIE", "SIM:DELTA"]
    span = {"start": T0 // MILLISECOND, "end": (T0 + 600 * SECOND) // MILLISECOND}
    wish = {"source": "slow", "kind": "history", "symbols": symbols, "interval": "1m", **span}
    job = httpx.post(f"{running.url}/api/v1/ingest", json=wish).json()["id"]

    wait_for(lambda: stored(mongo, running.database, "bars"), what="the first symbol's bars")
    running.stop()
    [before] = stored(mongo, running.database, "jobs")
    running.start()

    assert (before["_id"], before["state"]) == (job, "running")
    wait_for(lambda: stored(mongo, running.database, "jobs")[0]["state"] == "done", what="the job's end")
    wait_for(lambda: len(stored(mongo, running.database, "bars")) == 10 * len(symbols), what="every bar")
