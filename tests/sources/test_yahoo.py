import asyncio
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causal_alpha.checks import check_source
from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import Tick
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.base import History, Source
from causal_alpha.sources.requests import Quotes
from causal_alpha.sources.yahoo import Yahoo
from tests.sources.yahoo_server import YahooServer, chart, refusal, serving


def at(text: str) -> int:
    """Seconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOON = at("2024-05-08T16:00:00")  # a Wednesday, New York is open
SATURDAY = at("2024-05-11T16:00:00")


@pytest.fixture
def yahoo(tmp_path: Path) -> Iterator[YahooServer]:
    """Answers 100 dollars for every symbol until a test says otherwise."""
    import yfinance as yf
    from yfinance.data import SingletonMeta

    yf.set_tz_cache_location(str(tmp_path))
    SingletonMeta._instances.clear()  # cookie and crumb of the test before
    with serving(lambda symbol, query: (200, chart(symbol, time=NOON, price=100.0, volume=1_000))) as server:
        yield server
    SingletonMeta._instances.clear()


class Clock:
    """Seconds that pass only when told, in ns."""

    def __init__(self, seconds: int = NOON) -> None:
        self.now = seconds * SECOND

    def __call__(self) -> int:
        return self.now


def feed(server: YahooServer, *symbols: str, clock: Any = None, **arguments: Any) -> Yahoo:
    given = {"period": 0.0, "clock": clock or Clock(), "session": server.session()} | arguments
    return Yahoo(symbols, **given)


async def take(source: Yahoo, n: int) -> list[Frame[Any]]:
    """The first `n` frames."""
    found = []
    async for frame in source.frames():
        found.append(frame)
        if len(found) == n:
            return found
    raise AssertionError("ended")


def ticks(frames: list[Frame[Any]]) -> list[Tick]:
    return [tick for frame in frames for tick in frame.rows()]


def test_yahoo_keeps_the_contracts() -> None:
    for contract in (Source, History, Quotes):
        assert isinstance(Yahoo(["AAPL"]), contract)


async def test_yahoo_passes_the_check_of_sources(yahoo: YahooServer) -> None:
    prices = iter(range(100, 1_000))

    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        price = next(prices)
        return 200, chart(symbol, time=NOON + price, price=price)

    yahoo.script = script
    await check_source(feed(yahoo, "AAPL", "MSFT"), frames=20)


async def test_quotes_become_ticks_with_the_volume_since_the_last_poll(yahoo: YahooServer) -> None:
    quotes = iter([(0, 100.0, 1_000), (5, 101.0, 1_250), (5, 101.0, 1_250), (9, 102.0, 1_300), (20, 90.0, 40)])

    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        second, price, volume = next(quotes)
        return 200, chart(symbol, time=NOON + second, price=price, volume=volume)

    yahoo.script = script
    found = ticks(await take(feed(yahoo, "AAPL"), 9))
    assert [(tick.ts // SECOND - NOON, tick.price, tick.size) for tick in found] == [
        (0, 100.0, 0.0),
        (5, 101.0, 250.0),  # polled twice, told once
        (9, 102.0, 50.0),
        (20, 90.0, 40.0),  # a new day counts from 0
    ]
    assert [tick.id for tick in found] == [tick.ts // 1_000_000 for tick in found]
    assert {(tick.symbol, tick.source) for tick in found} == {("AAPL", "yahoo")}


async def test_heartbeats_trail_the_polls_by_the_delay(yahoo: YahooServer) -> None:
    clock = Clock()
    source = feed(yahoo, "AAPL", clock=clock, delay=15.0)
    frames = source.frames()
    assert len(await anext(frames)) == 1
    assert (await anext(frames)).meta == {"heartbeat": str((NOON - 15) * SECOND)}
    clock.now += 7 * SECOND
    assert (await anext(frames)).meta == {"heartbeat": str((NOON - 8) * SECOND)}
    await frames.aclose()


async def test_one_failing_symbol_backs_off_and_the_others_go_on(yahoo: YahooServer) -> None:
    clock = Clock()

    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        return (500, "<html>oops</html>") if symbol == "BAD" else (200, chart(symbol, time=NOON, price=1.0))

    yahoo.script = script
    source = feed(yahoo, "GOOD", "BAD", clock=clock, backoff=lambda: Backoff(first=8.0, least=1.0))
    frames = source.frames()
    asked = []
    for _ in range(12):
        await anext(frames)
        before = len(yahoo.charts)
        clock.now += 4 * SECOND
        await anext(frames)
        asked.append(sum(symbol == "BAD" for symbol, _ in yahoo.charts[before:]) > 0)
    await frames.aclose()
    assert sum(symbol == "GOOD" for symbol, _ in yahoo.charts) >= 12
    assert 1 <= sum(asked) <= 4  # after 8, 16, 32 s, not at each poll


async def test_429_pauses_every_symbol_and_tells_for_how_long(yahoo: YahooServer) -> None:
    clock = Clock()
    yahoo.script = lambda symbol, query: (429, "Too Many Requests")
    source = feed(yahoo, "A", "B", clock=clock, pause=Backoff(first=30.0, longest=900.0, least=1.0))
    with pytest.raises(RateLimitedError, match="429") as error:
        await source.history(["A"], "1d", 0, NOON * SECOND)
    assert error.value.retry_after == 30.0
    before = yahoo.requests
    clock.now += 10 * SECOND
    with pytest.raises(RateLimitedError, match="20 s left") as error:
        await source.quotes(["B"])
    assert error.value.retry_after == pytest.approx(20.0)
    frames = await take(source, 3)
    assert yahoo.requests == before
    assert [len(frame) for frame in frames] == [0, 0, 0]  # heartbeats go on
    clock.now += 21 * SECOND
    yahoo.script = lambda symbol, query: (200, chart(symbol, time=NOON + 31, price=5.0))
    assert len(ticks(await take(source, 2))) == 2


async def test_many_429_at_once_count_as_one(yahoo: YahooServer) -> None:
    yahoo.script = lambda symbol, query: (429, "Too Many Requests")
    pause = Backoff(first=30.0, least=1.0)
    await take(feed(yahoo, *"ABCDEF", pause=pause), 1)
    assert pause.failures == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((500, "<html>oops</html>"), "expected JSON for AAPL, was status 500, '<html>oops"),
        ((401, {"finance": {"error": {"code": "Unauthorized"}}}), "expected status 200 for AAPL, was 401"),
        ((404, refusal("Not Found", "No data found, symbol may be delisted")), "was No data found, symbol may be"),
        ((422, refusal("Unprocessable", "1m data not available")), "expected data of AAPL, was 1m data not available"),
        ((200, ""), "expected JSON for AAPL, was status 200, ''"),
        ((200, '{"chart": {"result"'), "expected JSON for AAPL"),
        ((200, {"chart": {"result": [], "error": None}}), "expected a chart of AAPL"),
        ((200, {"chart": {"result": [{"meta": {}}]}}), "expected a chart of AAPL"),
        ((200, [1, 2]), "expected a chart of AAPL"),
    ],
)
async def test_answers_that_are_none_raise_in_yahoos_words(yahoo: YahooServer, answer: Any, message: str) -> None:
    yahoo.script = lambda symbol, query: answer
    source = feed(yahoo, "AAPL")
    with pytest.raises(SourceError, match=message):
        await source.history(["AAPL"], "1d", 0, NOON * SECOND)
    with pytest.raises(SourceError, match="AAPL"):
        await source.quotes(["AAPL"])


async def test_a_refused_crumb_is_fetched_again(yahoo: YahooServer) -> None:
    from yfinance.data import YfData

    source = feed(yahoo, "AAPL")
    await source.quotes(["AAPL"])
    YfData()._crumb = "stale"
    assert len(await source.quotes(["AAPL"])) == 1


async def test_quotes_without_a_price_raise(yahoo: YahooServer) -> None:
    answer = chart("AAPL", time=NOON)
    del answer["chart"]["result"][0]["meta"]["regularMarketPrice"]
    yahoo.script = lambda symbol, query: (200, answer)
    with pytest.raises(SourceError, match="expected a price and time of AAPL"):
        await feed(yahoo).quotes(["AAPL"])


async def test_nobody_listening_raises(yahoo: YahooServer) -> None:
    source = feed(yahoo)
    yahoo.port = 1
    with pytest.raises(SourceError, match="yahoo: expected data of AAPL, was"):
        await source.quotes(["AAPL"])


async def test_a_closed_exchange_is_left_alone_and_said_so_once(
    yahoo: YahooServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(SATURDAY)
    source = feed(yahoo, "AAPL", "BTC-USD", clock=clock)
    await take(source, 4)
    assert {symbol for symbol, _ in yahoo.charts} == {"BTC-USD"}
    said = [record.getMessage() for record in caplog.records if "closed" in record.getMessage()]
    assert said == ["yahoo: XNYS is closed until 2024-05-13T13:30:00Z"]
    clock.now = (at("2024-05-13T13:30:00")) * SECOND
    await take(source, 2)
    assert {symbol for symbol, _ in yahoo.charts} == {"AAPL", "BTC-USD"}


async def test_the_last_trades_of_a_session_are_still_asked_for(yahoo: YahooServer) -> None:
    clock = Clock(at("2024-11-29T18:00:30"))  # a half day: New York closed at 13:00
    await take(feed(yahoo, "AAPL", clock=clock), 1)
    assert len(yahoo.charts) == 1
    clock.now += 60 * SECOND
    await take(feed(yahoo, "AAPL", clock=clock), 1)
    assert len(yahoo.charts) == 1


async def test_quotes_older_than_the_delay_are_told_about(yahoo: YahooServer, caplog: pytest.LogCaptureFixture) -> None:
    yahoo.script = lambda symbol, query: (200, chart(symbol, time=NOON - 900 + len(yahoo.charts), price=1.0))
    found = await take(feed(yahoo, "VALE3.SA"), 6)
    assert len(ticks(found)) == 3
    said = [record.getMessage() for record in caplog.records if "delay" in record.getMessage()]
    assert said == ["yahoo: VALE3.SA has quotes 898 s old: expected a delay of at least that"]


async def test_waiting_for_an_answer_does_not_hold_up_the_loop(yahoo: YahooServer) -> None:
    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        time.sleep(0.5)
        return 200, chart(symbol, time=NOON, price=1.0)

    source = feed(yahoo, "AAPL")
    await source.quotes(["AAPL"])  # imports
    yahoo.script = script
    asked = asyncio.create_task(source.quotes(["AAPL"]))
    turns = 0
    while not asked.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 15


async def test_history_of_minutes_leaves_out_holes_and_the_running_bar(yahoo: YahooServer) -> None:
    start = NOON - 300
    rows: dict[int, tuple[float | None, ...]] = {
        start: (10.0, 12.0, 9.0, 11.0, 100),
        start + 60: (None, None, None, None, None),
        start + 120: (11.0, 11.0, 11.0, 11.0, None),
        start + 240: (11.0, 13.0, 11.0, 12.0, 50),
        start + 300: (12.0, 12.0, 12.0, 12.0, 5),  # has just begun
        start + 317: (12.5, 12.5, 12.5, 12.5, 0),  # the last trade, at its own time
    }
    yahoo.script = lambda symbol, query: (200, chart(symbol, rows=rows))
    clock = Clock(NOON + 20)
    bars = list((await feed(yahoo, clock=clock).history(["AAPL"], "1m", start * SECOND, NOON * SECOND)).rows())
    assert [(bar.start // SECOND - start, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars] == [
        (0, 10.0, 12.0, 9.0, 11.0, 100.0),
        (120, 11.0, 11.0, 11.0, 11.0, 0.0),
        (240, 11.0, 13.0, 11.0, 12.0, 50.0),
    ]
    assert bars[0].vwap == pytest.approx(32 / 3)
    assert {(bar.interval, bar.state, bar.source, bar.trades) for bar in bars} == {("1m", "final", "yahoo", 0)}


async def test_history_of_days_is_stamped_by_the_exchanges_own_date(yahoo: YahooServer) -> None:
    # London counts days from midnight, which is 23:00 UTC of the day before in summer
    opens = ["2024-03-28T00:00:00", "2024-04-01T23:00:00", "2024-04-02T23:00:00"]
    rows = {at(text): (1.0, 1.0, 1.0, 1.0, 0) for text in opens}
    yahoo.script = lambda symbol, query: (200, chart(symbol, zone="Europe/London", rows=rows))
    start, end = at("2024-03-01") * SECOND, at("2024-04-03") * SECOND
    bars = await feed(yahoo).history(["GBPUSD=X"], "1d", start, end)
    dates = bars.ints("start").astype("datetime64[ns]").astype("datetime64[D]").astype(str).tolist()
    assert dates == ["2024-03-28", "2024-04-02"]  # April 3 lies outside
    ((_, query),) = yahoo.charts
    assert query["interval"] == "1d"
    assert int(query["period1"]) <= at("2024-03-01")


async def test_history_of_hours_is_put_together_on_the_clock(yahoo: YahooServer) -> None:
    opening = at("2024-05-08T13:30:00")
    rows = {opening + 900 * i: (10.0 + i, 11.0 + i, 9.0 + i, 10.5 + i, 10) for i in range(6)}
    yahoo.script = lambda symbol, query: (200, chart(symbol, rows=rows))
    bars = list((await feed(yahoo).history(["AAPL"], "1h", opening * SECOND - DAY, NOON * SECOND)).rows())
    assert [(bar.start // SECOND - opening, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars] == [
        (-1800, 10.0, 12.0, 9.0, 11.5, 20.0),
        (1800, 12.0, 16.0, 11.0, 15.5, 40.0),
    ]
    assert yahoo.charts[0][1]["interval"] == "15m"


async def test_history_of_many_minutes_is_asked_for_a_week_at_a_time(yahoo: YahooServer) -> None:
    yahoo.script = lambda symbol, query: (200, chart(symbol, rows={int(query["period2"]) - 86_400 - 60: (1.0,) * 5}))
    start = (NOON - 20 * 86_400) * SECOND
    bars = await feed(yahoo).history(["AAPL"], "1m", start, NOON * SECOND)
    assert len(yahoo.charts) == 3
    assert np.diff(bars.ints("start")).tolist() == [7 * DAY, 6 * DAY]


async def test_history_refuses_what_yahoo_has_not(yahoo: YahooServer) -> None:
    with pytest.raises(SourceError, match=r"expected an interval out of 1m, 2m, .*, was '1s'"):
        await feed(yahoo).history(["AAPL"], "1s", 0, 1)
    assert not len(await feed(yahoo).history(["AAPL"], "1m", 5, 5))
    assert not yahoo.charts


async def test_the_past_comes_first_by_time_and_closed(yahoo: YahooServer) -> None:
    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        if "period1" not in query:
            return 200, chart(symbol, time=NOON, price=1.0)
        if symbol == "GONE":
            return 404, refusal("Not Found", "No data found")
        return 200, chart(symbol, rows={NOON - 60 * i: (1.0,) * 5 for i in (4, 3, 2, 1)})

    yahoo.script = script
    source = feed(yahoo, "A", "GONE", "B", intervals=("1s", "1m"), past=3)
    past, *_ = await take(source, 1)
    assert [(bar.symbol, NOON - bar.start // SECOND) for bar in past.rows()] == [
        (symbol, age) for age in (180, 120, 60) for symbol in ("A", "B")
    ]
    assert past.meta == {"closed": "1"}
    await check_source(feed(yahoo, "A", "B", intervals=("1m",), past=3), frames=4)


async def test_yahoo_without_symbols_says_so(yahoo: YahooServer) -> None:
    with pytest.raises(SourceError, match="expected symbols, was none"):
        await take(feed(yahoo), 1)


def test_backoff_stays_within_its_bounds() -> None:
    full = Backoff(first=1.0, longest=60.0, draw=random.Random(1))
    waits = np.asarray([full.failed() for _ in range(2_000)])
    bounds = np.minimum(60.0, 2.0 ** np.arange(2_000).clip(max=60))
    assert (waits <= bounds).all()
    assert 25 < waits[10:].mean() < 35  # full jitter: evenly between 0 and the bound
    half = Backoff(first=1.0, longest=60.0, least=0.5, draw=random.Random(1))
    assert min(half.failed() for _ in range(500)) >= 0.5
