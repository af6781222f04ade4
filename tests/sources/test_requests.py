from collections.abc import Sequence
from typing import Any

import pytest

from causal_alpha.actions import Action, from_meta
from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import Bar, Request, Tick
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.requests import Feed, fulfil, known_feeds
from causal_alpha.sources.simulator import Simulator


class Quoting:
    """Knows the last price of everything, and no history."""

    name = "quoting"

    async def quotes(self, symbols: Sequence[str]) -> Frame[Tick]:
        return Frame.of(Tick, [Tick(symbol=name, ts=1, price=2.0, size=0.0, source=self.name) for name in symbols])


class Busy:
    name = "busy"

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        raise RateLimitedError("busy: expected to be asked later", retry_after=3.0)


FEEDS: dict[str, Feed] = {"quoting": Quoting(), "simulator": Simulator(start=EPOCH), "busy": Busy()}


def request(**fields: Any) -> Request:
    given = {"id": "r1", "source": "simulator", "kind": "history", "symbols": ("SIM:BRAVO", "SIM:ALFA")}
    return Request(**given | fields)


async def collect(request: Request) -> list[Frame[Any]]:
    return [frame async for frame in fulfil(request, FEEDS)]


async def test_history_comes_a_symbol_at_a_time() -> None:
    end = EPOCH + 600 * SECOND
    frames = await collect(request(interval="1m", start=EPOCH, end=end))
    assert [frame.labels("symbol").tolist() for frame in frames] == [["SIM:BRAVO"] * 10, ["SIM:ALFA"] * 10]
    assert [frame.ints("start")[0] for frame in frames] == [EPOCH, EPOCH]


class Splitting(Simulator):
    """Knows of one split."""

    async def actions(self, symbol: str, start: int, end: int) -> Sequence[Action]:
        return [Action(symbol=symbol, kind="split", date=start, ts=start, value=2.0, known_at=start)]


async def test_splits_come_before_the_history_of_their_symbol() -> None:
    feeds: dict[str, Feed] = {"simulator": Splitting(start=EPOCH)}
    frames = [frame async for frame in fulfil(request(start=EPOCH, end=EPOCH + 60 * SECOND), feeds)]
    assert [len(frame) for frame in frames] == [0, 1, 0, 1]
    assert [one.symbol for frame in frames for one in from_meta(frame.meta)] == ["SIM:BRAVO", "SIM:ALFA"]


async def test_quotes_come_as_ticks() -> None:
    (frame,) = await collect(request(source="quoting", kind="quotes", symbols=("A", "B")))
    assert frame.labels("symbol").tolist() == ["A", "B"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"source": "nasdaq"}, "source: expected one of busy, quoting, simulator, was 'nasdaq'"),
        ({"symbols": ()}, "symbols: expected at least one, was none"),
        ({"kind": "quotes"}, "kind: expected one that simulator has, was 'quotes'"),
        ({"source": "quoting"}, "kind: expected one that quoting has, was 'history'"),
        ({"interval": "7m"}, "interval: expected a divisor of one day"),
        ({"start": 5, "end": 5}, "start, end: expected start < end, was 5, 5"),
        ({"start": EPOCH, "end": EPOCH + DAY, "symbols": ("AAPL",)}, "simulator: expected symbols out of"),
        ({"source": "busy"}, "busy: expected to be asked later"),
    ],
)
async def test_requests_that_nobody_can_answer_say_why(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        await collect(request(**fields))


def test_known_feeds_are_told_by_name() -> None:
    assert {name: feed.name for name, feed in known_feeds().items()} == {"yahoo": "yahoo", "simulator": "simulator:7"}
