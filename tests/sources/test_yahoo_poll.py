import asyncio
from typing import Any

import pytest

from causal_alpha.calendar import load_sessions, regular_hours, sessions_of
from causal_alpha.intervals import SECOND
from causal_alpha.sessions import Sessions
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.tape import Quote
from causal_alpha.sources.yahoo_poll import Poll
from causal_alpha.sources.yahoo_rest import YahooRest
from tests.sources.clock import NOON, SATURDAY, Clock, at
from tests.sources.yahoo_server import YahooServer, chart


def sessions(symbol: str) -> Sessions:
    return load_sessions(sessions_of(symbol))


def poll(server: YahooServer, *symbols: str, clock: Clock, **arguments: Any) -> Poll:
    rest = YahooRest(session=server.session(), clock=clock, pause=arguments.pop("pause", None))
    return Poll(symbols, rest, sessions, clock=clock, sleep=clock.sleep, **arguments)


async def read_for(line: Poll, clock: Clock, seconds: float) -> list[Quote]:
    """All quotes of a stretch of time."""
    end, quotes = clock.now + round(seconds * SECOND), []
    while clock.now < end:
        quotes += await line.read()
    return quotes


async def test_poll_asks_each_symbol_once_a_period(yahoo: YahooServer) -> None:
    clock = Clock()
    quotes = await read_for(poll(yahoo, "AAPL", "MSFT", clock=clock, period=5.0), clock, 15.0)
    assert sorted(symbol for symbol, _ in yahoo.charts) == ["AAPL"] * 3 + ["MSFT"] * 3
    assert [(quote.symbol, quote.price, quote.volume, quote.first) for quote in quotes[:3]] == [
        ("AAPL", 100.0, 1_000.0, True),
        ("MSFT", 100.0, 1_000.0, True),
        ("AAPL", 100.0, 1_000.0, False),
    ]
    assert max(clock.slept) <= 1.0  # whoever reads is never kept longer than a beat


async def test_poll_that_waits_for_an_answer_lets_its_reader_go(yahoo: YahooServer) -> None:
    import threading

    answered = threading.Event()

    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        answered.wait(20)
        return 200, chart(symbol, time=NOON, price=1.0)

    yahoo.script = script
    line = poll(yahoo, "AAPL", clock=Clock())
    async with asyncio.timeout(10):
        assert await line.read() == []
        answered.set()
        while not (quotes := await line.read()):
            pass
    assert [quote.price for quote in quotes] == [1.0]
    await line.close()


