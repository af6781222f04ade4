import urllib.error
import urllib.request

import httpx
import psutil
import pytest

pytestmark = pytest.mark.services


@pytest.fixture
def client(mlflow):
    with httpx.Client(base_url=mlflow, timeout=30) as client:
        yield client


def test_mlflow_registers_a_model_and_moves_its_alias(client, app_id):
    api = "/api/2.0/mlflow"
    client.post(f"{api}/registered-models/create", json={"name": app_id}).raise_for_status()
    run = client.post(f"{api}/runs/create", json={"experiment_id": "0"}).json()["run"]["info"]
    version = {"name": app_id, "source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]}
    client.post(f"{api}/model-versions/create", json=version).raise_for_status()
    alias = {"name": app_id, "alias": "champion"}

    client.post(f"{api}/registered-models/alias", json={**alias, "version": "1"}).raise_for_status()

    found = client.get(f"{api}/registered-models/alias", params=alias).json()["model_version"]
    assert (found["name"], found["version"], found["aliases"]) == (app_id, "1", ["champion"])


def test_mlflow_hands_artefacts_in_and_out(client, app_id):
    place = f"/api/2.0/mlflow-artifacts/artifacts/{app_id}/parameters.json"

    client.put(place, content=b'{"a": 1}').raise_for_status()

    assert client.get(place).json() == {"a": 1}


def test_mlflow_refuses_a_foreign_host_name(mlflow):
    question = urllib.request.Request(f"{mlflow}/api/2.0/mlflow/registered-models/search?max_results=1")
    question.add_header("Host", "evil.example")

    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(question, timeout=30)


def test_mlflow_is_one_process_on_the_loopback_interface(mlflow):
    port = int(mlflow.rpartition(":")[2])
    listening = [one for one in psutil.net_connections("inet") if one.laddr.port == port and one.status == "LISTEN"]

    assert [one.laddr.ip for one in listening] == ["127.0.0.1"]
    assert not psutil.Process(listening[0].pid).children()
