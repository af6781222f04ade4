"""One of our own programs as a child process: started, watched, started again."""

from pathlib import Path

from causal_alpha.devstack.process import Command, Process
from causal_alpha.errors import ServiceError


class Program:
    """A command and its log, over as many runs as it takes.

    `may_finish`: exit status 0 means that its work is done, not that it died.
    """

    def __init__(self, name: str, command: Command, *, log: Path, may_finish: bool = False) -> None:
        self.name = name
        self.command = command
        self.log_file = log
        self.process: Process | None = None
        self._may_finish = may_finish

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.alive

    @property
    def finished(self) -> bool:
        """Whether it has ended on purpose, with nothing left to do."""
        return self._may_finish and self.process is not None and self.process.returncode == 0

    def launch(self) -> None:
        """Starts the process and returns at once; raises ServiceError if it runs already."""
        if self.alive:
            raise ServiceError(f"expected a stopped {self.name}, was running with process id {self.pid}")
        self.process = Process(self.command, log=self.log_file)

    restart = launch

    @property
    def pid(self) -> int:
        """Process id of the newest run, 0 before the first."""
        return self.process.pid if self.process is not None else 0

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """SIGTERM, and waits for the end; SIGKILL if that takes longer than the command's grace."""
        if self.process is not None:
            self.process.stop()

    def log(self) -> str:
        """All that it has written so far, over all its runs."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def tail(self, lines: int = 20) -> str:
        """The last lines of the log."""
        return "\n".join(self.log().splitlines()[-lines:])
