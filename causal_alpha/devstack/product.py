"""The whole product on this machine: services, a worker, a source; from the start to the last one's end."""

import shlex
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from causal_alpha.devstack.backstage import Backstage
from causal_alpha.devstack.cache import Say
from causal_alpha.devstack.home import home
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import UsualPorts, free_port
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.program import Program
from causal_alpha.devstack.service import Service
from causal_alpha.devstack.stack import Stack
from causal_alpha.devstack.supervise import Supervisor, Watched
from causal_alpha.devstack.worker import Worker
from causal_alpha.errors import ServiceError

PATIENCE = 90.0
"""Seconds that a worker or a source may take to start."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `source` are the arguments of `causal-alpha source`, none if foreign producers feed us."""

    source: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes any free one, and so do our own services then, which else try their usual ones first."""
    data: Path | None = None
    """Keeps data and logs here; None keeps nothing."""
    broker: str | None = None
    mongo_url: str | None = None
    mlflow_url: str | None = None
    """Running services to use instead of our own."""
    mlflow: bool = True
    airflow: bool = True
    """Whether there are a registry with first models, and schedules that train more; no Airflow without MLflow."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the running product is found."""

    page: str
    kafka: str
    mongo: str
    soon: Mapping[str, str] = field(default_factory=dict)
    """What is still on its way, by name."""
    exports: Mapping[str, str] = field(default_factory=dict)
    """Variables that commands elsewhere need, because the services are not where they look by default."""

    def __str__(self) -> str:
        """The line that says so, and a second one to paste into another terminal if commands there need it.

        >>> print(Places("http://127.0.0.1:8000/", "127.0.0.1:9092", "mongodb://127.0.0.1:27017/"))
        ready page=http://127.0.0.1:8000/ kafka=127.0.0.1:9092 mongo=mongodb://127.0.0.1:27017/
        """
        soon = "".join(f" {name}={url}" for name, url in self.soon.items())
        ready = f"ready page={self.page} kafka={self.kafka} mongo={self.mongo}{soon}"
        exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.exports.items())
        return f"{ready}\nexport {exports}" if exports else ready


def run(plan: Plan, *, say: Say, announce: Callable[[Places], None]) -> NoReturn:
    """Runs the plan until an exception ends it, such as Ctrl-C; then stops source, worker and services, in this order.

    `announce` is called once, when everything answers. Raises ServiceError.
    """
    with home(plan.data, say=say) as folder, ExitStack() as stops:
        logs = folder / "logs"
        say(f"logs: {logs}")
        ports = stops.enter_context(UsualPorts(wanted=plan.port != 0))
        kafka = _service(Kafka, plan.broker, folder, ports, say)
        mongo = _service(Mongo, plan.mongo_url, folder, ports, say)
        say("starting Kafka and MongoDB")
        stops.enter_context(Stack(kafka, mongo))

        backstage = _backstage(plan, folder, kafka.url, mongo.url, ports, say) if plan.mlflow else None
        soon = backstage.places if backstage else {}
        settings = _settings(plan, folder, kafka.url, mongo.url)
        settings |= {"mlflow_url": soon.get("mlflow", ""), "airflow_url": soon.get("airflow", "")}
        worker = Worker(settings, log=logs / "worker.log")
        say("starting the worker")
        stops.callback(worker.stop)
        worker.start(PATIENCE)
        watched: list[Watched] = [kafka, mongo, worker]

        if plan.source:
            argv = (sys.executable, "-m", "causal_alpha", "source", *plan.source)
            source = Program(
                "source",
                Command(argv, {"CAUSAL_ALPHA_BROKER": kafka.url}, grace=3.0),
                log=logs / "source.log",
                may_finish=True,
            )
            stops.callback(source.stop)
            say(f"starting the source: {' '.join(plan.source)}")
            _start(source)
            watched.append(source)

        services = (kafka, mongo, backstage.mlflow) if backstage else (kafka, mongo)
        announce(Places(f"{worker.url}/", kafka=kafka.url, mongo=mongo.url, soon=soon, exports=exports(*services)))
        supervisor = Supervisor(say=say)
        for one in watched:
            supervisor.watch(one)
        if backstage:
            stops.callback(backstage.stop)
            backstage.start()
        while True:
            for one in backstage.ready() if backstage else ():
                supervisor.watch(one)
            supervisor.check()
            time.sleep(0.2)


def exports(*services: Service) -> dict[str, str]:
    """The variables by which commands elsewhere find the services that are not ours, or not at their usual ports."""
    return {
        one.variable: one.external or one.address(one.port) for one in services if one.external or one.port != one.usual
    }


def _service(kind: type[Service], external: str | None, folder: Path, ports: UsualPorts, say: Say) -> Service:
    port = 0 if external else ports.take(kind.usual)
    return kind(folder=folder, logs=folder / "logs", say=say, external=external, port=port)


def _settings(plan: Plan, folder: Path, broker: str, mongo_url: str) -> dict[str, str]:
    return {
        "broker": broker,
        "mongo_url": mongo_url,
        "hub_host": plan.host,
        "hub_port": str(plan.port or free_port()),
        "data_dir": str(folder / "worker"),
    }


def _backstage(plan: Plan, folder: Path, broker: str, mongo_url: str, ports: UsualPorts, say: Say) -> Backstage:
    environment = {"CAUSAL_ALPHA_BROKER": broker, "CAUSAL_ALPHA_MONGO_URL": mongo_url}
    return Backstage(
        environment,
        folder=folder,
        logs=folder / "logs",
        say=say,
        mlflow=plan.mlflow_url,
        airflow=plan.airflow,
        ports=ports,
    )


def _start(source: Program) -> None:
    """Returns once the source has said its first word, which it does when it is connected."""
    source.launch()
    deadline = time.monotonic() + PATIENCE
    while "publishing " not in source.log():
        if source.finished:
            return
        if not source.alive:
            raise ServiceError(f"the source didn't start: {source.tail(5)}")
        if time.monotonic() >= deadline:
            raise ServiceError(f"the source publishes nothing after {PATIENCE:.0f} s: {source.tail(5)}")
        time.sleep(0.05)
