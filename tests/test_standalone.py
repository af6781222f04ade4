"""`causal-alpha hub` beside two workers: it sees what both of them write, and belongs to no group."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from causal_alpha.devstack.ports import free_port
from tests.conftest import ROOT, Workers

SYMBOLS = [f"SYM{number}" for number in range(8)]


@pytest.fixture
def alone(kafka: str, mongo: str, database: str, app_id: str, tmp_path: Path) -> Iterator[str]:
    """The address of a hub without a worker."""
    port = free_port()
    settings = {
        "broker": kafka,
        "mongo_url": mongo,
        "mongo_database": database,
        "app_id": app_id,
        "hub_port": str(port),
        "partitions": "2",
        "cache": str(tmp_path / "cache"),
    }
    environment = os.environ | {f"CAUSAL_ALPHA_{name.upper()}": value for name, value in settings.items()}
    with (tmp_path / "hub.log").open("w") as log:
        argv = [sys.executable, "-m", "causal_alpha", "hub"]
        process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            assert process.wait(60) in (0, -15), (tmp_path / "hub.log").read_text()


def ask(address: str, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(f"http://{address}/api/v1{path}", data) as answer:
        return json.load(answer)


def until_ready(address: str) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if ask(address, "/ready")["ready"]:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("expected the hub to be ready within 90 s, was not")


@pytest.mark.services
@pytest.mark.alone
def test_hub_alone_sees_the_bars_of_two_workers(worker: Workers, alone: str) -> None:
    for _ in range(2):
        worker(partitions=2, intervals="1s", calendars="*=24/7")
    until_ready(alone)
    with connect(f"ws://{alone}/ws/v1") as socket:
        assert json.loads(socket.recv())[0] == "hello"
        begin = time.time_ns() // 1_000_000_000 * 1000 - 2000
        seen: set[str] = set()
        deadline = time.monotonic() + 120
        second = 0
        while seen < set(SYMBOLS):
            assert time.monotonic() < deadline, f"expected final bars of {SYMBOLS}, was {sorted(seen)}"
            second += 1
            rows = [{"symbol": name, "ts": begin + 500 * second, "price": 10.0, "size": 1} for name in SYMBOLS]
            assert ask(alone, "/ticks", rows)["accepted"] == len(SYMBOLS)  # through the hub's own producer
            until = time.monotonic() + 0.5
            while (left := until - time.monotonic()) > 0:
                try:
                    message = json.loads(socket.recv(timeout=left))
                except TimeoutError:
                    break
                if message[0] == "log":
                    seen.update(event[2] for event in message[1] if event[1] == "bar" and event[12] == "final")

    pipeline = ask(alone, "/pipeline")
    topics = {row["name"].rpartition(".")[2]: row for row in pipeline["topics"]}
    assert {row["instance"] for row in pipeline["workers"]} == {"worker-1", "worker-2"}
    assert pipeline["balance"] is None
    assert topics["ticks"]["end"] > 0
    assert isinstance(topics["ticks"]["lag"], int)
    assert topics["forming"]["end"] > 0
    assert topics["forming"]["lag"] is None
    assert [row["name"] for row in pipeline["agents"] if row["follows"]] == ["broadcast_forming"]
    assert topics["bars"]["rows"] >= len(SYMBOLS)
