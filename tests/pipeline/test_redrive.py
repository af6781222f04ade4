"""Rejects sent again through a real worker: they get into their bars, each of them once."""

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from pymongo import MongoClient

from causal_alpha.frames import ARROW_MAGIC, Frame, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.records import Tick
from causal_alpha.scan import Since, partition_counts, scan
from tests.pipeline.streams import balance, stored, wait_for

pytestmark = pytest.mark.services

LATENESS = 30.0
"""Bars stay open as long as a test sends rows, until a heartbeat closes them."""


def tick(**changes: Any) -> dict[str, Any]:
    return {"symbol": "AAPL", "ts": time.time_ns() // 1_000_000, "price": 2.0, "size": 1.0} | changes


def produce(worker: Any, *messages: bytes | dict[str, Any], partition: int | None = None) -> None:
    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=worker.settings["broker"]) as producer:
            for message in messages:
                value = message if isinstance(message, bytes) else json.dumps(message).encode()
                await producer.send_and_wait(f"{worker.app_id}.ticks", value, b"AAPL", partition)

    asyncio.run(send())


def rejects(worker: Any, n: int, query: str = "") -> list[dict[str, Any]]:
    """The archived rejects, the newest offset last, once there are `n`."""
    url = f"{worker.url}/api/v1/rejects?{query}"
    rows: list[dict[str, Any]] = wait_for(
        lambda: len(found := httpx.get(url).json()["rejects"]) == n and found, what=f"{n} rejects"
    )
    return sorted(rows, key=lambda row: row["offset"])


def redrive(worker: Any, **body: Any) -> list[dict[str, Any]]:
    answer = httpx.post(f"{worker.url}/api/v1/rejects/redrive", json=body)
    assert answer.status_code == 202, answer.text
    verdicts: list[dict[str, Any]] = answer.json()["verdicts"]
    return verdicts


def command(worker: Any, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`causal-alpha rejects NAME …` with the worker's settings."""
    settings = ("mongo_url", "mongo_database", *(("broker", "app_id") if name == "redrive" else ()))
    own = [word for setting in settings for word in (f"--{setting.replace('_', '-')}", worker.settings[setting])]
    argv = [sys.executable, "-m", "causal_alpha", "rejects", name, *arguments, *own]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def final_bars(worker: Any, mongo: str) -> list[dict[str, Any]]:
    """The bars of a second, closed by a heartbeat."""
    for partition in range(2):
        produce(worker, heartbeat(time.time_ns() + 4 * SECOND).encode(), partition=partition)

    def settled() -> list[dict[str, Any]]:
        bars = [bar for bar in stored(mongo, worker.database, "bars") if bar["interval"] == "1s" and bar["trades"]]
        return bars if sum(bar["trades"] for bar in bars) == balance(worker.url)["in_bars"] else []

    bars: list[dict[str, Any]] = wait_for(settled, what="every trade in a final bar")
    return bars


def test_redriven_rows_are_in_their_bars_once(worker: Any, mongo: str) -> None:
    running = worker(partitions=2, lateness=LATENESS)
    frame = Frame.of(Tick, [Tick(symbol="AAPL", ts=time.time_ns(), price=-2.0, size=8.0, source="feed")])
    produce(running, tick(), tick(price="2"), b"{", frame.encode())
    httpx.post(f"{running.url}/api/v1/ticks", json=tick(price=0.0))
    typo, torn, negative, posted = rejects(running, 4)

    for row, size in ((typo, 2.0), (torn, 4.0), (negative, 8.0)):
        order = {"ids": [row["id"]], "payload": tick(size=size)}
        [first], [second] = redrive(running, **order), redrive(running, **order)
        assert (first["ok"], second["reason"]) == (True, "redriven")
    said = command(running, "redrive", posted["id"], "--payload", json.dumps(tick(size=16.0)))
    assert (said.returncode, said.stderr) == (0, "1 sent, 0 refused\n")
    break_off(running, mongo, typo["id"])
    [verdict] = redrive(running, ids=[typo["id"]], payload=tick(size=32.0))
    assert verdict["ok"]
    wait_for(lambda: balance(running.url)["in"] == 9, what="9 rows")

    bars = final_bars(running, mongo)

    assert sum(bar["volume"] for bar in bars) == 1 + 2 + 4 + 8 + 16
    assert asyncio.run(marks(running)) == sorted(
        [*4 * [""], *2 * [typo["id"]], torn["id"], negative["id"], posted["id"]]
    )
    assert {bar["source"] for bar in bars} <= {"foreign", "feed", "http"}
    assert balance(running.url) == {"in": 9, "in_bars": 5, "late": 0, "duplicate": 1, "rejected": 3}


async def marks(worker: Any) -> list[str]:
    """What the messages with rows say they are a redrive of, sorted."""
    topic = f"{worker.app_id}.ticks"
    counts = await partition_counts(worker.settings["broker"], [topic])
    found = [m async for batch in scan(worker.settings["broker"], counts, Since(), follow=False) for m in batch]
    is_beat = [
        message.value.startswith(ARROW_MAGIC) and not len(Frame.decode(Tick, message.value)) for message in found
    ]
    return sorted(
        dict(message.headers).get("redrive-of", b"").decode()
        for message, beat in zip(found, is_beat, strict=True)
        if not beat
    )


def break_off(worker: Any, mongo: str, reject: str) -> None:
    """As if who sent a row had been killed before it could say so, a minute ago."""
    with MongoClient[dict[str, Any]](mongo) as client:
        redrives = client[worker.database]["redrives"]
        redrives.update_one({"_id": reject}, {"$set": {"state": "pending", "to": ""}})
        redrives.update_one({"_id": reject}, [{"$set": {"at": {"$subtract": ["$at", 60_000]}}}])


def test_late_row_stays_rejected_and_a_chain_shows(worker: Any) -> None:
    running = worker()
    late = tick(ts=time.time_ns() // 1_000_000 - 60_000)
    produce(running, tick(), late, tick(ts=time.time_ns() // 1_000_000 + 6_500))
    [row] = rejects(running, 1, "reason=late")
    [early] = rejects(running, 1, "reason=future")

    [refused] = redrive(running, ids=[row["id"]])
    [forced] = redrive(running, ids=[row["id"]], force=True)
    time.sleep(1.6)
    by_filter = redrive(running, reason="future")

    again = rejects(running, 2, "reason=late")[-1]
    assert (refused["reason"], refused["ok"], forced["ok"]) == ("late", False, True)
    assert (again["id"], again["redrive_of"]) == (f"{forced['to']}/0", row["id"])
    assert [(verdict["id"], verdict["ok"]) for verdict in by_filter] == [(early["id"], True)]
    wait_for(lambda: balance(running.url)["in_bars"] == 2, what="the row whose time has come")
    assert balance(running.url) == {"in": 5, "in_bars": 2, "late": 2, "duplicate": 0, "rejected": 1}
    listed = command(running, "list", "--json").stdout.splitlines()
    assert {json.loads(line)["id"] for line in listed} == {row["id"], again["id"], early["id"]}
    shown = command(running, "show", again["id"])
    assert f"of {row['id']}" in shown.stdout
    counts = httpx.get(f"{running.url}/api/v1/health").json()["rejects"]
    assert counts == {"late": 2, "future": 1}
