"""Runs one command and sees to it that nothing of it outlives the parent; started by `process.Process`, by path.

    python -I -S guard.py GRACE_SECONDS COMMAND [ARGUMENT ...]

Standard input is the line to the parent: `T` asks the command to stop (SIGTERM to its group, SIGKILL after the grace),
`K` kills it, and end of file means that the parent is gone, however it died: then the command is stopped too.
The first line on standard output is the command's process id. Its own output goes to our standard error.
The exit status is the command's, 128 + n if signal n ended it. Imports nothing of this package, to start fast.
"""

import ctypes
import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def _prctl(option: int, value: int) -> None:
    """Linux only; elsewhere the group and the pipe have to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _spawn(command: list[str]) -> int:
    guard = os.getpid()
    # Blocked until the new process has given up our handlers, or they would swallow a signal meant for the command.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        with suppress(OSError):  # both sides make the group, so that it is there whoever runs first
            os.setpgid(pid, pid)
        return pid
    try:
        os.setpgid(0, 0)
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # for a guard that is killed itself
        if os.getppid() != guard:
            os._exit(1)
        os.dup2(2, 1)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        for number in (*SIGNALS, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(127)


def _signal_group(pid: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _kill_descendants() -> None:
    """Kills what the command left behind, also what went into a session of its own: we are its reaper now."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    for _ in range(100):
        children = listing.read_text().split() if listing.exists() else []
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not children:
            return
        time.sleep(0.01)


def _reap(pid: int) -> int | None:
    """The command's wait status if it has ended; reaps orphans on the way."""
    with suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == pid:
                return status
            if not ended:
                return None
    return None


def run(grace: float, command: list[str]) -> int:
    """Runs the command to its end and returns the exit status for the guard."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in SIGNALS:
        signal.signal(number, lambda *_: None)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    pid = _spawn(command)
    with suppress(BrokenPipeError):
        os.write(1, f"{pid}\n".encode())
    sources = [0, wake]
    deadline: float | None = None
    while (status := _reap(pid)) is None:
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(sources, [], [], timeout)
        orders = b""
        if 0 in ready:
            orders = os.read(0, 64)
            if not orders:
                sources.remove(0)
                orders = b"T"
        if wake in ready and any(number != signal.SIGCHLD for number in os.read(wake, 64)):
            orders += b"T"
        if b"K" in orders or (deadline is not None and time.monotonic() >= deadline):
            _signal_group(pid, signal.SIGKILL)
            deadline = time.monotonic() + 1
        elif b"T" in orders and deadline is None:
            _signal_group(pid, signal.SIGTERM)
            deadline = time.monotonic() + grace
    _signal_group(pid, signal.SIGKILL)
    _kill_descendants()
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


if __name__ == "__main__":
    sys.exit(run(float(sys.argv[1]), sys.argv[2:]))
