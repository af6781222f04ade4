import subprocess

import pytest

from causal_alpha.devstack import docker
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Puts a script named docker on the PATH."""

    def write(script):
        file = tmp_path / "docker"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))

    return write


def test_docker_without_the_tool_says_so(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert docker.daemon_problem() == "no docker on the PATH"


def test_docker_whose_daemon_is_away_says_so(tool):
    tool("exit 1")

    assert docker.daemon_problem() == "its daemon doesn't answer"


def test_docker_whose_daemon_answers_has_no_problem(tool):
    tool("exit 0")

    assert docker.daemon_problem() is None


@pytest.mark.parametrize("service", [Kafka, Mongo])
def test_docker_command_publishes_on_the_loopback_alone(service, tmp_path):
    made = service(folder=tmp_path, logs=tmp_path, say=print)

    argv = docker.command(made.container(12345)).argv

    assert argv[:3] == ("docker", "run", "--rm")
    assert [argv[n + 1].rpartition(":")[0] for n, word in enumerate(argv) if word == "-p"] == ["127.0.0.1:12345"]
    assert made.container(12345).image in argv


def test_docker_names_no_two_containers_alike(tmp_path):
    container = docker.Container("image", {}, {})

    assert docker.command(container).argv != docker.command(container).argv


def test_docker_environment_of_kafka_is_its_configuration(tmp_path):
    environment = Kafka(folder=tmp_path, logs=tmp_path, say=print).container(12345).environment

    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:12345"
    assert environment["KAFKA_PROCESS_ROLES"] == "broker,controller"
    subprocess.run(["env", *(f"{name}={value}" for name, value in environment.items()), "true"], check=True)
