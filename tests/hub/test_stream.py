"""The hub's memory: what publishing a frame changes."""

import json
import math
from typing import Any

import pytest

from causal_alpha.frames import Frame
from causal_alpha.hub.feed import Feed
from causal_alpha.hub.stream import Hub
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Forecast, Reject
from tests.hub.conftest import NOW
from tests.hub.records import START, bar, bars, forecast

MS = START // 1_000_000


def events(hub: Hub, after: int = 0) -> list[list[Any]]:
    """Everything a client would get now, log and state, without health."""
    messages = Feed(hub.log, hub.board, after).take({})
    return [event for message in messages for event in json.loads(message)[1] if event[0] != "health"]


async def health(hub: Hub) -> dict[str, Any]:
    with hub.connect(None, None) as client:
        messages = hub.clients.take(client)
    (found,) = [event[1] for message in messages for event in json.loads(message)[1] if event[0] == "health"]
    return dict(found)


def test_hub_puts_forming_bars_into_the_state_and_final_ones_into_the_log(hub: Hub) -> None:
    hub.publish(bars(bar(0), bar(1, "forming"), bar(1, "forming", close=171.9)))

    tail = [171.75, 3, "forming", 0, "ok", "simulator:7", *[None] * 5, 0]
    assert events(hub) == [
        [1, "bar", "AAPL", "1m", MS, 171.5, 172.0, 171.25, 171.7, 300.0, 171.75, 3, "final", *tail[3:]],
        ["bar", "AAPL", "1m", MS + 60_000, 171.5, 172.0, 171.25, 171.9, 300.0, *tail],
        ["quote", "AAPL", MS + 60_000, 171.9, "simulator:7"],
    ]


def test_hub_forgets_a_forming_bar_once_it_is_final(hub: Hub) -> None:
    hub.publish(bars(bar(1, "forming")))
    hub.publish(bars(bar(0, "revised", revision=1)))
    assert hub.forming("AAPL", "1m") is not None

    hub.publish(bars(bar(1)))

    assert hub.forming("AAPL", "1m") is None
    assert [event[0] for event in events(hub, after=2)] == ["quote"]


def test_hub_shows_no_forming_bar_that_it_knows_as_final(hub: Hub) -> None:
    hub.publish(bars(bar(0), bar(1)))

    hub.publish(bars(bar(0, "forming"), bar(1, "forming")))  # a restarted worker, from its snapshot on
    assert hub.forming("AAPL", "1m") is None

    hub.publish(bars(bar(2, "forming")))
    assert hub.forming("AAPL", "1m") is not None


def test_hub_says_a_record_once_however_often_kafka_delivers_it(hub: Hub) -> None:
    quiet = bar(0, vwap=math.nan, trades=0, volume=0.0, quality="no_trade")
    for _ in range(2):
        hub.publish(bars(quiet, bar(1)))
        hub.publish(Frame.of(Forecast, [forecast(horizon=1), forecast(horizon=5)]))
    assert hub.log.seq == 4

    hub.publish(bars(bar(1, "revised", revision=1), bar(1)))

    assert hub.log.seq == 5
    assert events(hub, after=0)[0][10] is None


def test_hub_quotes_the_newest_price_of_any_interval(hub: Hub) -> None:
    hub.publish(bars(bar(0, "forming", interval="1s", close=1.0), bar(0, "forming", close=1.0)))
    hub.publish(bars(bar(0, interval="1s", close=2.0), bar(1, "forming", interval="1s", close=3.0)))
    hub.publish(bars(bar(-5, close=9.0)))  # history that arrives late
    hub.publish(bars(bar(2, "forming", interval="1s", close=math.nan, quality="no_data")))

    assert hub.last("AAPL") == ("AAPL", MS + 1_000, 3.0, "simulator:7")
    assert hub.last("MSFT") is None


async def test_hub_takes_event_time_and_watermark_from_the_frame(hub: Hub) -> None:
    live = bar(0, "forming", source="coinbase")
    hub.publish(bars(live, ts=NOW - 25_000_000, watermark=NOW - SECOND))
    hub.publish(bars(live, watermark=NOW - 9 * SECOND))

    with_health = await health(hub)

    assert hub.last("AAPL") == ("AAPL", NOW // 1_000_000 - 25, 171.7, "coinbase")
    assert with_health["watermark"] == NOW // 1_000_000 - 1000
    assert with_health["lag_ms"] == pytest.approx(25)
    assert with_health["provenance"] == {"kind": "live", "detail": "coinbase"}


async def test_hub_tells_no_lag_for_data_that_is_not_live(hub: Hub) -> None:
    hub.publish(bars(bar(0, "forming"), ts=NOW))

    assert (await health(hub))["lag_ms"] is None
    assert (await health(hub))["provenance"] == {"kind": "synthetic", "detail": "simulator:7"}


def test_hub_counts_rejects_and_announces_models(hub: Hub) -> None:
    row = Reject(topic="t", partition=0, offset=0, row=0, ts=0, reason="nan", detail="", payload=b"")
    hub.publish(Frame.of(Reject, [row, row]))
    hub.announce_model("lstm-1m", "7", "champion", "serving", "Promoted")

    assert hub.counts()["rejects"] == 2
    model, note = events(hub)
    assert model == [1, "model", "lstm-1m", "7", "champion", "serving", "Promoted"]
    assert note[:2] == [2, "note"]
    assert note[4:] == ["model-serving", "info", "lstm-1m version 7", "Promoted"]


def test_hub_takes_frames_without_rows(hub: Hub) -> None:
    hub.publish(Frame.empty(Bar, {"watermark": str(NOW)}))

    assert hub.watermark == NOW
    assert events(hub) == []


@pytest.mark.parametrize("said", ["soon", "", "1e9", "9" * 5_000, str(2**63)])
def test_hub_takes_frames_whose_meta_says_nonsense(hub: Hub, said: str) -> None:
    """They count as not having said it: anybody may send to the topics that the hub reads."""
    meta = {"watermark": said, "ts": said, "appended": said}
    hub.publish(Frame.of(Bar, [bar(0), bar(1, "forming")], meta))
    hub.publish(Frame.of(Forecast, [forecast()], meta))

    assert hub.watermark is None
    assert hub.log.seq == 2
    assert hub.forming("AAPL", "1m") is not None
    assert hub.last("AAPL") == ("AAPL", MS + 60_000, 171.7, "simulator:7")
