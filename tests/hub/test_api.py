"""Every route, without a network."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import SECOND
from causal_alpha.records import Features, Forecast, Job, Reject
from causal_alpha.sinks.memory import MemorySink
from tests.hub.conftest import NOW, Outbox
from tests.hub.records import START, bar, bars, forecast

MS = START // 1_000_000
TICK = {"symbol": "AAPL", "ts": NOW // 1_000_000, "price": 171.7, "size": 100}


async def get(http: httpx.AsyncClient, path: str, status: int = 200) -> Any:
    answer = await http.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_api_health_and_ready(http: httpx.AsyncClient, parts: dict[str, bool]) -> None:
    assert await get(http, "/health") == {"status": "ok", "version": "0.1.0", "boot": "boot-1", "rejects": {}}
    assert await get(http, "/ready") == {"ready": True, "kafka": True, "mongo": True, "recovered": True}

    parts["mongo"] = False

    assert await get(http, "/ready", 503) == {"ready": False, "kafka": True, "mongo": False, "recovered": True}


async def test_api_bars_come_from_archive_and_memory_without_hole_or_double(
    http: httpx.AsyncClient, hub: Hub, sink: MemorySink
) -> None:
    await sink.write([bars(bar(0), bar(1), bar(2))])
    hub.publish(bars(bar(2), bar(1, "revised", revision=1, high=173.0), bar(3)))  # 3 isn't archived yet
    hub.publish(bars(bar(4, "forming")))

    answer = await get(http, "/bars/AAPL?interval=1m")

    rows = answer["bars"]
    assert (answer["symbol"], answer["interval"], answer["seq"]) == ("AAPL", "1m", 3)
    assert [(row["start"], row["state"], row["high"]) for row in rows] == [
        (MS, "final", 172.0),
        (MS + 60_000, "revised", 173.0),
        (MS + 120_000, "final", 172.0),
        (MS + 180_000, "final", 172.0),
        (MS + 240_000, "forming", 172.0),
    ]
    assert [list(row) for row in rows] == [list(bar().__struct_fields__[2:])] * 5


async def test_api_names_a_symbol_and_the_intervals_of_archive_and_memory(
    http: httpx.AsyncClient, hub: Hub, sink: MemorySink
) -> None:
    by_activity = [msgspec.structs.replace(bar(0), interval=interval) for interval in ("5000volume", "100tick")]
    await sink.write([bars(bar(0, interval="1d"), *by_activity)])
    hub.publish(bars(bar(0, interval="1s")))

    intervals = ["1s", "1d", "100tick", "5000volume"]
    assert await get(http, "/symbols/AAPL") == {"symbol": "AAPL", "name": "Apple", "intervals": intervals}
    assert await get(http, "/symbols/NONE") == {"symbol": "NONE", "name": "", "intervals": []}


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("limit=2", [3, 4]),
        (f"start={MS + 60_000}&end={MS + 180_000}", [1, 2]),
        (f"end={MS + 240_000}", [0, 1, 2, 3]),
        (f"start={MS + 240_000}", [4]),
        ("interval=1s", []),
    ],
)
async def test_api_bars_by_limit_and_time(
    http: httpx.AsyncClient, hub: Hub, sink: MemorySink, query: str, minutes: list[int]
) -> None:
    await sink.write([bars(*(bar(n) for n in range(4)))])
    hub.publish(bars(bar(4, "forming")))

    answer = await get(http, f"/bars/AAPL?{query}")

    assert [(row["start"] - MS) // 60_000 for row in answer["bars"]] == minutes


async def test_api_symbols_with_their_last_price(http: httpx.AsyncClient, hub: Hub, sink: MemorySink) -> None:
    await sink.write([bars(bar(0, symbol="MSFT", close=9.0), bar(0))])
    hub.publish(bars(bar(1, "forming", close=172.5)))

    assert (await get(http, "/symbols"))["symbols"] == [
        {"symbol": "AAPL", "ts": MS + 60_000, "last": 172.5, "source": "simulator:7", "name": "Apple"},
        {"symbol": "MSFT", "ts": MS + 60_000, "last": 9.0, "source": "simulator:7", "name": ""},
    ]


async def test_api_features_carry_their_names(http: httpx.AsyncClient, sink: MemorySink) -> None:
    row = Features(symbol="AAPL", interval="1m", start=START, close=1.5, values=(0.5, float("nan")), feature_set="f00d")
    await sink.write([Frame.of(Features, [row])])

    answer = await get(http, "/features/AAPL")

    assert answer["names"] == ["r1", "r5"]
    assert answer["features"] == [
        {"start": MS, "close": 1.5, "values": [0.5, None], "feature_set": "f00d", "source": "foreign"}
    ]


async def test_api_forecasts_include_those_not_archived_yet(
    http: httpx.AsyncClient, hub: Hub, sink: MemorySink
) -> None:
    await sink.write([Frame.of(Forecast, [forecast(0), forecast(0, 5)])])
    hub.publish(Frame.of(Forecast, [forecast(0, 5), forecast(1), forecast(1, 5)]))

    answer = await get(http, "/forecasts/AAPL?limit=3")

    rows = answer["forecasts"]
    assert answer["seq"] == 3
    assert [((row["start"] - MS) // 60_000, row["horizon"]) for row in rows] == [(0, 5), (1, 1), (1, 5)]
    assert rows[2]["due"] == MS + 7 * 60_000
    assert len(rows[2]["quantiles"]) == 13


async def test_api_rejects_as_text_or_base64(http: httpx.AsyncClient, sink: MemorySink) -> None:
    common: dict[str, Any] = {"topic": "ticks", "partition": 1, "offset": 5, "reason": "malformed", "detail": "why"}
    rows = [Reject(**common, row=n, ts=START + n, payload=payload) for n, payload in enumerate([b'{"a":', b"\xff\x00"])]
    await sink.write([Frame.of(Reject, rows)])

    first, second = (await get(http, "/rejects?limit=5"))["rejects"]

    assert first == {
        **{"id": "ticks/1/5/0", **common, "row": 0, "ts": MS, "payload": '{"a":', "symbol": "", "source": "foreign"},
    }
    assert (second["payload"], second["payload_encoding"]) == ("/wA=", "base64")


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/bars/AAPL?interval=7m", 422, "interval: expected a divisor of one day"),
        ("/bars/AAPL?limit=0", 422, "limit: expected greater than or equal to 1, was '0'"),
        ("/bars/AAPL?limit=100000", 422, "limit: expected less than or equal to 10000, was '100000'"),
        ("/bars/AAPL?start=soon", 422, "start: expected a valid integer"),
        ("/bars/AAPL?start=9999999999999999999", 422, "start: expected"),
        ("/nothing", 404, "expected a known path, was /api/v1/nothing"),
        ("/ticks", 405, "expected another method, was GET"),
        ("/ingest/unknown", 404, "id: expected a known request, was 'unknown'"),
    ],
)
async def test_api_says_what_it_expected(http: httpx.AsyncClient, path: str, status: int, error: str) -> None:
    answer = await get(http, path, status)

    assert list(answer) == ["error"]
    assert answer["error"].startswith(error)


async def test_api_takes_a_tick_or_a_list_with_a_verdict_each(http: httpx.AsyncClient, outbox: Outbox) -> None:
    one = await http.post("/ticks", json=TICK)
    bad = [TICK | {"price": -1}, TICK | {"ts": NOW // 1_000_000 + 60_000}, {"symbol": "A"}, TICK | {"colour": "red"}]
    many = await http.post("/ticks", json=[bad[0], TICK, *bad[1:], TICK])

    assert (one.status_code, one.json()) == (202, {"accepted": 1, "rejected": 0, "verdicts": [{"row": 0, "ok": True}]})
    answer = many.json()
    assert (many.status_code, answer["accepted"], answer["rejected"]) == (202, 2, 4)
    assert [(verdict["row"], verdict.get("reason")) for verdict in answer["verdicts"]] == [
        (0, "not_positive"),
        (1, None),
        (2, "future"),
        (3, "schema"),
        (4, "unknown_field"),
        (5, None),
    ]
    assert [tick.price for tick in outbox.ticks] == [171.7] * 3
    assert {(reject.row, reject.reason) for reject in outbox.rejects} == {
        (0, "not_positive"),
        (2, "future"),
        (3, "schema"),
        (4, "unknown_field"),
    }
    assert all(reject.payload for reject in outbox.rejects)


@pytest.mark.parametrize("many", [False, True])
async def test_api_names_nan_as_the_reason(http: httpx.AsyncClient, outbox: Outbox, many: bool) -> None:
    """As `json.dumps` writes it; the other rows are taken."""
    bad = json.dumps(TICK | {"price": float("nan")})

    answer = await http.post("/ticks", content=f"[{json.dumps(TICK)}, {bad}]" if many else bad)

    assert answer.status_code == 202
    assert answer.json()["verdicts"][-1]["reason"] == "nan"
    assert [reject.reason for reject in outbox.rejects] == ["nan"]
    assert len(outbox.ticks) == int(many)


async def test_api_rejects_of_two_posts_have_different_ids(http: httpx.AsyncClient, outbox: Outbox) -> None:
    for _ in range(2):
        await http.post("/ticks", json=TICK | {"price": 0})

    assert len({(reject.topic, reject.partition, reject.offset, reject.row) for reject in outbox.rejects}) == 2


@pytest.mark.parametrize("body", [b"{", b"[{]", b"", b"\xff", b"[" * 5_000])
async def test_api_refuses_ticks_that_are_no_json(http: httpx.AsyncClient, outbox: Outbox, body: bytes) -> None:
    answer = await http.post("/ticks", content=body)

    assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert [(reject.reason, reject.payload) for reject in outbox.rejects] == [("malformed", body)]


@pytest.mark.parametrize("body", [b"3", b"null", b'"x"', b"[]", b"[1]", b"[[]]", b"NaN"])
async def test_api_never_fails_on_json_that_is_no_tick(http: httpx.AsyncClient, outbox: Outbox, body: bytes) -> None:
    answer = await http.post("/ticks", content=body)

    assert answer.status_code in {202, 400}
    assert outbox.ticks == []
    assert len(outbox.rejects) == (body != b"[]")


async def test_api_answers_503_while_kafka_is_away(http: httpx.AsyncClient, outbox: Outbox, sink: MemorySink) -> None:
    outbox.away = True

    tick = await http.post("/ticks", json=TICK)
    wish = await http.post("/ingest", json={"source": "yahoo", "symbols": ["AAPL"], "kind": "quotes"})

    assert (tick.status_code, tick.json()) == (503, {"error": "expected Kafka to answer, was away"})
    assert wish.status_code == 503


async def test_api_answers_503_while_the_archive_is_away(
    http: httpx.AsyncClient, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise SinkError("expected MongoDB to answer, was away")

    monkeypatch.setattr(sink, "read", away)

    assert await get(http, "/bars/AAPL", 503) == {"error": "expected MongoDB to answer, was away"}


async def test_api_refuses_a_large_body_before_reading_it(http: httpx.AsyncClient, outbox: Outbox) -> None:
    answer = await http.post("/ticks", content=b" " * 10_001)

    assert answer.status_code == 413
    assert answer.json() == {"error": "body: expected at most 10000 bytes, was 10001 bytes"}
    assert outbox.ticks == outbox.rejects == []


async def test_api_refuses_a_large_chunked_body_at_the_first_byte_too_many(http: httpx.AsyncClient) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 4_000
            yield b" " * 4_000

    answer = await http.post("/ingest", content=chunks())

    assert answer.status_code == 413
    assert sent == 12_000


@pytest.mark.parametrize("sized", [True, False])
async def test_api_large_body_gets_its_answer_through_a_real_server(port: int, sized: bool) -> None:
    """A client that sends before it listens must not find its connection reset."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 100_000

    async with httpx.AsyncClient() as client:
        body = b" " * 10_000_000 if sized else chunks()
        answer = await client.post(f"http://127.0.0.1:{port}/api/v1/ticks", content=body)

        assert answer.status_code == 413
        assert (await client.get(f"http://127.0.0.1:{port}/api/v1/health")).status_code == 200


