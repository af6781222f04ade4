"""What the ingest agent does with a request: fetch, and keep the job's state where anybody can read it."""

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
        await _put(jobs, Job(id=request.id, state="failed", rows=rows, error=str(error)))
    else:
        await _put(jobs, Job(id=request.id, state="done", rows=rows))


async def _put(jobs: Jobs, job: Job) -> None:
    try:
        await jobs.put_job(job)
    except CausalAlphaError as error:  # the data matters more than the word about it
        logger.warning("job %s is %s, but nobody can be told: %s", job.id, job.state, error)
