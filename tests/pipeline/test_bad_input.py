"""Bad input ends in `rejects` with its reason, bad requests get their status, bad settings one line."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pyarrow as pa
import pytest
from aiokafka import AIOKafkaProducer

from causal_alpha.frames import Frame
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Tick
from tests.pipeline.streams import balance, wait_for

pytestmark = pytest.mark.services


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def arrow(columns: dict[str, Any]) -> bytes:
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def tick(**changes: Any) -> bytes:
    return json.dumps({"symbol": "BAD", "ts": now_ms(), "price": 1.0, "size": 1.0} | changes).encode()


def frame(**changes: Any) -> bytes:
    row = {"symbol": "BAD", "ts": time.time_ns(), "price": 1.0, "size": 1.0} | changes
    return Frame.of(Tick, [Tick(**row)]).encode()


MESSAGES = {
    "malformed": [b"{", b"", b"tick", b"\xff\xff\xff\xffnonsense", frame()[:300]],
    "schema": [
        tick(price="x"),
        b'{"symbol": "BAD"}',
        b"[1]",
        tick(ts="yesterday"),
        arrow({"symbol": ["BAD"], "price": np.asarray([1.0])}),
        Frame.empty(Bar).encode(),
        frame(symbol=""),
    ],
    "nan": [tick(price=float("nan")), frame(price=float("nan")), frame(size=float("nan"))],
    "not_positive": [tick(price=-1.0), tick(price=0.0), tick(size=-5), frame(price=-1.0)],
    "absurd": [tick(price=1e300), frame(size=float("inf")), frame(bid=-1.0)],
    "future": [tick(ts=now_ms() + 3_600_000), frame(ts=time.time_ns() + 3_600 * 10**9)],
    "unknown_field": [tick(colour="red")],
}


async def produce(broker: str, topic: str, messages: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for message in messages:
            await producer.send_and_wait(topic, value=message, key=b"BAD")


def test_bad_input_ends_in_rejects_with_its_reason(worker: Any, kafka: str) -> None:
    running = worker()
    sent = [(reason, message) for reason, messages in MESSAGES.items() for message in messages]

    asyncio.run(produce(kafka, f"{running.app_id}.ticks", [message for _, message in sent] + [tick()]))

    rejects = wait_for(
        lambda: (
            len(rows := httpx.get(f"{running.url}/api/v1/rejects?limit=100").json()["rejects"]) == len(sent) and rows
        ),
        what=f"{len(sent)} rejects",
    )
    by_offset = sorted(rejects, key=lambda row: row["offset"])
    assert [row["reason"] for row in by_offset] == [reason for reason, _ in sent]
    assert all(row["detail"] for row in rejects)
    assert by_offset[0]["payload"] == "{"
    assert balance(running.url) == {"in": len(sent) + 1, "in_bars": 1, "late": 0, "duplicate": 0, "rejected": len(sent)}
    assert httpx.get(f"{running.url}/api/v1/health").status_code == 200
    assert httpx.get(f"{running.url}/api/v1/symbols").json()["symbols"][0]["symbol"] == "BAD"


def test_late_ticks_are_rejected_with_their_original_bytes(worker: Any, kafka: str) -> None:
    running = worker()
    late = tick(ts=now_ms() - 60_000, id=7)

    asyncio.run(produce(kafka, f"{running.app_id}.ticks", [tick(), late]))

    (row,) = wait_for(lambda: httpx.get(f"{running.url}/api/v1/rejects").json()["rejects"], what="a reject")
    assert (row["reason"], row["payload"]) == ("late", late.decode())
    assert balance(running.url) == {"in": 2, "in_bars": 1, "late": 1, "duplicate": 0, "rejected": 0}


def test_bad_bytes_in_inner_topics_are_rejected_and_the_worker_goes_on(worker: Any, kafka: str) -> None:
    running = worker()

    asyncio.run(produce(kafka, f"{running.app_id}.bars", [b"nonsense"]))
    asyncio.run(produce(kafka, f"{running.app_id}.requests", [b"nonsense"]))
    asyncio.run(produce(kafka, f"{running.app_id}.ticks", [tick(symbol="GOOD")]))

    wait_for(lambda: httpx.get(f"{running.url}/api/v1/symbols").json()["symbols"], what="a symbol")
    rejects = wait_for(
        lambda: len(rows := httpx.get(f"{running.url}/api/v1/rejects").json()["rejects"]) >= 2 and rows, what="rejects"
    )
    assert {row["topic"].rpartition(".")[2] for row in rejects} == {"bars", "requests"}


BAR = Bar(symbol="INNER", interval="1s", start=10**18, open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=2)
VECTOR = Features(symbol="INNER", interval="1s", start=10**18, close=1.5, values=(1e-4,), feature_set="other")
FORECAST = Forecast(
    **{"symbol": "INNER", "interval": "1s", "start": 10**18, "made": 10**18, "horizon": 1, "due": 10**18 + 10**9},
    **{"price": 1.5, "location": 0.0, "variance": 1e-4, "quantiles": (1.5,) * len(LEVELS)},
    **{"family": "ewma", "version": "1", "feature_set": "x"},
)
KEY = b"default|1s"
INNER: dict[str, list[tuple[bytes | None, Frame[Any]]]] = {
    "bars": [
        (b"BAD", Frame.of(Bar, [BAR])),
        (None, Frame.of(Bar, [BAR])),
        (KEY, Frame.of(Bar, [BAR], {"watermark": "soon"})),
        (KEY, Frame.of(Bar, [BAR], {"origins": "x"})),
        (b"default|*", Frame.empty(Bar, {"actions": "split"})),
    ],
    "features": [
        (b"BAD", Frame.of(Features, [VECTOR], {"names": "ewma_variance"})),
        (None, Frame.of(Features, [VECTOR], {"names": "ewma_variance"})),
        (KEY, Frame.of(Features, [VECTOR])),
        (KEY, Frame.of(Features, [VECTOR], {"names": "return_1"})),
    ],
    "forecasts": [
        (None, Frame.of(Forecast, [FORECAST], {"made": str(10**18)})),
        (KEY, Frame.of(Forecast, [FORECAST])),
        (KEY, Frame.of(Forecast, [FORECAST], {"made": "now"})),
    ],
}
"""Frames as an agent of a user's own might send them: well-formed, with a key or `meta` that no stage can use."""


