"""What Kafka and MongoDB have in common: where they come from, and starting until they answer."""

import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from causal_alpha.devstack import docker
from causal_alpha.devstack.cache import Say
from causal_alpha.devstack.ports import free_port
from causal_alpha.devstack.process import Command, Process
from causal_alpha.errors import ServiceError

ATTEMPTS = 3


class Service(ABC):
    """One service: external if the user names a URL, else native, else Docker.

    `folder` takes data (`folder/<name>`), logs go to `logs/<name>.log`. `port` 0 takes a free one and keeps it, so a
    restart is found at the same place. `stop` may come from another thread while `start` is at work.
    """

    name: ClassVar[str]
    variable: ClassVar[str]
    usual: ClassVar[int]
    """The port at which clients look for it when nobody told them."""
    seconds: ClassVar[float] = 60.0
    """How long a start may take, on a busy machine too."""

    def __init__(self, *, folder: Path, logs: Path, say: Say, external: str | None = None, port: int = 0) -> None:
        self.data = folder / self.name
        self.logs = logs
        self.say = say
        self.external = external
        self.port = port
        self.url = ""
        self.process: Process | None = None
        self.stopping = threading.Event()

    @abstractmethod
    def native(self) -> None:
        """Gets ready to run natively, fetching what is missing; ServiceError says why this machine can't."""

    @abstractmethod
    def native_command(self, port: int) -> Command:
        """What to run, once `native` has succeeded. May write configuration into `data`."""

    @abstractmethod
    def container(self, port: int) -> docker.Container:
        """The same service as a container."""

    @abstractmethod
    def address(self, port: int) -> str:
        """The URL that users get for a local port."""

    @abstractmethod
    def probe(self, url: str) -> str | None:
        """Asks over the service's own protocol whether it can work: None if it can, else what is missing."""

    def prepare(self, url: str) -> None:  # noqa: B027 - most services need none
        """Called before each probe of a local service: set it up as far as it lets us."""

    @property
    def alive(self) -> bool:
        """Whether our child runs; an external service counts as alive."""
        return self.process is None or self.process.alive

    @property
    def finished(self) -> bool:
        """Never: a service goes on until it is stopped."""
        return False

    def start(self) -> str:
        """Starts the service and returns its URL once it works; raises ServiceError, with nothing left running."""
        if self.external:
            self.url = self.external
            if problem := self._wait(10.0):
                raise ServiceError(f"{self.variable}={self.external}: expected a working {self.name}, {problem}")
            return self.url
        try:
            self.native()
        except ServiceError as error:
            if problem := docker.daemon_problem():
                ways = f"(1) external: {self.variable} is not set; (2) native: {error}; (3) Docker: {problem}"
                raise ServiceError(f"no way to a {self.name}: {ways}") from error
            self._launch_any(native=False)
        else:
            self._launch_any(native=True)
        return self.url

    def restart(self) -> None:
        """Starts our dead child again, same command, port and data."""
        assert self.process is not None
        self.process.stop()
        self.process = Process(self.process.command, log=self.process.log)
        if problem := self._wait(self.seconds):
            self.process.kill()
            raise ServiceError(f"{self.name} didn't come back: {problem}")

    def stop(self) -> None:
        """Stops our child and waits for its end; a service that isn't ours goes on."""
        self.stopping.set()
        if self.process is not None:
            self.process.stop()

    def _launch_any(self, *, native: bool) -> None:
        attempts = 1 if self.port else ATTEMPTS
        for attempt in range(1, attempts + 1):
            port = self.port or free_port()
            self.url = self.address(port)
            command = self.native_command(port) if native else docker.command(self.container(port))
            if self.stopping.is_set():
                raise ServiceError(f"{self.name} was stopped before it started")
            self.process = Process(command, log=self.logs / f"{self.name}.log")
            try:
                problem = self._wait(self.seconds)
            except BaseException:
                self.process.kill()
                raise
            if problem is None:
                self.port = port
                return
            self.process.stop()
            if attempt == attempts or self.stopping.is_set():
                raise ServiceError(
                    f"{self.name} didn't start: {problem}\n{self.process.complaint()}\nlog: {self.process.log}"
                )
            self.say(f"{self.name}: {problem}; once more")

    def _wait(self, seconds: float) -> str | None:
        """Polls until the service works (None), its process ends, or the time is over: then what was the matter."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process is not None and not self.process.alive:
                return f"it ended with status {self.process.returncode}"
            if not self.external:
                self.prepare(self.url)
            problem = self.probe(self.url)
            if problem is None:
                return None
            if time.monotonic() >= deadline:
                return f"after {seconds:.0f} s: {problem}"
            if self.stopping.wait(0.05):
                return "it was stopped"
