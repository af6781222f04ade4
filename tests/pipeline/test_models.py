"""Models of a real registry in a real worker: kills change no bit, aliases take over at once, everything is scored."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.lineup import Lineup, loaded
from causal_alpha.models.store import load
from causal_alpha.records import Tick
from causal_alpha.registry import Registry
from causal_alpha.sources.publish import Publisher
from causal_alpha.training import train_and_register
from tests.pipeline import oracle
from tests.pipeline.streams import SYMBOLS, random_ticks, stored, wait_for

pytestmark = [pytest.mark.services, pytest.mark.alone]

INTERVAL = "3s"
"""No other test trains models of it."""
RATE = 100
NAME = f"har-{INTERVAL}"
POLL, TAKE_OVER = 0.2, 2.0
"""Seconds between looks at the aliases, and from a look to the first forecast by the new model."""
PACE = 0.3
"""Seconds between frames, five seconds of event time each."""


@pytest.fixture(scope="module")
def registry(mlflow: str) -> Iterator[Registry]:
    """With a champion, and a challenger made of the same run."""
    dataset = Dataset.from_bars(made_up(symbols=4, sessions=600))
    train_and_register("har", dataset, INTERVAL, mlflow, sessions=60, quick=True)
    opened = Registry(mlflow)
    first = opened.need(NAME).version(1)
    api = f"{mlflow}/api/2.0/mlflow"
    run = httpx.get(f"{api}/runs/get", params={"run_id": first.run_id}).json()["run"]["info"]
    again = {"name": NAME, "run_id": first.run_id, "source": f"{run['artifact_uri']}/model"}
    httpx.post(f"{api}/model-versions/create", json=again).raise_for_status()
    opened.point(NAME, "challenger", 2)
    yield opened
    opened.close()


async def feed(broker: str, app_id: str, frames: list[Frame[Tick]], beat: int = 0, pause: float = 0.0) -> None:
    async with Publisher(broker, app_id=app_id, partitions=1) as publisher:
        for frame in frames:
            await publisher.send(frame, "test")
            await asyncio.sleep(pause)
        if beat:
            await publisher.send(heartbeat(beat), "test")


def lineup(registry: Registry, folder: Path) -> Lineup:
    model = registry.need(NAME)
    found = []
    for alias, number in sorted(model.aliases.items()):
        artefact = load(registry.fetch(model.version(number), folder))
        found.append(loaded("har", INTERVAL, alias, str(number), artefact))
    return Lineup(tuple(sorted(found, key=lambda one: one.alias)), ("har",))


def test_kill_in_the_middle_changes_no_forecast_and_a_new_champion_takes_over(
    worker: Any, registry: Registry, mlflow: str, kafka: str, mongo: str, tmp_path: Path
) -> None:
    frames = list(random_ticks(600 * RATE, rate=RATE))
    running = worker(
        intervals=INTERVAL,
        mlflow_url=mlflow,
        model_poll=POLL,
        serve="har",
        cache=tmp_path / "cache",
        quiet_bars=5,
        idle_after=3600,  # the log alone says how far time is
    )
    first, rest, later = frames[:85], frames[85:105], frames[105:]
    asyncio.run(feed(kafka, running.app_id, first))
    database = running.settings["mongo_database"]
    wait_for(lambda: spoken(stored(mongo, database, "forecasts")).get(("har", "1", False)), what="the champion's")
    running.kill()
    running.start()
    asyncio.run(feed(kafka, running.app_id, rest))

    oracle.settle(running, models=lineup(registry, tmp_path / "fetched"))

    before = stored(mongo, database, "forecasts")
    assert set(spoken(before)) == {("ewma", "1", False), ("har", "1", False), ("har", "2", True)}
    end = int(frames[-1].ints("ts").max()) + 30 * SECOND
    last = max(row["start"] for row in before)
    with ThreadPoolExecutor() as pool:  # five bars a second, while the alias moves
        flow = pool.submit(lambda: asyncio.run(feed(kafka, running.app_id, later, beat=end, pause=PACE)))
        registry.crown(NAME, 2, at=0, why="test")
        moved = time.monotonic()
        wait_for(lambda: newest_version(running.url) == "2", what="a forecast by the new champion")
        took = time.monotonic() - moved
        assert not flow.done()  # else the time says nothing
        flow.result()
    assert took <= POLL + TAKE_OVER
    stages = {row["stage"] for row in httpx.get(f"{running.url}/api/v1/pipeline").json()["latency"]}
    assert stages == {"bars", "features", "forecasts", "scores"}
    after = wait_for(lambda: complete(mongo, database, last), what="forecasts of every bar")

    served = sorted((row["start"], row["version"]) for row in after if not row["shadow"] and row["family"] == "har")
    assert {key for key in spoken(after) if not key[2]} <= {("har", v, False) for v in "12"} | {("ewma", "1", False)}
    assert [version for _, version in served] == sorted(version for _, version in served)  # never back
    assert served[-1][1] == "2"
    by_bar = Counter((row["symbol"], row["start"], row["horizon"]) for row in after if not row["shadow"])
    assert set(by_bar.values()) == {1}


def spoken(forecasts: list[dict[str, Any]]) -> Counter[tuple[str, str, bool]]:
    return Counter((row["family"], row["version"], row["shadow"]) for row in forecasts)


def newest_version(url: str) -> str:
    """Of the model that spoke last, as the hub says."""
    row = httpx.get(f"{url}/api/v1/forecasts/{SYMBOLS[0]}", params={"interval": INTERVAL}).json()["forecasts"][-1]
    return str(row["version"])


def complete(mongo: str, database: str, last: Any) -> list[dict[str, Any]]:
    """The forecasts of bars after `last`, once every bar has one of each horizon and no more come."""
    found = []
    for _ in range(2):
        bars = {(bar["symbol"], bar["start"]) for bar in stored(mongo, database, "bars") if bar["start"] > last}
        forecasts = [row for row in stored(mongo, database, "forecasts") if row["start"] > last]
        told = Counter((row["symbol"], row["start"]) for row in forecasts if not row["shadow"])
        if not bars or set(told) != bars or set(told.values()) != {2}:
            return []
        found.append(forecasts)
        time.sleep(1.0)
    return found[1] if len(found[0]) == len(found[1]) else []
