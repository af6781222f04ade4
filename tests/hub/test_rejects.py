"""`GET /rejects` by filter and `POST /rejects/redrive`, without a network."""

from typing import Any

import httpx
import pytest

from causal_alpha.frames import Frame
from causal_alpha.hub.stream import Hub
from causal_alpha.records import Reject, Tick
from causal_alpha.sinks.memory import MemorySink
from causal_alpha.ticks import tick_json
from tests.hub.conftest import NOW, Outbox

TOPIC = "causal-alpha.ticks"
MS = NOW // 1_000_000
TICK = {"symbol": "AAPL", "ts": MS, "price": 171.7, "size": 100}


def reject(offset: int, reason: str, **changes: Any) -> Reject:
    tick = Tick(symbol="AAPL", ts=NOW - offset, price=1.0, size=1.0)
    facts: dict[str, Any] = {"ts": tick.ts, "payload": tick_json(tick), "symbol": "AAPL", "detail": "why", **changes}
    return Reject(topic=TOPIC, partition=0, offset=offset, row=0, reason=reason, **facts)


@pytest.fixture
async def rejects(sink: MemorySink) -> list[str]:
    """Ids: one that was early, one late, one unreadable."""
    rows = [reject(1, "future"), reject(2, "late"), reject(3, "malformed", payload=b"{", symbol="")]
    await sink.write([Frame.of(Reject, rows)])
    return [f"{TOPIC}/0/{row.offset}/0" for row in rows]


async def order(http: httpx.AsyncClient, status: int = 202, **body: Any) -> Any:
    answer = await http.post("/rejects/redrive", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("query", "offsets"),
    [("", [3, 2, 1]), ("reason=late", [2]), ("symbol=AAPL&limit=1", [1]), (f"start={MS}", []), ("reason=none", [])],
)
async def test_rejects_are_chosen_by_reason_symbol_and_time(
    http: httpx.AsyncClient, rejects: list[str], query: str, offsets: list[int]
) -> None:
    answer = await http.get(f"/rejects?{query}")

    assert [row["offset"] for row in answer.json()["rejects"]] == offsets


async def test_redrive_gives_a_verdict_each_and_sends_what_can_be_used(
    http: httpx.AsyncClient, rejects: list[str], outbox: Outbox
) -> None:
    answer = await order(http, ids=[*rejects, "nobody/0/0/0"])

    verdicts = {verdict["id"]: verdict for verdict in answer["verdicts"]}
    assert (answer["sent"], answer["refused"]) == (1, 3)
    assert verdicts[rejects[0]] == {"id": rejects[0], "ok": True, "to": f"{TOPIC}/0/0"}
    assert [verdicts[name]["reason"] for name in [*rejects[1:], "nobody/0/0/0"]] == ["late", "malformed", "unknown"]
    [mail] = outbox.mails
    assert [tick.ts for tick in Frame.decode(Tick, mail.value).rows()] == [NOW - 1]
    assert mail.headers == (("redrive-of", rejects[0].encode()),)


async def test_redrive_shows_in_the_list_of_rejects(
    http: httpx.AsyncClient, rejects: list[str], sink: MemorySink
) -> None:
    await order(http, ids=[rejects[0]])
    await sink.write([Frame.of(Reject, [reject(0, "late")])])  # it came too late at its new place

    rows = {row["id"]: row for row in (await http.get("/rejects")).json()["rejects"]}

    assert rows[rejects[0]]["redrive"] == {"state": "sent", "at": MS, "to": f"{TOPIC}/0/0"}
    assert rows[f"{TOPIC}/0/0/0"]["redrive_of"] == rejects[0]
    assert "redrive" not in rows[rejects[1]]


async def test_redrive_of_the_same_twice_sends_once(
    http: httpx.AsyncClient, rejects: list[str], outbox: Outbox
) -> None:
    await order(http, ids=[rejects[0], rejects[0]])
    again = await order(http, ids=[rejects[0]])
    rest = await order(http, reason="future")

    assert len(outbox.mails) == 1
    assert again["verdicts"][0]["reason"] == "redriven"
    assert rest == {"sent": 0, "refused": 0, "verdicts": []}


async def test_redrive_with_a_mended_payload(http: httpx.AsyncClient, rejects: list[str], outbox: Outbox) -> None:
    bad = await order(http, ids=[rejects[2]], payload=TICK | {"price": -1})
    good = await order(http, ids=[rejects[2]], payload=TICK)

    assert (bad["sent"], bad["verdicts"][0]["reason"]) == (0, "not_positive")
    assert good["sent"] == 1
    [tick] = Frame.decode(Tick, outbox.mails[0].value).rows()
    assert (tick.symbol, tick.price, outbox.mails[0].key) == ("AAPL", 171.7, b"AAPL")


async def test_redrive_rehearsed_sends_nothing(http: httpx.AsyncClient, rejects: list[str], outbox: Outbox) -> None:
    answer = await order(http, symbol="AAPL", force=True, dry_run=True)

    assert [(verdict["ok"], verdict["to"]) for verdict in answer["verdicts"]] == [(True, f"{TOPIC}/0")] * 2
    assert outbox.mails == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({}, 422, "expected ids or else a filter, was neither"),
        ({"ids": []}, 422, "expected which rejects"),
        ({"ids": ["a"], "reason": "late"}, 422, "expected ids or else a filter, was both"),
        ({"ids": ["a", "b"], "payload": {}}, 422, "payload: expected one id with it, was 2"),
        ({"reason": "late", "payload": {}}, 422, "payload: expected one id with it, was 0"),
        ({"ids": ["a"], "payload": "text"}, 422, "expected which rejects"),
        ({"id": "a"}, 422, "expected which rejects"),
        ({"reason": "late", "limit": 0}, 422, "expected which rejects"),
        ({"ids": ["a", "b"]}, 404, "ids: expected ids of rejects, was ['a', 'b']"),
    ],
)
async def test_redrive_refuses_what_makes_no_sense(
    http: httpx.AsyncClient, rejects: list[str], body: dict[str, Any], status: int, error: str
) -> None:
    assert (await order(http, status, **body))["error"].startswith(error)


async def test_redrive_refuses_no_json_and_pages_of_other_hosts(http: httpx.AsyncClient, rejects: list[str]) -> None:
    other = {"origin": "https://elsewhere.example"}

    assert (await http.post("/rejects/redrive", content=b"{")).status_code == 400
    assert (await http.post("/rejects/redrive", json={"ids": rejects}, headers=other)).status_code == 403


async def test_redrive_that_kafka_did_not_take_can_be_tried_again(
    http: httpx.AsyncClient, rejects: list[str], outbox: Outbox
) -> None:
    outbox.away = True

    answer = await http.post("/rejects/redrive", json={"ids": [rejects[0]]})

    assert answer.status_code == 503
    [row] = (await http.get("/rejects?reason=future")).json()["rejects"]
    assert row["redrive"]["state"] == "pending"


async def test_rejects_are_counted_by_reason(http: httpx.AsyncClient, hub: Hub) -> None:
    hub.publish(Frame.of(Reject, [reject(1, "future"), reject(2, "late")]))
    hub.publish(Frame.of(Reject, [reject(3, "late")]))

    metrics = (await http.get("/metrics")).text

    assert 'causal_alpha_rejects_total{reason="future"} 1.0' in metrics
    assert 'causal_alpha_rejects_total{reason="late"} 2.0' in metrics
    assert (await http.get("/health")).json()["rejects"] == {"future": 1, "late": 2}
    assert hub.counts()["rejects"] == 3