async def test_api_takes_a_body_of_the_largest_size(http: httpx.AsyncClient) -> None:
    assert (await http.post("/ticks", content=b" " * 9_998 + b"[]")).status_code == 202


@pytest.mark.parametrize("path", ["/ticks", "/ingest"])
async def test_api_takes_no_posts_from_pages_of_other_hosts(http: httpx.AsyncClient, outbox: Outbox, path: str) -> None:
    answer = await http.post(path, json=TICK, headers={"origin": "https://elsewhere.example"})

    assert answer.status_code == 403
    assert outbox.ticks == []


async def test_api_queues_a_request_and_tells_how_far_it_is(
    http: httpx.AsyncClient, outbox: Outbox, sink: MemorySink
) -> None:
    wish = {"source": "yahoo", "symbols": ["AAPL"], "kind": "history", "interval": "1d", "start": MS, "end": MS + 1}
    answer = await http.post("/ingest", json=wish)
    job_id = answer.json()["id"]

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    (request,) = outbox.requests
    assert (request.id, request.symbols, request.start) == (job_id, ("AAPL",), START)
    assert await get(http, f"/ingest/{job_id}") == {"id": job_id, "state": "queued", "rows": 0}

    await sink.put_job(Job(id=job_id, state="failed", rows=2, error="no such symbol"))
    assert (await get(http, f"/ingest/{job_id}"))["error"] == "no such symbol"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kind": "gossip"}, 422),
        ({"symbols": []}, 422),
        ({"symbols": "AAPL"}, 422),
        ({"colour": "red"}, 422),
        ({"interval": "7m"}, 422),
        ({"kind": "history"}, 422),
        ({"start": -1}, 422),
    ],
)
async def test_api_refuses_a_wish_that_makes_no_sense(
    http: httpx.AsyncClient, outbox: Outbox, changes: dict[str, Any], status: int
) -> None:
    wish = {"source": "yahoo", "symbols": ["AAPL"], "kind": "quotes", **changes}

    answer = await http.post("/ingest", json=wish)

    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert outbox.requests == []


