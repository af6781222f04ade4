import socket
import subprocess
import sys

import pytest

from causal_alpha.devstack.ports import UsualPorts, free_port

HOSTS = ["127.0.0.1", "0.0.0.0", *(["::"] if socket.has_dualstack_ipv6() else [])]
HOLD = """
import sys
from causal_alpha.devstack.ports import UsualPorts
ports = UsualPorts()
print(ports.take(int(sys.argv[1])), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def ports():
    with UsualPorts() as ports:
        yield ports


def test_usual_port_is_taken_while_it_is_free(ports):
    port = free_port()

    assert ports.take(port) == port


def test_usual_port_is_not_taken_where_none_is_wanted():
    with UsualPorts(wanted=False) as ports:
        assert ports.take(free_port()) == 0


@pytest.mark.parametrize("host", HOSTS)
def test_usual_port_is_not_taken_from_who_listens(ports, host):
    family = socket.AF_INET6 if host == "::" else socket.AF_INET
    with socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::") as taken:
        port = taken.getsockname()[1]

        assert ports.take(port) == 0

    assert ports.take(port) == port


def test_usual_port_is_taken_though_old_connections_linger(ports):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            server.accept()[0].close()  # who closes first keeps the connection in TIME_WAIT
            assert client.recv(1) == b""
    with socket.socket() as plain, pytest.raises(OSError, match="in use"):
        plain.bind(("127.0.0.1", port))

    assert ports.take(port) == port


def test_usual_port_of_another_run_is_not_taken_before_anybody_listens_there(ports):
    port = free_port()
    argv = [sys.executable, "-c", HOLD, str(port)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == f"{port}\n"

        assert ports.take(port) == 0

        other.kill()
    assert ports.take(port) == port


def test_usual_port_is_given_once(ports):
    port = free_port()

    assert [ports.take(port), ports.take(port)] == [port, 0]


def test_usual_port_is_free_again_for_the_next_run(ports):
    port = free_port()
    with UsualPorts() as before:
        before.take(port)

    assert ports.take(port) == port
