"""Free TCP ports of the loopback interface."""

import socket
import sys
import time
from types import TracebackType
from typing import Self


def free_port() -> int:
    """A port that nobody listens on now. Somebody may take it before you do: be ready to ask again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on the port now.

    >>> is_free(free_port())
    True
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(host: str, port: int, seconds: float = 1.0) -> bool:
    """Whether somebody accepts connections there within the time."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), timeout=max(0.05, deadline - time.monotonic())).close()
        except OSError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        else:
            return True


class UsualPorts:
    """Hands out the ports at which clients look when nobody told them; with `wanted` false, none of them.

    A service that comes up may take seconds to listen. So what one run has got no other run on this machine gets, until
    it is closed or its process is gone.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted
        self._marks: list[socket.socket] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for mark in self._marks:
            mark.close()

    def take(self, port: int) -> int:
        """The port, or 0 if somebody has it, on 127.0.0.1 or on all addresses.

        What remains of closed connections (TIME_WAIT) takes no port: servers listen in spite of it.
        """
        if not self._wanted or answers("127.0.0.1", port, 0) or not is_free(port):
            return 0
        return port if self._mark(port) else 0

    def _mark(self, port: int) -> bool:
        """Whether the port wasn't marked yet. An abstract socket is seen by all users, and no kill leaves it behind."""
        if sys.platform != "linux":
            return True
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0causal-alpha-port-{port}")
        except OSError:
            mark.close()
            return False
        self._marks.append(mark)
        return True
