"""A sink, reader and job store in this process's memory: for tests, examples and demos."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

import msgspec

from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Job
from causal_alpha.sinks.identity import is_final, record_id, record_time, replaces

R = TypeVar("R", bound=msgspec.Struct)


class MemorySink:
    """Keeps everything, as a real archive would; `write` the same twice and nothing changes.

    >>> import asyncio
    >>> sink = MemorySink()
    >>> bar = Bar(symbol="A", interval="1s", start=0, open=1, high=1, low=1, close=1, volume=1, vwap=1, trades=1)
    >>> asyncio.run(sink.write([Frame.of(Bar, [bar]), Frame.of(Bar, [bar])]))
    >>> len(asyncio.run(sink.read(Bar, symbol="A"))), asyncio.run(sink.symbols())
    (1, ['A'])
    """

    def __init__(self) -> None:
        self._kept: dict[type[msgspec.Struct], dict[str, msgspec.Struct]] = {}
        self._jobs: dict[str, Job] = {}

    async def write(self, frames: Sequence[Frame[Any]]) -> None:
        for frame in frames:
            kept = self._kept.setdefault(frame.record, {})
            for record in filter(is_final, frame.rows()):
                key = record_id(record)
                if key not in kept or replaces(record, kept[key]):
                    kept[key] = record

    async def close(self) -> None:
        """Nothing to let go of."""

    async def read(
        self,
        record: type[R],
        *,
        symbol: str | None = None,
        interval: str | None = None,
        start: int | None = None,
        end: int | None = None,
        limit: int = 500,
    ) -> list[R]:
        found = [
            row
            for row in self._kept.get(record, {}).values()
            if (symbol is None or getattr(row, "symbol", None) == symbol)
            and (interval is None or getattr(row, "interval", None) == interval)
            and (start is None or start <= record_time(row))
            and (end is None or record_time(row) < end)
        ]
        found.sort(key=lambda row: (record_time(row), record_id(row)))
        return cast(list[R], found[-limit:])

    async def symbols(self) -> list[str]:
        return sorted({cast(Bar, bar).symbol for bar in self._kept.get(Bar, {}).values()})

    async def intervals(self, symbol: str) -> list[str]:
        bars = (cast(Bar, bar) for bar in self._kept.get(Bar, {}).values())
        return list({bar.interval for bar in bars if bar.symbol == symbol})

    async def ping(self) -> None:
        """Memory always answers."""

    async def put_job(self, job: Job) -> None:
        self._jobs[job.id] = job

    async def job(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    async def jobs(self, prefix: str) -> list[Job]:
        return [job for job_id, job in sorted(self._jobs.items()) if job_id.startswith(prefix)]
