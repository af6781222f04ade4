"""What comes up behind the page, once that is ready: model registry, first models, schedules. At low priority."""

import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from causal_alpha.devstack.airflow import Airflow
from causal_alpha.devstack.cache import Say
from causal_alpha.devstack.mlflow import MLflow
from causal_alpha.devstack.ports import UsualPorts, free_port
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.program import Program
from causal_alpha.devstack.service import Service
from causal_alpha.devstack.supervise import Watched
from causal_alpha.errors import ServiceError

DAGS = Path(__file__).resolve().parents[2] / "dags"


class Backstage:
    """MLflow, then the first models and Airflow, started one after the other in a thread.

    Their addresses are known before they answer. What fails is said and left out: the product goes on without.
    `environment` has the settings that tasks and training need, `CAUSAL_ALPHA_…`.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        folder: Path,
        logs: Path,
        say: Say,
        mlflow: str | None,
        airflow: bool,
        ports: UsualPorts,
    ) -> None:
        self._say = say
        self._logs = logs
        self._ready: list[Watched] = []
        self._thread = threading.Thread(target=self._start, daemon=True)
        self._stopping = threading.Event()
        port = 0 if mlflow else ports.take(MLflow.usual) or free_port()
        self.mlflow = MLflow(folder=folder, logs=logs, say=say, external=mlflow, port=port)
        url = mlflow or self.mlflow.address(self.mlflow.port)
        self.environment = {**environment, MLflow.variable: url}
        self.airflow = (
            Airflow(
                folder=folder,
                logs=logs,
                say=say,
                dags=DAGS,
                environment=self.environment,
                port=ports.take(Airflow.usual) or free_port(),
            )
            if airflow
            else None
        )
        prime = Command((sys.executable, "-m", "causal_alpha", "prime"), self.environment, grace=3.0)
        self.primer = Program("first models", prime.gently(), log=logs / "prime.log", may_finish=True)

    @property
    def places(self) -> dict[str, str]:
        """Where they will be found."""
        airflow = {} if self.airflow is None else {"airflow": self.airflow.address(self.airflow.port)}
        return {"mlflow": self.environment[MLflow.variable], **airflow}

    def start(self) -> None:
        """Returns at once."""
        self._thread.start()

    def ready(self) -> Iterator[Watched]:
        """What has come up since this was last asked."""
        while self._ready:
            yield self._ready.pop(0)

    def stop(self) -> None:
        """Stops all, also while they start."""
        self._stopping.set()
        self._stop_all()
        if self._thread.is_alive():
            self._thread.join()
            self._stop_all()  # what it started meanwhile

    def _stop_all(self) -> None:
        self.primer.stop()
        for service in (self.airflow, self.mlflow):
            if service is not None:
                service.stop()

    def _start(self) -> None:
        if not self._came(self.mlflow):
            return
        if not self._stopping.is_set():
            self.primer.launch()
            self._ready.append(self.primer)
        if self.airflow is not None and self._came(self.airflow):
            self._ready.extend(self.airflow.parts)
            self._say(f"airflow: user admin, password in {self.airflow.data / 'passwords.json'}")

    def _came(self, service: Service) -> bool:
        try:
            url = service.start()
        except ServiceError as error:
            if not self._stopping.is_set():
                self._say(f"{error}; the product goes on without {service.name}")
            return False
        self._ready.append(service)
        self._say(f"{service.name} is ready: {url}")
        return True
