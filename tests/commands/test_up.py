import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import nullcontext, suppress

import psutil
import pytest
from pymongo import MongoClient

from causal_alpha.commands.up import source_arguments
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.ports import free_port, is_free
from causal_alpha.errors import SettingsError


@pytest.fixture
def up(tmp_path):
    """Starts `causal-alpha up` with variables of the environment; kills it at the end."""
    started = []

    def start(**variables):
        process = subprocess.Popen(
            [sys.executable, "-m", "causal_alpha", "up"],
            env={**os.environ, "TMPDIR": str(tmp_path), "OPEN": "0", "MLFLOW": "0", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"SOURCE": "bogus"}, "SOURCE: expected simulator, replay, yahoo or none, was bogus"),
        ({"SOURCE": "replay"}, "FILE: expected the file to replay, was not set: SOURCE=replay FILE=ticks.parquet"),
        ({"SOURCE": "replay", "FILE": "/no/such"}, "FILE: expected an existing file, was /no/such"),
        ({"SOURCE": "yahoo"}, "SYMBOLS: expected symbols, was not set: SOURCE=yahoo SYMBOLS=AAPL,MSFT"),
        ({"SPEED": "fast"}, "SPEED: expected a number >= 0, was fast"),
        ({"SPEED": "nan"}, "SPEED: expected a number >= 0, was nan"),
        ({"SEED": "-1"}, "SEED: expected an integer >= 0, was -1"),
        ({"PORT": "70000"}, "PORT: expected 0 to 65535, was 70000"),
        ({"CAUSAL_ALPHA_WINDOW": "2"}, "CAUSAL_ALPHA_WINDOW: Input should be greater than or equal to 8, was '2'"),
    ],
)
def test_up_with_a_bad_setting_says_one_line_and_starts_nothing(up, tmp_path, variables, line):
    process = up(**variables)

    out, err = process.communicate(timeout=60)

    assert (process.returncode, out, err) == (1, "", f"causal-alpha: {line}\n")
    assert not list(tmp_path.iterdir())


def test_up_on_a_busy_port_says_one_line_and_starts_nothing(up, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        out, err = up(PORT=port).communicate(timeout=60)

    line = f"PORT: expected a free port, was {port}, which is in use; PORT=0 takes any free one"
    assert (out, err) == ("", f"causal-alpha: {line}\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("source", "given", "arguments"),
    [
        ("none", {"speed": "5"}, ()),
        ("simulator", {}, ("simulator",)),
        ("simulator", {"seed": "3", "speed": "0"}, ("simulator", "--speed", "0", "--seed", "3")),
        ("yahoo", {"symbols": "AAPL,MSFT"}, ("yahoo", "--symbols", "AAPL,MSFT")),
        ("replay", {"file": __file__, "speed": "10"}, ("replay", __file__, "--speed", "10")),
    ],
)
def test_up_hands_the_source_its_own_options_alone(source, given, arguments):
    options = {"file": None, "speed": None, "seed": None, "symbols": None, **given}

    assert source_arguments(source, **options) == arguments


def test_up_replays_a_file_only():
    with pytest.raises(SettingsError, match="expected an existing file, was /tmp"):
        source_arguments("replay", file="/tmp", speed=None, seed=None, symbols=None)


@pytest.mark.services
@pytest.mark.alone
def test_up_brings_bars_to_the_hub_and_leaves_nothing_behind(up, tmp_path):
    process = up(PORT="0")
    ready = process.stdout.readline()
    assert ready.startswith("ready page=http://127.0.0.1:"), process.stderr.read()
    page, kafka, mongo = (word.partition("=")[2] for word in ready.split()[1:])
    assert all((kafka, mongo.startswith("mongodb://")))
    assert process.stdout.readline() == f"export CAUSAL_ALPHA_BROKER={kafka} CAUSAL_ALPHA_MONGO_URL='{mongo}'\n"
    wait_for(lambda: bars(page))

    family = psutil.Process(process.pid).children(recursive=True)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=40)

    assert (process.returncode, out) == (0, "")
    assert time.monotonic() - began < 20
    assert not psutil.wait_procs(family, timeout=1)[1]
    assert not list(tmp_path.iterdir())


