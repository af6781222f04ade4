from pathlib import Path

import pytest
import yaml

from causal_alpha.devstack.docker import Container
from causal_alpha.devstack.kafka import Kafka, broker_settings
from causal_alpha.devstack.mongo import Mongo

COMPOSE = Path(__file__).parents[2] / "compose.yaml"


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_compose_configures_kafka_as_devstack_does(services):
    settings = broker_settings(
        listen="0.0.0.0:9092", advertise="127.0.0.1:9092", controller="127.0.0.1:9093", data="/var/lib/kafka/data"
    )
    expected = {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in settings.items()}

    assert expected.items() <= services["kafka"]["environment"].items()


@pytest.mark.parametrize("cls", [Kafka, Mongo])
def test_compose_runs_the_images_of_devstack(services, cls, tmp_path):
    container: Container = cls(folder=tmp_path, logs=tmp_path, say=print).container(1)

    assert services[cls.name]["image"] == container.image


@pytest.mark.parametrize("name", ["kafka", "mongo"])
def test_compose_publishes_on_the_loopback_alone(services, name):
    assert all(port.startswith("127.0.0.1:") for port in services[name]["ports"])


def test_compose_names_the_variables_to_export():
    text = COMPOSE.read_text()

    assert f"export {Kafka.variable}=127.0.0.1:9092" in text
    assert f"export {Mongo.variable}='mongodb://127.0.0.1:27017/?replicaSet=rs0'" in text
