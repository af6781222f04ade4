import asyncio
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from causal_alpha.daily import session_start
from causal_alpha.devstack.airflow import POOL, Airflow
from causal_alpha.devstack.mlflow import MLflow
from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Score
from causal_alpha.sinks.mongo import MongoSink, mongo_database
from causal_alpha.sources.indices import Indices
from tests.conftest import serving

DAGS = Path(__file__).resolve().parents[2] / "dags"
DATABASE = "scheduled"
PATIENCE = 120.0


class Scheduler:
    """A running Airflow with our DAGs, asked over its API."""

    def __init__(self, airflow: Airflow) -> None:
        self.airflow = airflow

    def trigger(self, dag: str, run: str, **params: Any) -> None:
        """Asks for a run as soon as the DAG is known."""
        self._patiently(lambda: self.airflow.ask("GET", f"/api/v2/dags/{dag}", known=404))
        body = {"dag_run_id": run, "logical_date": None, "conf": params}
        self.airflow.ask("POST", f"/api/v2/dags/{dag}/dagRuns", body)

    def wait(self, dag: str, run: str) -> str:
        """How the run ended: success or failed."""

        def state() -> str:
            found = self.airflow.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}")["state"]
            return found if found in {"success", "failed"} else ""

        return str(self._patiently(state))

    def tasks(self, dag: str, run: str) -> dict[str, list[str]]:
        """The states of each task's instances."""
        states: dict[str, list[str]] = {}
        for one in self.airflow.ask("GET", f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]:
            states.setdefault(one["task_id"], []).append(str(one["state"]))
        return states

    def known(self, count: int) -> list[Any]:
        """The DAGs, as soon as there are `count` of them."""

        def dags() -> list[Any]:
            found = self.airflow.ask("GET", "/api/v2/dags")["dags"]
            return list(found) if len(found) >= count else []

        return list(self._patiently(dags))

    def errors(self, run: str) -> str:
        """What the tasks of a run raised."""
        return "\n".join(line[:2_000] for line in self.log(run).splitlines() if '"exc_value"' in line)

    def clear(self, dag: str, run: str, task: str) -> None:
        """Has a task done again."""
        body = {"dry_run": False, "dag_run_id": run, "task_ids": [task], "only_failed": False, "reset_dag_runs": True}
        self.airflow.ask("POST", f"/api/v2/dags/{dag}/clearTaskInstances", body)

    def log(self, run: str) -> str:
        """What all tasks of a run have written."""
        files = sorted(self.airflow.logs.rglob("*.log"))
        return "\n".join(file.read_text(errors="replace") for file in files if f"run_id={run}" in str(file))

    def _patiently(self, ask: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (answer := ask()):
            assert time.monotonic() < deadline, f"it didn't happen in {PATIENCE:.0f} s"
            time.sleep(0.3)
        return answer


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """A registry of our own: what is registered in it, and as which version, is what the schedules did."""
    with serving(MLflow, tmp_path_factory.mktemp("mlflow"), pytestconfig) as service:
        yield service.url


@pytest.fixture(scope="module")
def scheduler(
    mongo: str, mlflow: str, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Scheduler]:
    """One Airflow for all tests of a module; its tasks see an empty database of MongoDB, and the registry."""
    terminal = pytestconfig.get_terminal_writer()
    folder = tmp_path_factory.mktemp("airflow")
    environment = {
        "CAUSAL_ALPHA_MONGO_URL": mongo,
        "CAUSAL_ALPHA_MONGO_DATABASE": DATABASE,
        "CAUSAL_ALPHA_MLFLOW_URL": mlflow,
    }
    airflow = Airflow(folder=folder, logs=folder / "logs", say=terminal.line, dags=DAGS, environment=environment)
    airflow.start()
    # Two fits side by side: nobody looks at a page here.
    airflow.ask("PATCH", "/api/v2/pools/training?update_mask=slots", {**POOL, "slots": 2})
    yield Scheduler(airflow)
    airflow.stop()


@pytest.fixture(scope="module")
def archived(mongo: str) -> None:
    """Daily bars in MongoDB, written as the worker does: two indices, one symbol that is new, one that stands still."""
    asyncio.run(_write(mongo))


async def _write(url: str) -> None:
    since = session_start(date(2012, 1, 1))
    bars = await Indices().history(("^GSPC", "^IXIC"), "1d", since, 2**62)
    rows = list(bars.take(bars.labels("symbol").equals("^GSPC")).rows())
    new = [replace(row, symbol="NEW") for row in rows[-60:]]
    still = [replace(row, symbol="STILL", open=1.0, high=1.0, low=1.0, close=1.0, vwap=1.0) for row in rows]
    sink = MongoSink(mongo_database(url, DATABASE))
    await sink.write([bars, Frame.of(Bar, new + still)])
    await sink.close()


async def write_scores(url: str, scores: list[Score]) -> None:
    """Scores as the worker's archive writes them."""
    sink = MongoSink(mongo_database(url, DATABASE))
    await sink.write([Frame.of(Score, scores)])
    await sink.close()
