"""An agent that fails takes its worker with it: started again, it goes on where it failed, and nothing is left out."""

import asyncio
from typing import Any

import pytest

from tests.pipeline.streams import expected_bars, random_ticks, send, stored, wait_for

pytestmark = pytest.mark.services


def test_failing_agent_ends_the_worker_and_loses_nothing(worker: Any, kafka: str, mongo: str) -> None:
    frames = list(random_ticks(5_000))
    expected = expected_bars(frames)
    faulty = worker(agents="agents,tests.pipeline.faulty", calendars="*=24/7")
    asyncio.run(send(kafka, faulty.app_id, frames, partitions=1))

    wait_for(lambda: not faulty.alive, 120, "the worker to end")
    assert faulty.process.returncode not in {0, None}
    assert "RuntimeError: expected to fail here" in faulty.log()

    whole = worker(calendars="*=24/7")
    wanted = {(f"{bar.symbol}|{bar.interval}|{bar.start}", bar.trades) for bar in expected}
    wait_for(
        lambda: wanted <= {(bar["_id"], bar["trades"]) for bar in stored(mongo, whole.database, "bars")},
        120,
        "every bar",
    )
