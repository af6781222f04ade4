"""What the ingest agent does with a request: fetch, and keep the job's state where anybody can read it."""

import logging
from collections.abc import AsyncIterator, Mapping

from causal_alpha.errors import CausalAlphaError
from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Job, Request
from causal_alpha.sinks.base import Jobs
from causal_alpha.sources.base import Batch
from causal_alpha.sources.requests import Feed, fulfil

logger = logging.getLogger(__name__)


async def fetch(request: Request, jobs: Jobs, feeds: Mapping[str, Feed]) -> AsyncIterator[Batch]:
    """The frames that answer `request`; its job goes from running to done or failed.

    `feeds` are kept from call to call: one that was told to slow down remembers it. Frames of bars say
    in `meta` that they come whole from their source, see `causal_alpha.crosssection`.
    """
    rows = 0
    await _put(jobs, Job(id=request.id, state="running"))
    try:
        async for frame in fulfil(request, feeds):
            rows += len(frame)
            origin = {"origin": f"bars/{request.source}"}
            yield Frame(Bar, frame.columns, {**frame.meta, **origin}) if frame.record is Bar else frame
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
