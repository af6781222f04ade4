"""What becomes of a request and of the word about it."""

from collections.abc import Sequence

import pytest

from causal_alpha import ingest
from causal_alpha.errors import SinkError
from causal_alpha.records import Bar, Job, Request
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.simulator import Simulator

HOUR = 3_600_000_000_000


class Jobs:
    """A store that is away for the calls whose numbers are `away`."""

    def __init__(self, away: Sequence[int] = ()) -> None:
        self.told: list[Job] = []
        self._away, self._calls = away, 0

    async def put_job(self, job: Job) -> None:
        self._calls += 1
        if self._calls in self._away:
            raise SinkError("expected MongoDB to answer, was away")
        self.told.append(job)

    async def job(self, job_id: str) -> Job | None:
        return next((job for job in self.told[::-1] if job.id == job_id), None)


def request(source: str = "simulator") -> Request:
    symbols = ("SIM:ALFA", "SIM:BRAVO")
    return Request(id="7", source=source, kind="history", symbols=symbols, interval="5m", start=EPOCH, end=EPOCH + HOUR)


async def answer(jobs: Jobs, asked: Request) -> list[tuple[int, dict[str, str]]]:
    feeds = {"simulator": Simulator(start=EPOCH)}
    return [(len(frame), dict(frame.meta)) async for frame in ingest.fetch(asked, jobs, feeds) if frame.record is Bar]


async def test_fetched_bars_end_with_the_time_up_to_which_they_are_complete() -> None:
    jobs = Jobs()

    frames = await answer(jobs, request())

    origin = {"origin": "bars/simulator"}
    assert frames == [(12, origin), (12, origin), (0, origin | {"watermark": str(EPOCH + HOUR)})]
    assert [(job.state, job.rows) for job in jobs.told] == [("running", 0), ("done", 24)]


@pytest.mark.parametrize(("source", "state"), [("simulator", "done"), ("nowhere", "failed")])
async def test_the_end_of_a_request_is_told_once_the_store_is_back(
    source: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_PAUSE", 0.001)
    jobs = Jobs(away=(1, 2, 3))

    await answer(jobs, request(source))

    assert [job.state for job in jobs.told] == [state]
