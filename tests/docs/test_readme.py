"""What README tells to do, done on real services."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from causal_alpha.sources.publish import Publisher, publish
from examples.custom_source import JsonLines
from tests.conftest import ROOT, Workers
from tests.docs.blocks import blocks
from tests.examples.feed import lines
from tests.examples.test_custom_agent import messages

README = ROOT / "README.md"


def answer(url: str, body: str | None = None) -> Any:
    """The JSON that a GET, or a POST of `body`, gets."""
    with urllib.request.urlopen(url, data=body.encode() if body else None, timeout=10) as response:
        return json.load(response)


def curl(line: str) -> Any:
    """Do what a line of curl does: `curl [-d BODY] URL`, with the time as the shell puts it in."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    match shlex.split(line.replace("'$(date -u +%FT%TZ)'", now)):
        case ["curl", "-d", body, url]:
            return answer(url, body)
        case ["curl", url]:
            return answer(url)
    raise AssertionError(f"expected curl [-d BODY] URL, was {line}")


def first_bars(url: str, seconds: float = 30.0) -> list[dict[str, Any]]:
    """The final bars of ACME, once there is one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        bars = [bar for bar in answer(url)["bars"] if bar["state"] == "final"]
        if bars:
            return bars
        time.sleep(0.2)
    raise AssertionError(f"expected a final bar within {seconds} s")


@pytest.mark.services
def test_readme_requests_make_bars(worker: Workers) -> None:
    running = worker()
    [block] = [block for block in blocks(README, "sh") if "curl" in block]
    post, bars, rejects = block.replace("http://127.0.0.1:8000", running.url).splitlines()
    assert curl(post) == {"accepted": 1, "rejected": 0, "verdicts": [{"row": 0, "ok": True}]}
    [bar] = first_bars(shlex.split(bars)[1])
    assert (bar["close"], bar["volume"], bar["trades"]) == (171.7, 100, 1)
    assert curl(bars)["symbol"] == "ACME"
    assert curl(rejects) == {"rejects": []}


@pytest.mark.services
def test_readme_producer_makes_bars(worker: Workers, kafka: str) -> None:
    running = worker(partitions=4)
    [block] = [block for block in blocks(README, "python") if "Producer(" in block]
    own = block.replace("127.0.0.1:9092", kafka).replace("causal-alpha.ticks", f"{running.app_id}.ticks")
    assert own.count(kafka) == own.count(running.app_id) == 1
    subprocess.run([sys.executable, "-c", own], check=True, timeout=60)
    [bar] = first_bars(f"{running.url}/api/v1/bars/ACME?interval=1s")
    assert (bar["close"], bar["volume"], bar["source"]) == (171.7, 100, "foreign")


@pytest.mark.services
def test_readme_runs_an_agent_of_yours_on_services_of_yours(
    kafka: str, mongo: str, database: str, app_id: str, tmp_path: Path
) -> None:
    [agents] = [block for block in blocks(README, "sh") if "CAUSAL_ALPHA_AGENTS" in block]
    [own] = [block for block in blocks(README, "sh") if "CAUSAL_ALPHA_BROKER" in block]
    name, _, modules = agents.split()[0].partition("=")
    *_, command = own.splitlines()
    environment = {
        **os.environ,
        **{name: modules, "CAUSAL_ALPHA_BROKER": kafka, "CAUSAL_ALPHA_MONGO_URL": mongo},
        **{"CAUSAL_ALPHA_APP_ID": app_id, "CAUSAL_ALPHA_MONGO_DATABASE": database},
        **{"PORT": "0", "OPEN": "0", "MLFLOW": "0"},
    }
    program = [sys.executable, "-m", "causal_alpha", *shlex.split(command)[1:]]
    with subprocess.Popen(program, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            ready = running.stdout.readline()
            assert re.fullmatch(rf"ready page=http://127\.0\.0\.1:\d+/ kafka={kafka} mongo={re.escape(mongo)}\n", ready)
            (tmp_path / "ticks.jsonl").write_text(lines())
            asyncio.run(_feed(kafka, app_id, tmp_path / "ticks.jsonl"))
            alerts = asyncio.run(messages(kafka, f"{app_id}.alerts", 1))
        finally:
            running.terminate()
    assert [key for key, _ in alerts] == [b"WILD"]
    assert running.returncode == 0


async def _feed(broker: str, app_id: str, file: Path) -> None:
    async with Publisher(broker, partitions=1, app_id=app_id) as publisher:
        await publish(JsonLines(file), publisher)
