"""A child process that can't outlive us: own session, a log file, a guard in between (see `guard`)."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from causal_alpha.devstack import guard
from causal_alpha.errors import ServiceError

_ERROR = re.compile(r"\b(ERROR|FATAL)\b|^Caused by|Exception: |Error: |\"s\":\"[EF]\"")
"""How Java, Python and mongod mark them."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `environment` is added to ours; `grace` is in seconds, between SIGTERM and SIGKILL."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    grace: float = 8.0

    def gently(self) -> "Command":
        """The same, giving way to whatever else wants the processor.

        >>> Command(("sort", "file")).gently().argv
        ('nice', '-n', '10', 'sort', 'file')
        """
        return replace(self, argv=("nice", "-n", "10", *self.argv))


class Process:
    """One run of a command, output appended to `log`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     process = Process(Command(("sh", "-c", "echo hello; exit 3")), log=Path(folder, "sh.log"))
    ...     process.wait(10), process.tail()
    (3, 'hello')
    """

    def __init__(self, command: Command, *, log: Path) -> None:
        """Starts at once. Raises ServiceError if the guard doesn't come up; a missing command exits with 127."""
        self.command = command
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, str(command.grace), *command.argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=command.folder,
                env={**os.environ, **command.environment},
                start_new_session=True,
            )
        assert self._guard.stdout is not None
        with self._guard.stdout as line:
            first = line.readline()
        if not first.strip().isdigit():
            self._guard.kill()
            self._guard.wait()
            raise ServiceError(f"expected the process id of {command.argv[0]}, was {first!r}; see {log}")
        self.pid = int(first)

    @property
    def alive(self) -> bool:
        """Whether the command still runs."""
        return self._guard.poll() is None

    @property
    def returncode(self) -> int | None:
        """The command's exit status, 128 + n if signal n ended it; None while it runs."""
        return self._guard.poll()

    def wait(self, seconds: float | None = None) -> int:
        """The exit status once the command has ended; raises TimeoutError after `seconds`."""
        try:
            return self._guard.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{self.command.argv[0]} still runs after {seconds} s") from error
        finally:
            if self._guard.returncode is not None:
                self._close()

    def terminate(self) -> None:
        """Asks the command to stop and returns at once; it is killed when its grace is over."""
        self._order(b"T")

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self._order(b"K")
        self.wait(10)

    def stop(self) -> int:
        """SIGTERM, SIGKILL after the grace; returns the exit status. Stopping twice is fine."""
        self.terminate()
        return self.wait(self.command.grace + 10)

    def tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        return "\n".join(self._lines()[-lines:])

    def complaint(self, lines: int = 6) -> str:
        """The last lines of the log that speak of an error; just the last ones if none does."""
        errors = [line for line in self._lines() if _ERROR.search(line)]
        return "\n".join(errors[-lines:]) or self.tail(lines)

    def _lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()

    def _order(self, letter: bytes) -> None:
        assert self._guard.stdin is not None
        with suppress(BrokenPipeError, ValueError):  # it has ended already
            self._guard.stdin.write(letter)
            self._guard.stdin.flush()

    def _close(self) -> None:
        assert self._guard.stdin is not None
        with suppress(BrokenPipeError):
            self._guard.stdin.close()
