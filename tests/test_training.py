import json
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest

from causal_alpha import families, training
from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError, ServiceError
from causal_alpha.models import store
from causal_alpha.models.base import Vectors
from causal_alpha.registry import Registry
from causal_alpha.training import check_data, train, train_and_register
from causal_alpha.training import gate as daily_gate

SESSIONS = 60


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_bars(made_up(symbols=4, sessions=600))


@pytest.fixture
def interval(app_id: str) -> str:
    """An interval that no other test registers models of."""
    return f"1d-{app_id}"


@pytest.fixture
def registry(mlflow: str):
    registry = Registry(mlflow)
    yield registry
    registry.close()


@pytest.mark.services
def test_first_version_is_champion_and_the_next_is_challenger(
    data: Dataset, mlflow: str, registry: Registry, interval: str, tmp_path: Path
) -> None:
    said: list[str] = []
    first = train_and_register(
        "har", data.until(int(data.sessions[-20])), interval, mlflow, sessions=SESSIONS, run="a", say=said.append
    )
    assert first.alias == "champion"
    assert first.alarms == ()
    second = train_and_register("har", data, interval, mlflow, sessions=SESSIONS, run="b", seed=4)
    again = train_and_register("har", data, interval, mlflow, sessions=SESSIONS, run="b", seed=4)
    assert (second.alias, again.alias, again.version) == ("challenger", "challenger", second.version)
    assert again.held_out is None
    model = registry.need(f"har-{interval}")
    assert [version.number for version in model.versions] == [2, 1]
    assert model.aliases == {"champion": 1, "challenger": 2}
    assert [(change.before, change.after, change.why) for change in model.history] == [(0, 1, "first of its family")]
    version = model.version(2)
    assert version.until == int(data.sessions[-1]) > model.version(1).until
    expected = {"family": "har", "interval": interval, "seed": "4", "gate": "passed", "quick": "false", "run": "b"}
    assert expected.items() <= version.tags.items()
    assert (version.tags["data"], version.tags["feature_set"]) == (data.hash, data.feature_set)
    assert {"crps_ewma_h1", "coverage_80_h1"} <= json.loads(version.tags["metrics"]).keys()
    assert any("judged on the last 60 sessions" in line for line in said)

    artefact, served = train("har", data, seed=4), store.load(registry.fetch(version, tmp_path))
    rows = np.flatnonzero(data.place > 300)
    vectors = Vectors(
        data.names,
        tuple(data.symbols[code] for code in data.symbol[rows].tolist()),
        data.lags(rows, data.names, artefact.lags),
    )
    assert served.forecast(vectors).quantiles.tobytes() == artefact.forecast(vectors).quantiles.tobytes()

    with httpx.Client(base_url=mlflow, timeout=30) as client:
        run = client.get("/api/2.0/mlflow/runs/get", params={"run_id": version.run_id}).json()["run"]
        metrics = {one["key"] for one in run["data"]["metrics"]}
        params = {one["key"]: one["value"] for one in run["data"]["params"]}
        for name in ("naive", "ewma", "garch", "har"):
            assert {f"crps_over_{name}_h1", f"qlike_over_{name}_t_h5"} <= metrics
        assert {"qlike_har_1971", "qlike_har_worst_symbol", "coverage_95_h5"} <= metrics
        assert params["until"] == "1971-08-23"
        assert params["code"].partition("+")[2]
        listed = [
            file["path"]
            for folder in ("", "plots", "model", "model/artefact")
            for file in client.get(
                "/api/2.0/mlflow/artifacts/list", params={"run_id": version.run_id, "path": folder}
            ).json()["files"]
        ]
        assert {
            "card.md",
            *(f"plots/{name}.png" for name in ("calibration", "cones", "coverage")),
            *(f"model/{name}" for name in ("MLmodel", "input_example.json", "artefact/artefact.json")),
        } <= set(listed)
        assert not [name for name in listed if name.endswith((".pkl", ".pickle", ".joblib", ".py"))]
        card = client.get("/get-artifact", params={"run_uuid": version.run_id, "path": "card.md"}).text
        assert "Every sanity check passed." in card
        assert data.hash in card


