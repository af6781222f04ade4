"""Apache Kafka, one node in KRaft mode. Needs Java >= 17 and 44 MB of jars, both from packages."""

import base64
import hashlib
import socket
import struct
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from causal_alpha.devstack.cache import Say, cache_folder, fill
from causal_alpha.devstack.docker import Container
from causal_alpha.devstack.java import find_java
from causal_alpha.devstack.kafka_jars import VERSION, fetch
from causal_alpha.devstack.ports import free_port
from causal_alpha.devstack.process import Command, Process
from causal_alpha.devstack.service import Service
from causal_alpha.errors import ServiceError

JVM = (
    "-Xms128m",
    "-Xmx384m",
    "-XX:TieredStopAtLevel=1",  # starts in 2 s instead of 3.3
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)
LARGEST_MESSAGE = 8 * 1024 * 1024


def broker_settings(*, listen: str, advertise: str, controller: str, data: str) -> dict[str, str]:
    """The broker's configuration; addresses are host:port. Small threads and buffers: it shares a laptop."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        # Static voters, because they may move to another port on kept data; a dynamic quorum remembers the old one.
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"PLAINTEXT://{listen},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{advertise}",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": data,
        "num.partitions": "1",
        "auto.create.topics.enable": "true",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        # A broker that was killed is let in again once its old session is over: 9 s by default.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        # Nothing is deleted by age: a producer may stamp its records with the event time of last year.
        "log.retention.ms": "-1",
        "log.segment.bytes": "16777216",
        "log.cleaner.dedupe.buffer.size": "2097152",
        "message.max.bytes": str(LARGEST_MESSAGE),
        "replica.fetch.max.bytes": str(LARGEST_MESSAGE),
        "num.network.threads": "2",
        "num.io.threads": "2",
    }


class Kafka(Service):
    """A broker on a port of the loopback interface; the URL is `host:port`."""

    name: ClassVar[str] = "kafka"
    variable: ClassVar[str] = "CAUSAL_ALPHA_BROKER"
    usual: ClassVar[int] = 9092

    def native(self) -> None:
        self._java = find_java()
        self._jars = fetch(self.say)

    def native_command(self, port: int) -> Command:
        self.data.mkdir(parents=True, exist_ok=True)
        config = self.data / "server.properties"
        settings = broker_settings(
            listen=f"127.0.0.1:{port}",
            advertise=f"127.0.0.1:{port}",
            controller=f"127.0.0.1:{free_port()}",
            data=str(self.data / "log"),
        )
        config.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        if not (self.data / "log" / "meta.properties").exists():
            self._format(config)
        return self._command("kafka.Kafka", str(config))

    def _command(self, *arguments: str) -> Command:
        archive = class_archive(self._java)
        options = (f"-XX:SharedArchiveFile={archive}",) if archive.exists() else ()
        return Command((self._java, *JVM, *options, "-cp", str(self._jars / "*"), *arguments))

    def _format(self, config: Path) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = self._command("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(config))
        process = Process(command, log=self.logs / "kafka.log")
        while process.alive and not self.stopping.wait(0.02):
            pass
        if status := process.stop():
            problem = f"status {status}\n{process.complaint()}\nlog: {process.log}"
            raise ServiceError(f"kafka can't format {self.data}: {problem}")

    def container(self, port: int) -> Container:
        settings = broker_settings(
            listen="0.0.0.0:9092", advertise=f"127.0.0.1:{port}", controller="127.0.0.1:9093", data="/tmp/kafka"
        )
        environment = {"KAFKA_" + key.upper().replace(".", "_"): value for key, value in settings.items()}
        return Container(f"apache/kafka:{VERSION}", {port: 9092}, environment)

    def address(self, port: int) -> str:
        return f"127.0.0.1:{port}"

    def probe(self, url: str) -> str | None:
        host, _, port = url.split(",", maxsplit=1)[0].rpartition(":")
        if not port.isdigit():
            return f"expected host:port, was {url}"
        try:
            return None if _brokers(host, int(port)) else "no broker is registered yet"
        except OSError as error:
            return f"no answer to a metadata request ({error})"


def _brokers(host: str, port: int) -> int:
    """How many brokers the cluster's metadata names: 0 until one is registered and may lead partitions."""
    metadata, version, correlation, no_client, no_topics = 3, 1, 1, -1, 0
    request = struct.pack(">hhihi", metadata, version, correlation, no_client, no_topics)
    with socket.create_connection((host, port), timeout=2) as connection, connection.makefile("rb") as answer:
        connection.sendall(struct.pack(">i", len(request)) + request)
        head = answer.read(12)
    if len(head) < 12:
        raise OSError("the connection was closed")
    _, _, count = struct.unpack(">iii", head)
    return int(count)


def class_archive(java: str) -> Path:
    """Where the classes that Kafka loads are kept, ready parsed, for this Java; the file may not be there."""
    executable = Path(java).resolve()
    identity = hashlib.sha256(f"{executable} {executable.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    return cache_folder() / f"kafka-{VERSION}-classes-{identity}" / "classes.jsa"


def make_class_archive(say: Say) -> Path:
    """Runs a broker once, so that later ones start in 60 % of the time; does nothing where that was done."""

    def build(place: Path) -> None:
        say(f"kafka {VERSION}: a trial run, for quicker starts later")
        with tempfile.TemporaryDirectory(dir=place) as folder:
            trial = _Trial(place / "classes.jsa", folder=Path(folder), logs=Path(folder), say=say)
            trial.start()
            trial.stop()

    return fill(class_archive(find_java()).parent, build)


class _Trial(Kafka):
    """A broker that writes the archive when it stops, which takes some seconds."""

    def __init__(self, archive: Path, *, folder: Path, logs: Path, say: Say) -> None:
        super().__init__(folder=folder, logs=logs, say=say)
        self._archive = archive

    def native_command(self, port: int) -> Command:
        command = super().native_command(port)
        java, *arguments = command.argv
        return replace(command, argv=(java, f"-XX:ArchiveClassesAtExit={self._archive}", *arguments), grace=60.0)
