import os
import socket
import sys
import threading
import time
import urllib.request

import pytest

from causal_alpha.devstack.docker import Container
from causal_alpha.devstack.ports import answers, free_port
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.service import Service
from causal_alpha.devstack.stack import Stack
from causal_alpha.errors import ServiceError

DOCKER = f"""#!/bin/sh
# Answers like docker with a daemon; a container is a web server on the port of its -p option.
case "$1" in
  version) exit 0 ;;
  run) for word; do case "$word" in 127.0.0.1:*:80) port=${{word#127.0.0.1:}}; port=${{port%:80}} ;; esac; done
       exec {sys.executable} -m http.server --bind 127.0.0.1 "$port" ;;
esac
"""


class Web(Service):
    """A small real service: Python's web server."""

    name = "web"
    variable = "WEB_URL"
    seconds = 20.0
    broken = None
    """Why this machine can't run it natively."""

    def native(self):
        if self.broken:
            raise ServiceError(self.broken)

    def native_command(self, port):
        return Command((sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)))

    def container(self, port):
        return Container("web:1", {port: 80}, {})

    def address(self, port):
        return f"http://127.0.0.1:{port}/"

    def probe(self, url):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return None
        except OSError as error:
            return str(error)


@pytest.fixture
def web(tmp_path):
    """Makes services; stops them at the end."""
    made = []

    def make(**options):
        service = Web(folder=tmp_path, logs=tmp_path / "logs", say=lambda line: None, **options)
        made.append(service)
        return service

    yield make
    for service in made:
        service.stop()


@pytest.fixture
def docker(tmp_path, monkeypatch):
    """A docker on the PATH whose daemon answers."""
    tool = tmp_path / "bin" / "docker"
    tool.parent.mkdir()
    tool.write_text(DOCKER)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def no_docker(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")


def test_service_prefers_the_external_one(web):
    server = web()
    url = server.start()

    mine = web(external=url)

    assert mine.start() == url
    assert mine.process is None


def test_service_that_is_external_goes_on_after_stop(web):
    server = web()
    mine = web(external=server.start())
    mine.start()

    mine.stop()

    assert server.probe(server.url) is None


def test_service_fails_if_the_external_one_is_not_there(web, monkeypatch):
    monkeypatch.setattr(Service, "_wait", lambda self, seconds, wait=Service._wait: wait(self, 0.2))
    url = f"http://127.0.0.1:{free_port()}/"

    with pytest.raises(ServiceError, match=f"^WEB_URL={url}: expected a working web, after 0 s: .*refused"):
        web(external=url).start()


def test_service_stopped_is_gone(web):
    service = web()
    service.start()

    service.stop()

    assert not service.alive
    assert not answers("127.0.0.1", service.port, 0)


def test_service_comes_back_at_the_same_place(web):
    service = web()
    url = service.start()
    service.process.kill()
    assert not service.alive

    service.restart()

    assert service.url == url
    assert service.probe(url) is None


def test_service_takes_another_port_when_somebody_was_faster(web, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr("causal_alpha.devstack.service.free_port", lambda: next(ports))

        service = web()
        service.start()

        assert service.port != taken.getsockname()[1]


def test_service_on_a_busy_port_fails_with_its_log(web):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = web(port=taken.getsockname()[1])

        with pytest.raises(ServiceError, match=r"(?s)web didn't start: it ended with status 1.*Address already in use"):
            service.start()

        assert not service.alive


def test_service_falls_back_to_docker(web, docker, monkeypatch):
    monkeypatch.setattr(Web, "broken", "no such processor")
    service = web()

    service.start()

    assert service.process.command.argv[:2] == ("docker", "run")
    service.stop()
    assert not answers("127.0.0.1", service.port, 0)


def test_service_without_any_way_names_the_three(web, no_docker, monkeypatch):
    monkeypatch.setattr(Web, "broken", "no such processor")

    with pytest.raises(ServiceError) as failure:
        web().start()

    assert str(failure.value) == (
        "no way to a web: (1) external: WEB_URL is not set; (2) native: no such processor; "
        "(3) Docker: no docker on the PATH"
    )


def test_stack_starts_all_and_stops_all(web):
    one, other = web(), web()

    with Stack(one, other):
        assert one.probe(one.url) is None
        assert other.probe(other.url) is None

    assert not one.alive
    assert not other.alive


def test_stack_stops_the_others_when_one_fails(web):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        good, bad = web(), web(port=taken.getsockname()[1])

        with pytest.raises(ServiceError, match="web didn't start"), Stack(good, bad):
            pytest.fail("the stack must not come up")

    assert good.process is None or not good.alive
    assert not answers("127.0.0.1", good.port, 0)


def test_stack_stopped_while_it_starts_ends_soon(web, monkeypatch):
    slow = web()
    monkeypatch.setattr(Web, "probe", lambda self, url: "it takes for ever")
    stack = Stack(slow)
    threading.Timer(0.5, stack.stop).start()
    began = time.monotonic()

    with pytest.raises(ServiceError, match="it was stopped"), stack:
        pytest.fail("the stack must not come up")

    assert time.monotonic() - began < 5
    assert not slow.alive