@pytest.mark.services
def test_net_comes_from_the_registry_as_onnx_alone(
    data: Dataset, mlflow: str, registry: Registry, interval: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from causal_alpha.models import lstm

    tiny = replace(lstm.PLAN, members=1, targets=2_000, looks=2, width=8)
    small = families.Family(lambda dataset, seed, say: lstm.fit(dataset, seed=seed, plan=tiny, say=say), refit=252)
    table = {**families.FAMILIES, "lstm": small}
    monkeypatch.setattr(training, "FAMILIES", table)
    monkeypatch.setattr(training, "find_family", table.__getitem__)
    made = train_and_register("lstm", data, interval, mlflow, sessions=SESSIONS)
    assert made.alias == "champion"
    path = registry.fetch(made.version, tmp_path)
    assert sorted(file.name for file in path.rglob("*.*")) == ["artefact.json", "model.onnx"]
    assert store.load(path).family == "lstm"
    assert registry.fetch(made.version, tmp_path) == path


@pytest.mark.services
def test_sketch_gives_way_to_the_first_full_fit(data: Dataset, mlflow: str, registry: Registry, interval: str) -> None:
    for quick, alias in ((True, "champion"), (False, "champion"), (True, "challenger")):
        assert train_and_register("ewma", data, interval, mlflow, sessions=SESSIONS, quick=quick).alias == alias
    model = registry.need(f"ewma-{interval}")
    assert model.aliases == {"champion": 2, "challenger": 3}
    assert [change.why for change in model.history] == ["first of its family", "first full fit"]


@pytest.mark.services
def test_leak_is_blocked_and_changes_no_alias(
    data: Dataset, mlflow: str, registry: Registry, interval: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranges taken one row late: the alarm levels of daily bars must see it."""
    values = data.values.copy()
    ahead, rng = data.ahead(1), np.random.default_rng(0)
    for name in ("log_range_1", "market_range_1"):
        column = data.names.index(name)
        late = values[ahead, column] + 0.5 * rng.standard_normal(len(data))
        values[:, column] = np.where(ahead >= 0, late, np.nan)
    leaky = replace(data, values=values)
    first = train_and_register("har", data, interval, mlflow, sessions=SESSIONS)
    monkeypatch.setattr(training, "gate", lambda held_out, interval: daily_gate(held_out, "1d"))
    blocked = train_and_register("har", leaky, interval, mlflow, sessions=SESSIONS)
    assert blocked.version is None
    assert blocked.alias == ""
    assert any(alarm.startswith(("crps_ewma: expected at least", "qlike_har")) for alarm in blocked.alarms)
    model = registry.need(f"har-{interval}")
    assert [version.number for version in model.versions] == [1]
    assert model.aliases == {"champion": first.version.number}


def test_data_that_will_not_do_is_said_before_anything_else(data: Dataset) -> None:
    nowhere = "http://127.0.0.1:9"
    short = data.until(int(data.sessions[359]))
    with pytest.raises(ModelError, match="expected at least 360 sessions, was 359"):
        train_and_register("har", short, "1d", nowhere, sessions=SESSIONS)
    with pytest.raises(ModelError, match="expected at least 550 sessions, was 0"):
        check_data(data.take(np.empty(0, dtype=np.int64)))
    with pytest.raises(ModelError, match="expected rows with every feature known, was none"):
        check_data(replace(data, values=np.full_like(data.values, np.nan)))
    with pytest.raises(ModelError, match="expected prices that move, was constant ones"):
        check_data(replace(data, returns=np.zeros(len(data))))
    with pytest.raises(ModelError, match="expected one of naive"):
        train_and_register("prophet", data, "1d", nowhere)


def test_server_that_is_away_is_said_before_the_fit(data: Dataset) -> None:
    with pytest.raises(ServiceError, match=r"MLflow at http://127\.0\.0\.1:9: expected an answer, was"):
        train_and_register("har", data, "1d", "http://127.0.0.1:9", sessions=SESSIONS)
