"""Apache Airflow on SQLite, part by part: the scheduler comes after the API server, or its first tasks fail."""

import importlib.util
import json
import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from causal_alpha.devstack.cache import Say, cache_folder, fill
from causal_alpha.devstack.docker import Container
from causal_alpha.devstack.process import Command, Process
from causal_alpha.devstack.program import Program
from causal_alpha.devstack.service import Service
from causal_alpha.errors import MissingExtraError, ServiceError

VERSION = "3.3.0"
USER = "admin"
POOL = {"name": "training", "slots": 1, "description": "fits that run side by side", "include_deferred": False}


class Airflow(Service):
    """API server, DAG processor and scheduler; the URL is the API server's, which has the page too.

    `dags` is the package of the schedules, `environment` what their tasks find besides ours. Nobody gets in without
    the password that `password` gives. `parts` are to be watched beside the service itself.
    """

    name: ClassVar[str] = "airflow"
    variable: ClassVar[str] = "CAUSAL_ALPHA_AIRFLOW_URL"
    usual: ClassVar[int] = 8080
    seconds: ClassVar[float] = 180.0

    def __init__(
        self,
        *,
        folder: Path,
        logs: Path,
        say: Say,
        dags: Path,
        environment: Mapping[str, str] | None = None,
        external: str | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(folder=folder, logs=logs, say=say, external=external, port=port)
        self.dags = dags
        self.environment = dict(environment or {})
        self.parts: tuple[Program, ...] = ()

    def native(self) -> None:
        if importlib.util.find_spec("airflow") is None:
            raise ServiceError(str(MissingExtraError("apache-airflow", extra="airflow")))

    def native_command(self, port: int) -> Command:
        self.data.mkdir(parents=True, exist_ok=True)
        if not (self.data / "passwords.json").exists():
            self._secret("passwords.json", json.dumps({USER: secrets.token_urlsafe(12)}))
            self._secret("jwt", secrets.token_urlsafe(48))
        if not (self.data / "airflow.db").exists():
            blank = fill(cache_folder() / f"airflow-{VERSION}", self._make_tables) / "airflow.db"
            shutil.copyfile(blank, self.data / "new.db")
            (self.data / "new.db").rename(self.data / "airflow.db")
        return self._command(port, "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1")

    def _secret(self, name: str, text: str) -> None:
        file = self.data / name
        file.touch(mode=0o600)
        file.write_text(text)

    def _make_tables(self, place: Path) -> None:
        """A database with Airflow's tables, kept in the cache: making them takes 7 s of processor time."""
        self.say(f"airflow {VERSION}: making a blank database, for quicker starts later")
        command = self._command(0, "db", "migrate")
        environment = {
            **command.environment,
            "AIRFLOW_HOME": str(place / "home"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{place / 'airflow.db'}",
        }
        process = Process(replace(command, environment=environment), log=self.logs / "airflow.log")
        while process.alive and not self.stopping.wait(0.02):
            pass
        if status := process.stop():
            raise ServiceError(f"airflow can't make its tables: status {status}\n{process.complaint()}")
        shutil.rmtree(place / "home", ignore_errors=True)

    def _command(self, port: int, *arguments: str) -> Command:
        settings = {
            "core__dags_folder": str(self.dags),
            "core__load_examples": "False",
            "core__executor": "LocalExecutor",
            "core__parallelism": "2",
            "core__dags_are_paused_at_creation": "False",
            "core__execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
            "core__simple_auth_manager_users": f"{USER}:admin",
            "core__simple_auth_manager_passwords_file": str(self.data / "passwords.json"),
            "api__base_url": f"http://127.0.0.1:{port}",
            "api__secret_key": (self.data / "jwt").read_text(),
            "api_auth__jwt_secret": (self.data / "jwt").read_text(),
            "database__sql_alchemy_conn": f"sqlite:///{self.data / 'airflow.db'}",
            "dag_processor__parsing_processes": "1",
            "dag_processor__refresh_interval": "30",
            "logging__base_log_folder": str(self.logs / "airflow"),
        }
        environment = {f"AIRFLOW__{name.upper()}": value for name, value in settings.items()}
        path = os.pathsep.join((str(self.dags.parent), *filter(None, [os.environ.get("PYTHONPATH")])))
        quiet = {"PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
        own = {"AIRFLOW_HOME": str(self.data), "PYTHONPATH": path, **quiet}
        argv = (sys.executable, "-m", "airflow", *arguments)
        return Command(argv, {**self.environment, **environment, **own}, self.data, grace=3.0).gently()

    def start(self) -> str:
        url = super().start()
        if self.external:
            return url
        self.ask("POST", "/api/v2/pools", POOL, known=409)
        argv = {"scheduler": ("scheduler", "--skip-serve-logs"), "dag_processor": ("dag-processor",)}
        self.parts = tuple(
            Program(f"airflow's {name}", self._command(self.port, *rest), log=self.logs / f"airflow-{name}.log")
            for name, rest in argv.items()
        )
        for part in self.parts:
            if self.stopping.is_set():
                raise ServiceError("airflow was stopped before it started")
            part.launch()
        self._wait_healthy(tuple(argv))
        return url

    def _wait_healthy(self, names: tuple[str, ...]) -> None:
        deadline = time.monotonic() + self.seconds
        while any(self.health().get(name) != "healthy" for name in names):
            dead = [part for part in self.parts if not part.alive]
            if dead or time.monotonic() >= deadline or self.stopping.wait(0.1):
                self.stop()
                what = f"{dead[0].name} ended: {dead[0].tail(6)}" if dead else f"its parts are {self.health()}"
                raise ServiceError(f"airflow didn't start: {what}\nlogs: {self.logs}")

    def stop(self) -> None:
        """Stops the scheduler first: it ends its tasks, which still need the API server."""
        self.stopping.set()
        for part in self.parts:
            if part.process is not None:
                part.process.terminate()
        for part in self.parts:
            part.stop()
        super().stop()

    def container(self, port: int) -> Container:
        """None: a container would have Airflow, but not our package, which its tasks call."""
        raise ServiceError(str(MissingExtraError("apache-airflow", extra="airflow")))

    def address(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def probe(self, url: str) -> str | None:
        health = self.health(url)
        return None if health.get("metadatabase") == "healthy" else f"its parts are {health}"

    def health(self, url: str = "") -> dict[str, str]:
        """What the API server says of each part: healthy, unhealthy or nothing at all."""
        try:
            with urllib.request.urlopen(f"{url or self.url}/api/v2/monitor/health", timeout=10) as answer:
                return {name: str(part["status"]) for name, part in json.load(answer).items() if part}
        except (urllib.error.URLError, OSError, ValueError) as error:
            return {"api": str(error)}

    @property
    def password(self) -> str:
        """That of the user `admin`."""
        return str(json.loads((self.data / "passwords.json").read_text())[USER])

    def ask(self, method: str, path: str, body: Any = None, *, known: int = 0) -> Any:
        """One request to the API as `admin`, JSON in and out; raises ServiceError unless it succeeds or is `known`."""
        try:
            token = _json("POST", f"{self.url}/auth/token", {"username": USER, "password": self.password})
            return _json(method, self.url + path, body, {"Authorization": f"Bearer {token['access_token']}"})
        except urllib.error.HTTPError as error:
            if error.code == known:
                return None
            raise ServiceError(f"airflow: {method} {path}: {error.code} {error.read().decode()[:300]}") from error
        except OSError as error:
            raise ServiceError(f"airflow: {method} {path}: {error}") from error


def _json(method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
