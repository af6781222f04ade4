"""What the ingest agent does with a request: fetch, and keep the job's state where anybody can read it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping

from causal_alpha.bars import NEVER
from causal_alpha.errors import CausalAlphaError
from causal_alpha.frames import Frame
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Bar, Job, Request
from causal_alpha.sinks.base import Jobs
from causal_alpha.sources.base import Batch
from causal_alpha.sources.requests import Feed, fulfil

logger = logging.getLogger(__name__)

_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


async def fetch(request: Request, jobs: Jobs, feeds: Mapping[str, Feed]) -> AsyncIterator[Batch]:
    """The frames that answer `request`; its job goes from running to done or failed.

    `feeds` are kept from call to call: one that was told to slow down remembers it. Bars come symbol by
    symbol; an empty frame at the end says by its watermark that they are complete now, see
    `causal_alpha.crosssection`.
    """
    rows, end = 0, NEVER
    origin = {"origin": f"bars/{request.source}"}
    await _put(jobs, Job(id=request.id, state="running"))
    try:
        async for frame in fulfil(request, feeds):
            rows += len(frame)
            if frame.record is Bar and len(frame):
                end = max(end, int(frame.ints("start").max()) + interval_ns(request.interval))
                yield Frame(Bar, frame.columns, origin)
            elif len(frame) or "actions" in frame.meta:
                yield frame
        if end != NEVER:
            yield Frame.empty(Bar, {**origin, "watermark": str(end)})
    except CausalAlphaError as error:
        logger.warning("request %s: %s", request.id, error)
        await _insist(jobs, Job(id=request.id, state="failed", rows=rows, error=str(error)))
    else:
        await _insist(jobs, Job(id=request.id, state="done", rows=rows))


async def _insist(jobs: Jobs, job: Job) -> None:
    """Say how a request ended, however long it takes: its data are out, and later nobody would say it."""
    pause = _PAUSE
    while not await _put(jobs, job):
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _put(jobs: Jobs, job: Job) -> bool:
    try:
        await jobs.put_job(job)
    except CausalAlphaError as error:
        logger.warning("job %s is %s, but nobody can be told: %s", job.id, job.state, error)
        return False
    return True
