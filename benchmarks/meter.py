"""CPU time of a worker between 10 % and 90 % of its work, measured in the worker itself."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

FIRST, LAST = 0.1, 0.9
LOOK_EVERY = 0.005

TOTAL, REPORT = "BENCHMARK_ROWS", "BENCHMARK_REPORT"
"""Variables that tell a worker how many rows there are, and the file that takes its report."""


async def measure(rows: Callable[[], int]) -> None:
    """Writes the report once all rows are done: `{"rows", "cpu_s", "wall_s"}` of the measured stretch.

    `rows` counts those done so far; the counts at hand when a limit is passed are used, so a batch that
    overshoots it does no harm. CPU time is that of all threads, user and system.
    """
    total, report = int(os.environ[TOTAL]), Path(os.environ[REPORT])
    begin = await _passed(rows, FIRST * total)
    end = await _passed(rows, LAST * total)
    await _passed(rows, total)
    names = ("rows", "cpu_s", "wall_s")
    found = {name: last - first for name, first, last in zip(names, begin, end, strict=True)}
    part = report.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.rename(report)


async def _passed(rows: Callable[[], int], limit: float) -> tuple[float, float, float]:
    while (done := rows()) < limit:  # noqa: ASYNC110  the agent shall not know that it is measured
        await asyncio.sleep(LOOK_EVERY)
    return done, time.process_time(), time.perf_counter()
