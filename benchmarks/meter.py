"""CPU time of a contender between 10 % and 90 % of its work, measured in its own process."""

import asyncio
import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SHARES = (0.1, 0.9, 1.0)
LOOK_EVERY = 0.005

TOTAL, REPORT = "BENCHMARK_ROWS", "BENCHMARK_REPORT"
"""Variables that tell a contender how many rows there are, and the file that takes its report."""


class Mark(NamedTuple):
    """Rows done, CPU time of all threads (user and system), time that passed, at one moment."""

    rows: int
    cpu_s: float
    wall_s: float


class Meter:
    """Is told how many rows are done, and writes a report once all of them are.

    The counts at hand when a limit is passed are used, so a batch that overshoots it does no harm. The
    report is `{"rows", "cpu_s", "wall_s"}` of the stretch from 10 % to 90 %, and `max_rss_mb`, the most
    memory that the process ever had.
    """

    def __init__(self, total: int, report: Path) -> None:
        self._limits = [share * total for share in SHARES]
        self._report = report
        self._marks: list[Mark] = []

    @classmethod
    def of_environment(cls) -> "Meter":
        return cls(int(os.environ[TOTAL]), Path(os.environ[REPORT]))

    def saw(self, rows: int) -> bool:
        """Whether all rows are done. `rows`: those done so far."""
        while self._limits and rows >= self._limits[0]:
            self._limits.pop(0)
            self._marks.append(Mark(rows, time.process_time(), time.perf_counter()))
            if not self._limits:
                self._write()
        return not self._limits

    def _write(self) -> None:
        begin, end, _ = self._marks
        found: dict[str, float] = {name: getattr(end, name) - getattr(begin, name) for name in Mark._fields}
        found["max_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        part = self._report.with_suffix(".part")
        part.write_text(json.dumps(found))
        part.rename(self._report)


async def watch(rows: Callable[[], int]) -> None:
    """Asks for the rows done so far, often, until all are; for an event loop that does something else."""
    meter = Meter.of_environment()
    while not meter.saw(rows()):  # noqa: ASYNC110  the agent shall not know that it is measured
        await asyncio.sleep(LOOK_EVERY)
