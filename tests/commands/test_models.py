import json

import httpx
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from causal_alpha.commands.models import models
from causal_alpha.errors import ModelError, SettingsError
from causal_alpha.registry import CHALLENGER, Registry
from causal_alpha.sinks.documents import to_document
from tests.test_promotion import noisy, scored


@pytest.fixture
def name(mlflow: str, app_id: str) -> str:
    """A registered model with three versions, the first of which is champion and the third challenger."""
    name = f"lstm-{app_id.replace('-', '')}"
    with httpx.Client(base_url=f"{mlflow}/api/2.0/mlflow/", timeout=30) as client:
        client.post("registered-models/create", json={"name": name}).raise_for_status()
        run = client.post("runs/create", json={"experiment_id": "0"}).raise_for_status().json()["run"]["info"]
        made = {"name": name, "source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]}
        for until in (100, 200, 300):
            tags = {"family": "lstm", "gate": "passed", "until_ns": str(until)}
            listed = [{"key": key, "value": value} for key, value in tags.items()]
            client.post("model-versions/create", json=made | {"tags": listed}).raise_for_status()
    registry = Registry(mlflow)
    registry.crown(name, 1, at=0, why="first of its family")
    registry.point(name, CHALLENGER, 3)
    registry.close()
    return name


def run(*words: str) -> str:
    return CliRunner().invoke(models, list(words), catch_exceptions=False).stdout


@pytest.mark.services
def test_challenger_is_promoted_by_its_scores_and_rolled_back(
    mlflow: str, mongo: str, database: str, name: str
) -> None:
    where = ["--mlflow-url", mlflow]
    archive = ["--mongo-url", mongo, "--mongo-database", database]
    assert run("promote", name, *where, *archive).startswith(f"{name}: stays: expected 5 sessions of its own, was 0")
    scores = scored({"1": noisy(1.0, 1), "3": noisy(0.95, 2)}, sessions=150)
    interval = name.partition("-")[2]
    with MongoClient(mongo) as client:
        documents = [{**to_document(row), "interval": interval} for row in scores.rows()]
        client[database]["scores"].insert_many(documents)
    said = run("promote", name, *where, *archive)
    assert said.startswith(f"{name}: promoted version 3: e ")
    assert run("promote", name, *where, *archive).startswith(f"{name}: stays: no challenger")

    rows = [json.loads(line) for line in run("list", "--json", *where).splitlines()]
    own = {row["version"]: row for row in rows if row["model"] == name}
    assert {number: row["alias"] for number, row in own.items()} == {3: "champion", 2: "", 1: ""}
    assert own[3]["tags"]["trial"].startswith("e ")
    assert run("rollback", name, *where) == f"{name}: champion 3 -> 1\n"
    shown = run("list", *where)
    for line in (
        "champion none -> 1: first of its family",
        "champion 1 -> 3: e ",
        "champion 3 -> 1: rolled back from version 3",
    ):
        assert line in shown
    assert run("promote", name, "--version", "2", *where) == f"{name}: champion 1 -> 2\n"
    with pytest.raises(ModelError, match=r"expected one of its versions \(3, 2, 1\), was 9"):
        run("promote", name, "--version", "9", *where)


def test_command_without_a_server_says_which_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAUSAL_ALPHA_MLFLOW_URL", raising=False)
    with pytest.raises(SettingsError, match="expected an MLflow server, or CAUSAL_ALPHA_MLFLOW_URL, was neither"):
        run("list")
    with pytest.raises(SettingsError, match="--version: expected the NAME of a model with it, was none"):
        run("promote", "--version", "1", "--mlflow-url", "http://127.0.0.1:9")
