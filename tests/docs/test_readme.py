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
from tests.pipeline.streams import wait_for

README = ROOT / "README.md"


def answer(url: str, body: str | None = None) -> Any:
    """The JSON that a GET, or a POST of `body`, gets."""
    with urllib.request.urlopen(url, data=body.encode() if body else None, timeout=10) as response:
        return json.load(response)


def at_this_time(line: str) -> str:
    """The line with the time as the shell puts it in."""
    return line.replace("'$(date -u +%FT%TZ)'", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")


def curl(line: str) -> Any:
    """Do what a line of curl does: `curl [-d BODY] URL`, with the time as the shell puts it in."""
    match shlex.split(at_this_time(line)):
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
def test_readme_commands_look_mend_record_and_replay(
    worker: Workers, kafka: str, mongo: str, database: str, app_id: str, tmp_path: Path
) -> None:
    running = worker()
    [requests] = [block for block in blocks(README, "sh") if "curl" in block]
    post = requests.splitlines()[0].replace("http://127.0.0.1:8000", running.url)
    verdicts = curl(post.replace('"price": ', '"price": -'))
    assert (verdicts["accepted"], verdicts["rejected"]) == (0, 1)
    names = {"BROKER": kafka, "MONGO_URL": mongo, "MONGO_DATABASE": database, "APP_ID": app_id}
    environment = {**os.environ, **{f"CAUSAL_ALPHA_{name}": value for name, value in names.items()}}

    def ours(line: str, *more: str) -> str:
        """What a command of README says, as the shell would run it."""
        words = shlex.split(at_this_time(line))
        assert words[0] == "causal-alpha"
        program = [sys.executable, "-m", "causal_alpha", *words[1:], *more]
        done = subprocess.run(program, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    [block] = [block for block in blocks(README, "sh") if "redrive" in block]
    tail, listing, redrive, record, replay = block.splitlines()
    wait_for(lambda: ours(listing, "--json") != "", what="the reject in the archive")
    [reject] = [json.loads(line) for line in ours(listing, "--json").splitlines()]
    ours(redrive.replace(" ID ", f" {reject['id']} "))
    [bar] = first_bars(f"{running.url}/api/v1/bars/ACME?interval=1s")
    assert (bar["close"], bar["trades"]) == (171.7, 1)
    wait_for(lambda: "171.7" in ours(tail), what="the bar in the topic")
    ours(record)
    assert "publishing recorded:rec" in ours(replay.replace("--app-id again", f"--app-id {app_id}-again"))


@pytest.mark.services
def test_readme_producer_makes_bars_and_features_though_three_partitions_have_no_tick(
    worker: Workers, kafka: str
) -> None:
    running = worker(partitions=4)
    [block] = [block for block in blocks(README, "python") if "Producer(" in block]
    own = block.replace("127.0.0.1:9092", kafka).replace("causal-alpha.ticks", f"{running.app_id}.ticks")
    assert own.count(kafka) == own.count(running.app_id) == 1
    subprocess.run([sys.executable, "-c", own], check=True, timeout=60)
    [bar] = first_bars(f"{running.url}/api/v1/bars/ACME?interval=1s")
    assert (bar["close"], bar["volume"], bar["source"]) == (171.7, 100, "foreign")
    url = f"{running.url}/api/v1/features/ACME?interval=1s"
    wait_for(lambda: any(row["start"] == bar["start"] for row in answer(url)["features"]), what="features of the bar")


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