async def produce_keyed(broker: str, topic: str, messages: Sequence[tuple[bytes | None, bytes | None]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for key, value in messages:
            await producer.send_and_wait(topic, value=value, key=key)


def rejects_by_place(url: str) -> dict[tuple[str, int], dict[str, Any]]:
    """By topic and offset: what several agents refuse is one reject."""
    rows = httpx.get(f"{url}/api/v1/rejects?limit=100").json()["rejects"]
    return {(row["topic"].rpartition(".")[2], row["offset"]): row for row in rows}


def test_frames_that_no_stage_can_use_are_rejected_and_the_worker_goes_on(worker: Any, kafka: str) -> None:
    """Through a kill, too: what comes again is the same reject, and the whole path is open behind it."""
    running = worker(calendars="*=24/7")
    strange = Frame.of(Bar, [msgspec.structs.replace(BAR, interval="../x")])
    for topic, frames in INNER.items():
        messages = [(key, frame.encode()) for key, frame in frames]
        asyncio.run(produce_keyed(kafka, f"{running.app_id}.{topic}", [*messages, (KEY, None)]))
    asyncio.run(produce_keyed(kafka, f"{running.app_id}.scores", [(KEY, None)]))
    asyncio.run(produce_keyed(kafka, f"{running.app_id}.bars", [(KEY, strange.encode())]))
    unusable = {(topic, offset) for topic, frames in INNER.items() for offset in range(len(frames))}
    unreadable = {(topic, len(frames)) for topic, frames in INNER.items()} | {("scores", 0)}
    places = unusable | unreadable | {("bars", len(INNER["bars"]) + 1)}

    rejects = wait_for(
        lambda: len(found := rejects_by_place(running.url)) >= len(places) and found, what=f"{len(places)} rejects"
    )
    running.kill()
    running.start()
    vectors = [msgspec.structs.replace(VECTOR, symbol="FINE", start=10**18 + n * 10**9) for n in range(2)]
    frames = [Frame.of(Features, [vector], {"names": "ewma_variance"}).encode() for vector in vectors]
    asyncio.run(produce_keyed(kafka, f"{running.app_id}.features", [(b"other|1s", frame) for frame in frames]))
    ticks = [tick(symbol="GOOD", ts=now_ms() + 200 * n) for n in range(15)]
    asyncio.run(produce(kafka, f"{running.app_id}.ticks", ticks))

    wait_for(
        lambda: httpx.get(f"{running.url}/api/v1/features/GOOD?interval=1s").json()["features"], what="vectors of bars"
    )
    wait_for(
        lambda: httpx.get(f"{running.url}/api/v1/forecasts/FINE?interval=1s").json()["forecasts"], what="a forecast"
    )
    wait_for(
        lambda: httpx.get(f"{running.url}/api/v1/scores?interval=1s&symbol=FINE").json()["scores"], what="its score"
    )
    assert set(rejects) == places == set(rejects_by_place(running.url))
    assert {rejects[place]["reason"] for place in unusable} == {"schema"}
    assert {rejects[place]["reason"] for place in unreadable} == {"malformed"}
    assert all(row["detail"] for row in rejects.values())


def test_posted_ticks_get_a_verdict_each_and_become_bars(worker: Any) -> None:
    running = worker(max_request_bytes=10_000)
    rows = [json.loads(tick(symbol="WEB")), json.loads(tick(symbol="WEB", price=-1))]

    answer = httpx.post(f"{running.url}/api/v1/ticks", json=rows)
    large = httpx.post(f"{running.url}/api/v1/ticks", content=b"[" + b" " * 20_000 + b"]")

    assert answer.status_code == 202
    assert [verdict["ok"] for verdict in answer.json()["verdicts"]] == [True, False]
    assert large.status_code == 413
    bars = wait_for(
        lambda: httpx.get(f"{running.url}/api/v1/bars/WEB?interval=1s").json()["bars"], what="a bar of the tick"
    )
    assert bars[0]["trades"] == 1
    rejects = wait_for(lambda: httpx.get(f"{running.url}/api/v1/rejects").json()["rejects"], what="a reject")
    assert [row["reason"] for row in rejects] == ["not_positive"]
    assert httpx.get(f"{running.url}/api/v1/health").status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PARTITIONS", "many", "CAUSAL_ALPHA_PARTITIONS"),
        ("INTERVALS", "7m", "interval: expected a divisor of one day"),
        ("LATENESS", "-1", "CAUSAL_ALPHA_LATENESS"),
        ("AGENTS", "", "CAUSAL_ALPHA_AGENTS"),
    ],
)
def test_bad_settings_stop_the_start_with_one_line(tmp_path: Path, name: str, value: str, says: str) -> None:
    env = os.environ | {f"CAUSAL_ALPHA_{name}": value, "CAUSAL_ALPHA_DATA_DIR": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "-m", "faust", "-A", "causal_alpha", "worker"],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode != 0
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    assert says in ended.stderr
