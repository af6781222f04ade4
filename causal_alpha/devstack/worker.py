"""A worker as a child process: `faust -A causal_alpha worker` with its settings in the environment."""

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from causal_alpha.devstack.process import Command
from causal_alpha.devstack.program import Program
from causal_alpha.errors import ServiceError


class Worker(Program):
    """One worker, from start to stop, as often as you like: the settings stay, and so does the log.

    `settings` maps names of `causal_alpha.settings.Settings` to their text, `hub_port` (not 0) among them.
    `folder` is the working directory, from which modules of agents are imported too.
    """

    def __init__(self, settings: Mapping[str, str], *, log: Path, folder: Path | None = None) -> None:
        argv = (sys.executable, "-m", "faust", "-L", "uvloop", "-A", "causal_alpha", "worker", "-l", "info")
        environment = {f"CAUSAL_ALPHA_{name.upper()}": value for name, value in settings.items()}
        super().__init__("worker", Command(argv, environment, folder, grace=5.0), log=log)
        self.settings = dict(settings)
        self.app_id = self.settings.get("app_id", "causal-alpha")
        self.database = self.settings.get("mongo_database", "causal_alpha")
        host = self.settings.get("hub_host", "127.0.0.1")
        self.url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{self.settings['hub_port']}"

    def start(self, seconds: float = 60.0) -> Self:
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
            raise ServiceError(f"worker: {problem}\n{self.tail(40)}\nlog: {self.log_file}")

    def ready(self) -> bool:
        """Whether the worker answers now that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
