"""`golden.json` holds one example of every message; the page's tests read the same file."""

import json
from pathlib import Path
from typing import Any

import httpx

from causal_alpha.frames import Frame
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import SECOND
from causal_alpha.records import Features, Forecast, Job, Reject, Score
from causal_alpha.sinks.memory import MemorySink
from tests.hub.conftest import NOW, Outbox
from tests.hub.records import START, bar, bars, forecast

GOLDEN = Path(__file__).with_name("golden.json")
TICK = {"symbol": "AAPL", "ts": NOW // 1_000_000, "price": 171.7, "size": 100, "id": 17, "bid": 171.69, "ask": 171.71}


async def make_messages(hub: Hub, sink: MemorySink, outbox: Outbox, http: httpx.AsyncClient) -> dict[str, Any]:
    """The same market seen through the socket and through every route."""
    final, quiet = bar(0), bar(1, volume=0.0, vwap=float("nan"), trades=0, quality="no_trade")
    revised = bar(0, "revised", revision=1, high=172.5)
    said = [forecast(0, 1), forecast(0, 5)]
    scored = Score(
        symbol="AAPL", interval="1m", start=START, made=START + 60 * SECOND, horizon=1, due=START + 120 * SECOND,
        family="ewma", version="1", price=171.7, truth=171.75, ret=0.0003, crps=0.0001, crps_naive=0.0002,
        crps_ewma=0.0001, qlike=0.5, inside_80=1.0, inside_95=1.0, winkler_80=0.001, scored=START + 121 * SECOND,
        source="simulator:7",
    )  # fmt: skip
    features = Features(
        symbol="AAPL", interval="1m", start=START, close=171.7, values=(0.5, float("nan")), feature_set="f00d"
    )
    reject = Reject(
        topic="causal-alpha.ticks", partition=0, offset=7, row=0, ts=NOW, reason="malformed", payload=b'{"symbol":',
        detail="expected one JSON tick, was Input data was truncated",
    )  # fmt: skip
    await sink.write([bars(final, quiet), Frame.of(Forecast, said), Frame.of(Features, [features])])
    await sink.write([Frame.of(Reject, [reject]), Frame.of(Score, [scored])])
    await sink.put_job(Job(id="4f1c", state="failed", rows=390, error="yahoo: expected a known symbol, was 'NONE'"))

    hub.publish(bars(final, quiet, revised))
    hub.publish(Frame.of(Forecast, said))
    hub.publish(Frame.of(Score, [scored]))
    hub.announce_model("lstm-1m", "7", "champion", "serving", "Promoted: scaled CRPS 0.94 of the old one")
    hub.publish(bars(bar(2, "forming"), ts=NOW, watermark=NOW - SECOND))
    hub.publish(Frame.of(Reject, [reject]))
    with hub.connect(0, "boot-1") as client:
        texts = [hub.hello(client), *hub.clients.take(client)]
    messages: dict[str, Any] = {message[0]: message for message in map(json.loads, texts)}
    messages["subscribe"] = ["subscribe", {"symbols": ["AAPL"], "intervals": ["1m"]}]

    gets = [
        "/health",
        "/ready",
        "/symbols",
        "/symbols/AAPL",
        "/sessions/AAPL?limit=1",
        "/bars/AAPL?interval=1m",
        "/features/AAPL",
    ]
    gets += ["/forecasts/AAPL", "/rejects"]
    answers = {f"GET {path}": (await http.get(path)).json() for path in [*gets, "/ingest/4f1c", "/bars/AAPL?limit=0"]}
    answers["POST /ticks"] = (await http.post("/ticks", json=[TICK, TICK | {"price": -1}])).json()
    mend = {"ids": ["causal-alpha.ticks/0/7/0"], "payload": TICK}
    answers["POST /rejects/redrive"] = (await http.post("/rejects/redrive", json=mend)).json()
    wish = {"source": "yahoo", "symbols": ["AAPL"], "kind": "history", "interval": "1d", "start": 0, "end": 86_400_000}
    answers["POST /ingest"] = (await http.post("/ingest", json=wish)).json() | {"id": "4f1c"}
    return messages | {"http": answers}


async def test_messages_are_those_of_the_golden_file(
    hub: Hub, sink: MemorySink, outbox: Outbox, http: httpx.AsyncClient
) -> None:
    assert await make_messages(hub, sink, outbox, http) == json.loads(GOLDEN.read_text())
