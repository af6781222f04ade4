"""A second worker joins in the middle of the stream and is killed: nothing lost, nothing doubled."""

import asyncio
import threading
import time
from typing import Any

import pytest

from causal_alpha.intervals import MILLISECOND
from tests.pipeline.streams import expected_bars, random_ticks, send, stored, wait_for

pytestmark = pytest.mark.services

TICKS = 60_000


def test_second_worker_may_join_and_die_without_changing_a_bar(worker: Any, kafka: str, mongo: str) -> None:
    frames = list(random_ticks(TICKS))
    expected = expected_bars(frames)
    first = worker(partitions=2, session_timeout=6)
    feed = threading.Thread(
        target=lambda: asyncio.run(send(kafka, first.app_id, frames, partitions=2, rate=TICKS / 20))
    )
    feed.start()
    time.sleep(4)
    second = worker(partitions=2, session_timeout=6)
    time.sleep(4)
    second.kill()
    feed.join()

    bars = wait_for(
        lambda: len(found := stored(mongo, first.database, "bars")) >= len(expected) and found,
        90,
        f"{len(expected)} bars",
    )

    assert len(bars) == len(expected)
    for name in ("open", "high", "low", "close", "volume", "vwap", "trades"):
        found = {(b["interval"], b["start"].timestamp() * 1000, b["symbol"]): b[name] for b in bars}
        assert found == {(b.interval, b.start / MILLISECOND, b.symbol): getattr(b, name) for b in expected}, name
