"""Fixtures on real services: `kafka`, `mongo`, `mlflow`, `worker`, and `market`, the recorded data; `own_kafka` and
`own_mongo` are a test's own, to be killed.

The services are started once a session, on the first use; `CAUSAL_ALPHA_BROKER`, `CAUSAL_ALPHA_MONGO_URL` and
`CAUSAL_ALPHA_MLFLOW_URL` take running ones instead. A service that can't start fails its tests: nothing is skipped.
"""

import os
import shutil
import signal
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
from pymongo import MongoClient

from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mlflow import MLflow
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import free_port
from causal_alpha.devstack.service import Service
from causal_alpha.devstack.worker import Worker

hypothesis.settings.register_profile("shared machine", deadline=None)  # a law is not about time
hypothesis.settings.load_profile("shared machine")

ROOT = Path(__file__).resolve().parent.parent
collect_ignore = ["pipeline/faulty.py", "pipeline/slow.py"]
"""Agents of a worker's own process: they change what they import."""

MARKET = Path(os.environ.get("CAUSAL_ALPHA_MARKET") or ROOT.parent / "shared" / "market")


S = TypeVar("S", bound=Service)


@contextmanager
def serving(cls: type[S], folder: Path, config: pytest.Config, external: str | None = None) -> Iterator[S]:
    """Starts a service, gives it, stops it. Its progress goes to the terminal, past pytest's capture."""
    terminal = config.get_terminal_writer()
    service = cls(folder=folder, logs=folder / "logs", say=lambda line: terminal.line(f"\n{line}"), external=external)
    service.start()
    try:
        yield service
    finally:
        service.stop()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """Bootstrap address `host:port` of a real broker. Topics are yours if their name is unique: see `app_id`."""
    external = os.environ.get(Kafka.variable)
    with serving(Kafka, tmp_path_factory.mktemp("kafka"), pytestconfig, external) as service:
        yield service.url


@pytest.fixture(scope="session")
def mongo(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """Connection string of a real MongoDB, a replica set of one."""
    external = os.environ.get(Mongo.variable)
    with serving(Mongo, tmp_path_factory.mktemp("mongo"), pytestconfig, external) as service:
        yield service.url


@pytest.fixture(scope="session")
def mlflow(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """URL of a real MLflow server with a registry. Models are yours if their name is unique."""
    external = os.environ.get(MLflow.variable)
    with serving(MLflow, tmp_path_factory.mktemp("mlflow"), pytestconfig, external) as service:
        yield service.url


@pytest.fixture
def own_kafka(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Kafka]:
    """A broker for one test: `.process.kill()` it, `.restart()` it on the same port and data, fill its disk."""
    with serving(Kafka, tmp_path, pytestconfig) as service:
        yield service
    shutil.rmtree(tmp_path / Kafka.name)


@pytest.fixture
def own_mongo(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Mongo]:
    """A MongoDB for one test, as `own_kafka`."""
    with serving(Mongo, tmp_path, pytestconfig) as service:
        yield service
    shutil.rmtree(tmp_path / Mongo.name)


@pytest.fixture
def app_id() -> str:
    """A name that no other test has: consumer group, prefix of topics."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def database(mongo: str, app_id: str) -> Iterator[str]:
    """Name of a MongoDB database of this test's own, dropped at its end."""
    name = app_id.replace("-", "_")
    yield name
    with MongoClient[dict[str, Any]](mongo) as client:
        client.drop_database(name)


class Workers:
    """Starts workers for one test. Keyword arguments are settings, in text or as they are."""

    def __init__(self, settings: dict[str, str], folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.started: list[Worker] = []

    def __call__(self, *, start: bool = True, **settings: object) -> Worker:
        number = len(self.started) + 1
        own = {
            "instance_id": f"worker-{number}",
            "data_dir": str(self.folder / f"data-{number}"),
            "hub_port": str(free_port()),
        }
        given = {name: str(value) for name, value in settings.items()}
        worker = Worker({**self.settings, **own, **given}, log=self.folder / f"worker-{number}.log", folder=ROOT)
        self.started.append(worker)
        return worker.start() if start else worker


@pytest.fixture
def worker(kafka: str, mongo: str, database: str, app_id: str, tmp_path: Path) -> Iterator[Workers]:
    """`worker()` starts a real worker and waits until it is ready: `.url`, `.app_id`, `.kill()`, `.start()`, `.stop()`,
    `.log()`. Its app id, database, port and data folder are this test's own; `worker(partitions=4)` sets more.
    Several workers of a test share app id and database. All are killed at the end.
    """
    settings = {"broker": kafka, "mongo_url": mongo, "mongo_database": database, "app_id": app_id}
    workers = Workers(settings, tmp_path)
    yield workers
    for one in workers.started:
        one.kill()


@pytest.fixture
def market() -> Path:
    """The folder of recorded market data; for tests marked `market`, deselected where it is absent."""
    return MARKET


def pytest_configure() -> None:
    """Children inherit ignored signals; started in the background or by nohup, we'd hand on ignored ones."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the workers' last lines to a failure."""
    report = yield
    workers = getattr(item, "funcargs", {}).get("worker")
    if report.failed and isinstance(workers, Workers):
        for number, one in enumerate(workers.started, 1):
            report.sections.append((f"log of worker {number}", "\n".join(one.log().splitlines()[-60:])))
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects tests marked `market` where there is no such data, and says so at the end."""
    if MARKET.is_dir():
        return
    without = [item for item in items if item.get_closest_marker("market")]
    if without:
        config.hook.pytest_deselected(items=without)
        items[:] = [item for item in items if item not in without]
        config.stash[MISSING_MARKET] = len(without)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tells why tests marked `market` didn't run."""
    if count := config.stash.get(MISSING_MARKET, 0):
        terminalreporter.line(f"{count} tests deselected: expected recorded market data in {MARKET}, was nothing there")


MISSING_MARKET = pytest.StashKey[int]()
