"""MLflow's tracking server and model registry on SQLite; artefacts too go through it, so clients need no folder."""

import importlib.util
import sys
import urllib.error
import urllib.request
from typing import ClassVar

from causal_alpha.devstack.docker import Container
from causal_alpha.devstack.process import Command
from causal_alpha.devstack.service import Service
from causal_alpha.errors import MissingExtraError, ServiceError

VERSION = "3.17.2"
QUIET = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # else eight more processes and 0.9 GB
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


class MLflow(Service):
    """A server on a port of the loopback interface; the URL is what `MLFLOW_TRACKING_URI` wants."""

    name: ClassVar[str] = "mlflow"
    variable: ClassVar[str] = "CAUSAL_ALPHA_MLFLOW_URL"
    usual: ClassVar[int] = 5000
    seconds: ClassVar[float] = 120.0

    def native(self) -> None:
        if importlib.util.find_spec("mlflow") is None:
            raise ServiceError(str(MissingExtraError("mlflow", extra="train")))

    def native_command(self, port: int) -> Command:
        """The application that `mlflow server` would start: that command stays as its parent, 260 MB for waiting."""
        artefacts = self.data / "artefacts"
        artefacts.mkdir(parents=True, exist_ok=True)
        store = f"sqlite:///{self.data / 'mlflow.db'}"
        environment = {
            **QUIET,
            "_MLFLOW_SERVER_FILE_STORE": store,
            "_MLFLOW_SERVER_REGISTRY_STORE": store,
            "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
            "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
            "_MLFLOW_SERVER_ARTIFACT_DESTINATION": str(artefacts),
        }
        server = ("-m", "uvicorn", "mlflow.server.fastapi_app:app", "--no-access-log")
        return Command((sys.executable, *server, "--host", "127.0.0.1", "--port", str(port)), environment, self.data)

    def container(self, port: int) -> Container:
        store = ("--backend-store-uri", "sqlite:////tmp/mlflow.db", "--artifacts-destination", "/tmp/artefacts")
        listen = ("--host", "0.0.0.0", "--port", "5000", "--workers", "1")
        return Container(
            f"ghcr.io/mlflow/mlflow:v{VERSION}", {port: 5000}, QUIET, ("mlflow", "server", *store, *listen)
        )

    def address(self, port: int) -> str:
        return f"http://127.0.0.1:{port}"

    def probe(self, url: str) -> str | None:
        """Asks for registered models, which makes the tables of a new store: `/health` answers before that."""
        try:
            question = f"{url.rstrip('/')}/api/2.0/mlflow/registered-models/search?max_results=1"
            with urllib.request.urlopen(question, timeout=60):
                return None
        except (urllib.error.URLError, OSError, ValueError) as error:
            return f"no answer to a search of the registry ({error})"
