"""The real Kafka and MongoDB: what they keep, and that none of them outlives who started them."""

import signal
import socket
import subprocess
import sys
import time
from uuid import UUID

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pymongo import MongoClient

from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.stack import Stack
from causal_alpha.errors import ServiceError

pytestmark = pytest.mark.services

PARENT = """
import sys, time
from pathlib import Path
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.stack import Stack
folder = Path(sys.argv[1])
with Stack(*(service(folder=folder, logs=folder, say=print) for service in (Kafka, Mongo))):
    print("up", flush=True)
    time.sleep(300)
"""


@pytest.fixture
def make(tmp_path):
    """Makes services over one data folder; stops them at the end."""
    made = []

    def service(cls, **options):
        made.append(cls(folder=tmp_path, logs=tmp_path / "logs", say=print, **options))
        return made[-1]

    yield service
    for one in made:
        one.stop()


@pytest.fixture
def parent(tmp_path):
    """A process that runs both services until it dies."""
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_services_end_with_their_parent(parent, number):
    assert parent.stdout.readline() == "up\n"
    family = psutil.Process(parent.pid).children(recursive=True)
    assert {"java", "mongod"} <= {process.name() for process in family}

    parent.send_signal(number)

    assert gone(family)


@pytest.mark.parametrize("seconds", [0.6, 1.2, 2.0])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_services_end_with_a_parent_that_dies_during_their_start(parent, number, seconds):
    time.sleep(seconds)
    family = psutil.Process(parent.pid).children(recursive=True)

    parent.send_signal(number)

    assert gone(family)


def test_services_end_when_one_of_them_cannot_start(make, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        mongo, kafka = make(Mongo), make(Kafka, port=taken.getsockname()[1])

        with (
            pytest.raises(ServiceError, match=r"(?s)kafka didn't start: .*Address already in use"),
            Stack(mongo, kafka),
        ):
            pytest.fail("the stack must not come up")

    mine = [process for process in psutil.Process().children(recursive=True) if str(tmp_path) in str(process.cmdline())]
    assert not mine


async def test_kafka_keeps_its_records_on_another_port(make):
    first = make(Kafka)
    async with AIOKafkaProducer(bootstrap_servers=first.start()) as producer:
        await producer.send_and_wait("kept", b"value")
    first.stop()

    again = make(Kafka)
    url = again.start()

    assert again.port != first.port
    async with AIOKafkaConsumer(bootstrap_servers=url, auto_offset_reset="earliest") as consumer:
        consumer.assign([TopicPartition("kept", 0)])
        assert (await consumer.getone()).value == b"value"


def test_kafka_takes_a_cluster_id_that_looks_like_an_option(make, monkeypatch):
    monkeypatch.setattr("causal_alpha.devstack.kafka.uuid.uuid4", lambda: UUID(bytes=b"\xfb" + bytes(15)))
    kafka = make(Kafka)

    kafka.start()

    assert "cluster.id=-" in (kafka.data / "log" / "meta.properties").read_text()


def test_mongo_keeps_its_documents_on_another_port(make):
    first = make(Mongo)
    with MongoClient(first.start()) as client:
        client["kept"]["things"].insert_one({"_id": 1})
    first.stop()

    again = make(Mongo)
    url = again.start()

    assert again.port != first.port
    with MongoClient(url) as client:
        assert client["kept"]["things"].find_one() == {"_id": 1}
        client["kept"]["things"].insert_one({"_id": 2})


@pytest.mark.parametrize("cls", [Kafka, Mongo])
def test_service_that_was_killed_comes_back_with_its_data(make, cls):
    service = make(cls)
    url = service.start()
    service.process.kill()
    assert not service.alive
    began = time.monotonic()

    service.restart()

    assert service.probe(url) is None
    assert time.monotonic() - began < 30


def gone(processes, seconds=15):
    """Whether all of them end within the time."""
    _, left = psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