@pytest.mark.services
@pytest.mark.alone
def test_up_brings_registry_first_models_and_schedules_behind_the_page(up, tmp_path):
    process = up(PORT="0", MLFLOW="1", SOURCE="none")
    places = dict(word.split("=", 1) for word in process.stdout.readline().split()[1:])
    assert list(places) == ["page", "kafka", "mongo", "mlflow", "airflow"]

    read_until(process.stderr, f"causal-alpha: mlflow is ready: {places['mlflow']}\n")
    with MongoClient(places["mongo"]) as client:
        jobs = client["causal_alpha"]["jobs"]
        wait_for(lambda: jobs.find_one({"_id": "training:har-1d", "state": "done"}), seconds=90)
        assert client["causal_alpha"]["bars"].count_documents({"interval": "1d", "symbol": "^GSPC"}) > 5000
    read_until(process.stderr, f"causal-alpha: airflow is ready: {places['airflow']}\n")
    with urllib.request.urlopen(f"{places['airflow']}/api/v2/monitor/health", timeout=20) as answer:
        assert json.load(answer)["scheduler"]["status"] == "healthy"

    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)

    assert process.returncode == 0
    assert not psutil.wait_procs(family, timeout=1)[1]
    assert not list(tmp_path.iterdir())


@pytest.mark.services
@pytest.mark.alone
def test_up_starts_a_killed_worker_and_a_killed_source_again(up):
    process = up(PORT="0")
    page = process.stdout.readline().split()[1].partition("=")[2]
    wait_for(lambda: bars(page))
    newest = bars(page)

    for name, mark in (("worker", "[Faust:Worker]"), ("source", "causal_alpha source simulator")):
        family = psutil.Process(process.pid).children(recursive=True)
        next(one for one in reversed(family) if mark in " ".join(one.cmdline())).kill()
        read_until(process.stderr, f"causal-alpha: {name} died; it starts again in 0.5 s\n")
        read_until(process.stderr, f"causal-alpha: {name} runs again\n")

    wait_for(lambda: bars(page) > newest)


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.parametrize("busy", [False, True])
def test_up_is_found_by_commands_of_another_terminal(up, busy):
    with suppress(AssertionError):  # whoever was there is not of the test before
        wait_for(lambda: is_free(Kafka.usual), seconds=10)
    free = not busy and is_free(Kafka.usual)
    with socket.create_server(("127.0.0.1", Kafka.usual)) if busy and is_free(Kafka.usual) else nullcontext():
        process = up(PORT=str(free_port()), CAUSAL_ALPHA_BROKER="", CAUSAL_ALPHA_MONGO_URL="")
        page, kafka, mongo = (word.partition("=")[2] for word in process.stdout.readline().split()[1:])
        assert (kafka == "127.0.0.1:9092") == free
        at_home = free and mongo.startswith("mongodb://127.0.0.1:27017/")
        command, *exports = ["export"] if at_home else shlex.split(process.stdout.readline())
        assert command == "export"
        wait_for(lambda: bars(page))

        rows = other_terminal("tail", "bars", "--limit", "5", "--json", exports=exports)
        other_terminal("rejects", "list", "--since", "1h", exports=exports)

    assert len(rows.splitlines()) == 5


@pytest.mark.services
@pytest.mark.alone
def test_up_follows_its_parent_into_death_while_it_starts(tmp_path):
    script = f"{sys.executable} -m causal_alpha up --source none --port 0 --with-parent & wait"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(["sh", "-c", script], env=environment, stderr=subprocess.PIPE, text=True) as parent:
        read_until(parent.stderr, "causal-alpha: starting Kafka and MongoDB\n")
        family = psutil.Process(parent.pid).children(recursive=True)

        parent.kill()

        assert not psutil.wait_procs(family, timeout=20)[1]
    assert not list(tmp_path.iterdir())


def other_terminal(*words, exports):
    """What a command says where nothing is set but what was pasted from `up`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("CAUSAL_ALPHA_")}
    environment = own | dict(word.split("=", 1) for word in exports)
    program = [sys.executable, "-m", "causal_alpha", *words]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bars(page):
    """Start of the newest bar that the hub knows, ms; 0 if it knows none."""
    with urllib.request.urlopen(f"{page}api/v1/symbols", timeout=5) as answer:
        symbols = json.load(answer)["symbols"]
    if not symbols:
        return 0
    with urllib.request.urlopen(f"{page}api/v1/bars/{symbols[0]['symbol']}?interval=1s", timeout=5) as answer:
        return max((bar["start"] for bar in json.load(answer)["bars"]), default=0)


def read_until(stream, line):
    """Reads lines up to this one; fails when the stream ends before."""
    assert line in iter(stream.readline, ""), f"expected {line!r}"


def wait_for(condition, seconds=40):
    deadline = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.1)