async def test_api_metrics_and_openapi(http: httpx.AsyncClient, hub: Hub) -> None:
    hub.publish(bars(bar(0)))

    metrics = (await http.get("/metrics")).text
    paths = (await get(http, "/openapi.json"))["paths"]

    assert "causal_alpha_hub_log_events_total 1.0" in metrics
    assert set(paths) >= {
        f"/api/v1/{name}" for name in ("health", "ready", "symbols", "bars/{symbol}", "ticks", "ingest")
    }


@pytest.mark.parametrize("path", ["/health", "/nothing", "/bars/AAPL?limit=0"])
async def test_api_answers_carry_security_headers(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_api_fault_of_the_hub_is_an_error_in_the_same_shape(
    api: FastAPI, sink: MemorySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sink, "read", broken)
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub/api/v1") as http:
        assert list(await get(http, "/bars/AAPL", 500)) == ["error"]


async def test_api_history_holds_no_future_of_a_frame(http: httpx.AsyncClient, hub: Hub) -> None:
    """What `seq` promises: all up to it is in the answer, all after it comes over the socket."""
    hub.publish(bars(*(bar(n) for n in range(5))))
    answer = await get(http, "/bars/AAPL")
    hub.publish(bars(bar(5)))

    after = [entry.text for entry in hub.log.read(answer["seq"])]

    assert len(answer["bars"]) == 5
    assert len(after) == 1
    assert str((START + 5 * 60 * SECOND) // 1_000_000).encode() in after[0]