async def test_one_failing_symbol_backs_off_and_the_others_go_on(
    yahoo: YahooServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()

    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        return (500, "<html>oops</html>") if symbol == "BAD" else (200, chart(symbol, time=NOON, price=1.0))

    yahoo.script = script
    line = poll(yahoo, "GOOD", "BAD", clock=clock, period=4.0, backoff=lambda: Backoff(first=8.0, least=1.0))
    await read_for(line, clock, 60.0)
    assert [symbol for symbol, _ in yahoo.charts].count("GOOD") == 15
    waits = [record.getMessage().rpartition("again in ")[2] for record in caplog.records]
    assert waits == ["8 s", "16 s", "32 s", "64 s"]  # not at each poll


def test_regular_hours_are_those_of_the_exchange() -> None:
    """Half days among them."""
    regular, extended = load_sessions("XNYS"), regular_hours(load_sessions("XNYS+ext"))
    assert regular_hours(regular) is regular
    recent = regular.opens > at("2015-01-01") * SECOND
    for mine, theirs in ((extended.opens, regular.opens), (extended.closes, regular.closes)):
        assert (mine[recent] == theirs[recent]).all()


async def test_a_poll_covers_no_extended_hours(yahoo: YahooServer) -> None:
    """Yahoo answers with the price of the bell then."""
    day = at("2024-05-08")
    opening, morning, bell = day + 8 * 3_600, day + 48_600, day + 20 * 3_600
    clock = Clock(opening + 100)
    rest = YahooRest(session=yahoo.session(), clock=clock)
    line = Poll(["A"], rest, lambda _: load_sessions("XNYS+ext"), clock=clock, sleep=clock.sleep)
    await read_for(line, clock, 20.0)
    assert not yahoo.charts
    assert line.away(clock.now) == {"A": (opening + 100) * SECOND}  # the source's start
    clock.now = (morning + 1) * SECOND
    await read_for(line, clock, 20.0)
    assert len(yahoo.charts) > 2
    assert line.away(clock.now) == {}
    clock.now = (bell - 20) * SECOND
    await read_for(line, clock, 60.0)
    assert line.away(clock.now) == {"A": bell * SECOND}
    clock.now = (bell + 4 * 3_600) * SECOND
    assert line.away(clock.now) == {}


async def test_a_closed_exchange_is_left_alone_and_said_so_once(
    yahoo: YahooServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(SATURDAY)
    line = poll(yahoo, "AAPL", "BTC-USD", clock=clock)
    await read_for(line, clock, 20.0)
    assert {symbol for symbol, _ in yahoo.charts} == {"BTC-USD"}
    said = [record.getMessage() for record in caplog.records if "closed" in record.getMessage()]
    assert said == ["yahoo: XNYS is closed until 2024-05-13T13:30:00Z"]
    assert line.away(clock.now) == {}
    clock.now = at("2024-05-13T13:30:00") * SECOND
    await line.read()
    assert {symbol for symbol, _ in yahoo.charts} == {"AAPL", "BTC-USD"}


async def test_a_market_that_is_closed_costs_no_time(yahoo: YahooServer) -> None:
    clock = Clock(SATURDAY)
    await read_for(poll(yahoo, "AAPL", clock=clock), clock, 10.0)
    assert clock.slept == [1.0] * 10


async def test_the_last_trades_of_a_session_are_still_asked_for(yahoo: YahooServer) -> None:
    clock = Clock(at("2024-11-29T18:00:30"))  # a half day: New York closed at 13:00
    line = poll(yahoo, "AAPL", clock=clock)
    await read_for(line, clock, 5.0)
    assert len(yahoo.charts) == 1
    clock.now += 60 * SECOND
    await read_for(line, clock, 20.0)
    assert len(yahoo.charts) == 1


async def test_quotes_that_come_late_are_asked_for_until_the_last_has_come(yahoo: YahooServer) -> None:
    """Ten minutes late, as of an exchange for which Yahoo has no quotes in time."""
    bell, late = at("2024-11-29T18:00:00"), 600
    clock = Clock(bell - 300)
    yahoo.script = lambda symbol, query: (
        200,
        chart(symbol, time=min(clock.now // SECOND - late, bell), price=1.0, volume=clock.now // SECOND - bell + 400),
    )
    line = poll(yahoo, "AAPL", clock=clock, period=15.0)
    assert line.behind("AAPL") == 0  # nobody knows yet
    await read_for(line, clock, 300.0)
    assert line.behind("AAPL") == late * SECOND
    quotes = await read_for(line, clock, 900.0)
    assert quotes[-1].ts == bell * SECOND
    asked = len(yahoo.charts)
    await read_for(line, clock, 60.0)
    assert len(yahoo.charts) == asked
    assert line.away(clock.now) == {}


async def test_a_symbol_that_comes_late_is_away_until_the_last_of_its_quotes_would_have_come(
    yahoo: YahooServer,
) -> None:
    bell, late = at("2024-11-29T18:00:00"), 600
    clock = Clock(bell - 300)
    yahoo.script = lambda symbol, query: (200, chart(symbol, time=clock.now // SECOND - late, price=1.0))
    line = poll(yahoo, "AAPL", clock=clock, period=10.0, backoff=lambda: Backoff(first=60.0, longest=60.0))
    await read_for(line, clock, 200.0)
    answered = clock.now - 10 * SECOND
    yahoo.script = lambda symbol, query: (500, "")
    await read_for(line, clock, 400.0)
    assert line.away(clock.now) == {"AAPL": pytest.approx(answered, abs=10 * SECOND)}
    clock.now = (bell + late) * SECOND
    assert line.away(clock.now) == {}


async def test_a_symbol_that_does_not_answer_is_away_since_it_last_did(yahoo: YahooServer) -> None:
    clock = Clock()
    line = poll(yahoo, "GOOD", "BAD", clock=clock, period=2.0, backoff=lambda: Backoff(first=1.0, longest=1.0))
    await read_for(line, clock, 4.0)
    answered = clock.now - 2 * SECOND
    yahoo.script = lambda symbol, query: (500, "") if symbol == "BAD" else (200, chart(symbol, time=NOON, price=1.0))
    await read_for(line, clock, 8.0)
    assert line.away(clock.now) == {}
    await read_for(line, clock, 4.0)
    assert line.away(clock.now) == {"BAD": answered}
    yahoo.script = lambda symbol, query: (200, chart(symbol, time=NOON + 30, price=2.0, volume=9_000))
    quotes = await read_for(line, clock, 4.0)
    assert line.away(clock.now) == {}
    assert next(quote for quote in quotes if quote.symbol == "BAD").first  # so its volume is nobody's
    assert not any(quote.first for quote in quotes if quote.symbol == "GOOD")


async def test_a_symbol_is_away_until_it_has_answered(yahoo: YahooServer) -> None:
    clock = Clock()
    yahoo.script = lambda symbol, query: (500, "")
    line = poll(yahoo, "A", clock=clock, period=1.0, backoff=lambda: Backoff(first=1.0, longest=1.0))
    start = clock.now
    await read_for(line, clock, 3.0)
    assert line.away(clock.now) == {"A": start}
    yahoo.script = lambda symbol, query: (200, chart(symbol, time=NOON, price=1.0))
    await read_for(line, clock, 2.0)
    assert line.away(clock.now) == {}


async def test_everybody_is_away_while_a_429_pauses_and_since_the_bell_in_the_morning(
    yahoo: YahooServer, caplog: pytest.LogCaptureFixture
) -> None:
    opening = at("2024-05-08T13:30:00")
    clock = Clock(opening - 3_600)
    yahoo.script = lambda symbol, query: (429, "")
    line = poll(yahoo, "A", "B", clock=clock, pause=Backoff(first=600.0, least=1.0))
    while clock.now < (opening - 1) * SECOND:
        await line.read()
        assert line.away(clock.now) == {}
    await read_for(line, clock, 3.0)
    assert line.away(clock.now) == {"A": opening * SECOND, "B": opening * SECOND}
    assert len(caplog.records) == 3  # New York is closed, then a word for each symbol
