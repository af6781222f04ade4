import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from causal_alpha.devstack.process import Command, Process

FAMILY = """
sleep 300 & echo $! >> pids
setsid sleep 300 & echo $! >> pids
echo $$ >> pids
wait
"""
"""A command with a child of its own, and one that left for another session."""

PARENT = """
import sys, time
from pathlib import Path
from causal_alpha.devstack.process import Command, Process
process = Process(Command(("sh", "-c", sys.argv[1]), grace=0.5), log=Path("log"))
print(process._guard.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def run(tmp_path):
    """Starts `sh -c script`, kills it at the end."""
    started = []

    def start(script, **options):
        process = Process(Command(("sh", "-c", script), folder=tmp_path, **options), log=tmp_path / "log")
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


def test_process_reports_its_exit_status_and_log(run):
    process = run("echo one; echo two >&2; exit 7")

    assert process.wait(10) == 7
    assert process.tail() == "one\ntwo"
    assert not process.alive


def test_process_complaint_is_what_speaks_of_an_error(run):
    process = run("echo INFO starting; echo ERROR no disk; echo INFO stopped; exit 1")
    process.wait(10)

    assert process.complaint() == "ERROR no disk"


def test_process_complaint_without_an_error_is_the_tail(run):
    process = run("echo one; echo two; exit 1")
    process.wait(10)

    assert process.complaint() == "one\ntwo"


def test_process_passes_the_environment_on(run):
    assert run('exit "$NUMBER"', environment={"NUMBER": "5"}).wait(10) == 5


def test_process_of_a_missing_command_exits_with_127(tmp_path):
    process = Process(Command(("no-such-command",)), log=tmp_path / "log")

    assert process.wait(10) == 127
    assert "no-such-command: No such file" in process.tail()


def test_process_stops_by_its_own_handler(run, tmp_path):
    process = run("trap 'echo bye; exit 0' TERM; touch up; while :; do sleep 0.02; done")
    wait_for((tmp_path / "up").exists)

    assert process.stop() == 0
    assert process.tail(1) == "bye"


def test_process_that_ignores_sigterm_is_killed_after_its_grace(run, tmp_path):
    process = run("trap '' TERM; touch up; while :; do sleep 0.02; done", grace=0.3)
    wait_for((tmp_path / "up").exists)
    began = time.monotonic()

    assert process.stop() == 128 + signal.SIGKILL
    assert 0.3 <= time.monotonic() - began < 3


def test_process_stopped_twice_stays_stopped(run):
    process = run("exec sleep 300")

    assert process.stop() == process.stop() == 128 + signal.SIGTERM


def test_process_killed_leaves_no_descendant(run, tmp_path):
    process = run(FAMILY)
    family = pids(tmp_path)

    process.kill()

    assert not living(family)


def test_process_that_ends_takes_its_descendants_along(run, tmp_path):
    process = run("setsid sleep 300 & echo $! >> pids; sleep 300 & echo $! >> pids; echo $$ >> pids")
    family = pids(tmp_path)

    process.wait(10)

    assert not living(family)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_process_ends_with_its_parent(number, tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, FAMILY], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    with parent:
        guard = int(parent.stdout.readline())
        family = [guard, *pids(tmp_path)]
        assert living(family) == family

        parent.send_signal(number)
        parent.wait(10)

    wait_for(lambda: not living(family))


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal of Linux")
def test_process_ends_with_its_guard(run):
    process = run("exec sleep 300")

    os.kill(process._guard.pid, signal.SIGKILL)

    wait_for(lambda: not living([process.pid]))


def pids(folder):
    """The three process ids that the command has written down."""
    file = folder / "pids"
    wait_for(lambda: file.exists() and len(file.read_text().split()) == 3)
    return [int(pid) for pid in file.read_text().split()]


def living(pids):
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]


def wait_for(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.01)
