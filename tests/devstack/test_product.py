"""Where the product's services listen, and what a run says of that; all of it runs in `tests/commands/test_up.py`."""

import shlex
import socket
from pathlib import Path

import pytest

from causal_alpha.devstack import product
from causal_alpha.devstack.airflow import Airflow
from causal_alpha.devstack.backstage import Backstage
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mlflow import MLflow
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import UsualPorts, free_port
from causal_alpha.devstack.product import Places, Plan, exports
from causal_alpha.settings import Settings


@pytest.fixture
def usual(monkeypatch):
    """The usual ports of all services, for this test other ones, so that it minds nobody who has the real ones."""
    ports = {kind.name: free_port() for kind in (Kafka, Mongo, MLflow, Airflow)}
    for kind in (Kafka, Mongo, MLflow, Airflow):
        monkeypatch.setattr(kind, "usual", ports[kind.name])
    return ports


@pytest.fixture
def chosen(monkeypatch, tmp_path):
    """The ports that a plan gives Kafka and MongoDB, instead of starting them; 0 takes any free one."""
    found = {}

    def stack(*services):
        found.update({one.name: one.port for one in services})
        raise KeyboardInterrupt

    monkeypatch.setattr(product, "Stack", stack)

    def choose(**options):
        with pytest.raises(KeyboardInterrupt):
            product.run(Plan(source=(), data=tmp_path, **options), say=lambda line: None, announce=print)
        return found

    return choose


@pytest.fixture
def backstage(tmp_path):
    """MLflow and Airflow as a run prepares them."""

    def make(ports, mlflow=None):
        options = {"folder": tmp_path, "logs": tmp_path, "say": lambda line: None}
        return Backstage({}, **options, mlflow=mlflow, airflow=True, ports=ports)

    return make


def service(kind, port=0, external=None):
    return kind(folder=Path(), logs=Path(), say=lambda line: None, external=external, port=port)


def test_product_takes_the_usual_ports(usual, chosen):
    assert chosen() == {"kafka": usual["kafka"], "mongo": usual["mongo"]}


def test_product_leaves_a_usual_port_to_who_has_it(usual, chosen):
    with socket.create_server(("127.0.0.1", usual["kafka"])):
        assert chosen() == {"kafka": 0, "mongo": usual["mongo"]}


def test_product_at_any_port_takes_no_usual_ones(usual, chosen):
    assert chosen(port=0) == {"kafka": 0, "mongo": 0}


def test_product_marks_no_port_of_services_that_run_already(usual, chosen):
    assert chosen(broker="kafka-1:9092") == {"kafka": 0, "mongo": usual["mongo"]}


def test_backstage_takes_the_usual_ports(usual, backstage):
    with UsualPorts() as ports:
        places = backstage(ports).places

    assert places == {name: f"http://127.0.0.1:{usual[name]}" for name in ("mlflow", "airflow")}


def test_backstage_leaves_a_usual_port_to_who_has_it(usual, backstage):
    with socket.create_server(("127.0.0.1", usual["mlflow"])), UsualPorts() as ports:
        places = backstage(ports).places

    assert places["mlflow"] not in ("http://127.0.0.1:0", f"http://127.0.0.1:{usual['mlflow']}")
    assert places["airflow"] == f"http://127.0.0.1:{usual['airflow']}"


def test_usual_ports_are_where_commands_look():
    fields = Settings.model_fields

    assert fields["broker"].default == service(Kafka).address(Kafka.usual)
    assert service(Mongo).address(Mongo.usual).startswith(f"{fields['mongo_url'].default}/")


def test_exports_name_nothing_that_is_at_its_usual_port():
    assert exports(service(Kafka, 9092), service(Mongo, 27017), service(MLflow, 5000)) == {}


def test_exports_name_what_is_elsewhere():
    found = exports(service(Kafka, 9092), service(Mongo, 40001), service(MLflow, external="http://mlflow/"))

    assert found == {
        "CAUSAL_ALPHA_MONGO_URL": "mongodb://127.0.0.1:40001/?replicaSet=rs0",
        "CAUSAL_ALPHA_MLFLOW_URL": "http://mlflow/",
    }


def test_places_end_with_a_line_for_other_terminals():
    found = {"CAUSAL_ALPHA_BROKER": "127.0.0.1:40000", "CAUSAL_ALPHA_MONGO_URL": "mongodb://a/?b=c&d=e"}

    ready, line = str(Places("http://127.0.0.1:8000/", "127.0.0.1:40000", "mongodb://a/", exports=found)).splitlines()

    assert ready == "ready page=http://127.0.0.1:8000/ kafka=127.0.0.1:40000 mongo=mongodb://a/"
    command, *words = shlex.split(line)
    assert (command, dict(word.split("=", 1) for word in words)) == ("export", found)
