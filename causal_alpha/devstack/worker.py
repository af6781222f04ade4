"""A worker as a child process: `faust -A causal_alpha worker` with its settings in the environment."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from causal_alpha.devstack.process import Command, Process
from causal_alpha.errors import ServiceError


class Worker:
    """One worker, from start to stop, as often as you like: the settings stay, and so does the log.

    `settings` maps names of `causal_alpha.settings.Settings` to their text, `hub_port` (not 0) among them.
    `folder` is the working directory, from which modules of agents are imported too.
    """

    def __init__(self, settings: Mapping[str, str], *, log: Path, folder: Path | None = None) -> None:
        self.settings = dict(settings)
        self.app_id = self.settings.get("app_id", "causal-alpha")
        self.url = f"http://127.0.0.1:{self.settings['hub_port']}"
        argv = (sys.executable, "-m", "faust", "-A", "causal_alpha", "worker", "-l", "info")
        environment = {f"CAUSAL_ALPHA_{name.upper()}": value for name, value in self.settings.items()}
        self._command = Command(argv, environment, folder)
        self._log = log
        self.process: Process | None = None

    @property
    def alive(self) -> bool:
        """Whether the worker's process runs; it may not be ready yet."""
        return self.process is not None and self.process.alive

    def launch(self) -> None:
        """Starts the process and returns at once."""
        if self.alive:
            raise ServiceError(f"expected a stopped worker, was {self.app_id} running at {self.url}")
        self.process = Process(self._command, log=self._log)

    def start(self, seconds: float = 60.0) -> "Worker":
        """Starts the process and waits until it says that it is ready; raises ServiceError with the log's tail."""
        self.launch()
        self.wait_ready(seconds)
        return self

    def wait_ready(self, seconds: float = 60.0) -> None:
        """Returns once `GET /api/v1/ready` answers 200; else raises ServiceError, with nothing left running."""
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while not self.ready():
            if not self.process.alive:
                problem = f"it ended with status {self.process.returncode}"
            elif time.monotonic() >= deadline:
                problem = f"it isn't ready after {seconds:.0f} s"
            else:
                time.sleep(0.05)
                continue
            self.process.kill()
            raise ServiceError(f"worker: {problem}\n{self.process.tail(40)}\nlog: {self._log}")

    def ready(self) -> bool:
        """Whether the worker answers now that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """SIGTERM, and waits for the end; SIGKILL if that takes longer than the grace."""
        if self.process is not None:
            self.process.stop()

    def log(self) -> str:
        """All that the worker has written so far, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""
