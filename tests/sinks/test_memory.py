"""MemorySink keeps the contracts of Sink, Reader and Jobs."""

from causal_alpha.records import Job
from causal_alpha.sinks.base import Jobs, Reader, Sink
from causal_alpha.sinks.checks import check_sink
from causal_alpha.sinks.memory import MemorySink


async def test_memory_passes_the_sink_check() -> None:
    sink = MemorySink()

    await check_sink(sink, sink)

    assert isinstance(sink, Sink)
    assert isinstance(sink, Reader)
    assert isinstance(sink, Jobs)


async def test_memory_remembers_the_newest_state_of_a_job() -> None:
    sink = MemorySink()

    await sink.put_job(Job(id="1", state="queued"))
    await sink.put_job(Job(id="1", state="done", rows=3))

    assert await sink.job("1") == Job(id="1", state="done", rows=3)
    assert await sink.job("2") is None
