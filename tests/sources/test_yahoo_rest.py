import asyncio
import time
from typing import Any

import numpy as np
import pytest

from causal_alpha.actions import Action
from causal_alpha.adjust import adjust
from causal_alpha.calendar import load_sessions
from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.base import History
from causal_alpha.sources.chart import read_actions
from causal_alpha.sources.corporate import Announcer
from causal_alpha.sources.requests import Quotes
from causal_alpha.sources.yahoo_rest import YahooRest
from tests.sources.clock import NOON, Clock, at
from tests.sources.yahoo_server import YahooServer, chart, refusal


def rest(server: YahooServer, *, clock: Clock | None = None, pause: Backoff | None = None) -> YahooRest:
    return YahooRest(session=server.session(), clock=clock or Clock(), pause=pause)


def test_yahoo_rest_keeps_the_contracts() -> None:
    for contract in (History, Quotes, Announcer):
        assert isinstance(YahooRest(), contract)


async def test_quotes_are_the_last_trades_in_time(yahoo: YahooServer) -> None:
    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        late = 5 if symbol == "A" else 0
        return 200, chart(symbol, time=NOON + late, price=10.0 + late, volume=1_000)

    yahoo.script = script
    ticks = list((await rest(yahoo).quotes(["A", "B"])).rows())
    assert [(tick.symbol, tick.ts, tick.price, tick.size) for tick in ticks] == [
        ("B", NOON * SECOND, 10.0, 0.0),
        ("A", (NOON + 5) * SECOND, 15.0, 0.0),
    ]
    assert {(tick.source, tick.id * 1_000_000 == tick.ts) for tick in ticks} == {("yahoo", True)}


async def test_429_pauses_every_symbol_and_tells_for_how_long(yahoo: YahooServer) -> None:
    clock = Clock()
    yahoo.script = lambda symbol, query: (429, "Too Many Requests")
    source = rest(yahoo, clock=clock, pause=Backoff(first=30.0, longest=900.0, least=1.0))
    with pytest.raises(RateLimitedError, match="429") as error:
        await source.history(["A"], "1d", 0, NOON * SECOND)
    assert error.value.retry_after == 30.0
    before = yahoo.requests
    clock.now += 10 * SECOND
    with pytest.raises(RateLimitedError, match="20 s left") as error:
        await source.quotes(["B"])
    assert error.value.retry_after == pytest.approx(20.0)
    assert yahoo.requests == before
    clock.now += 21 * SECOND
    yahoo.script = lambda symbol, query: (200, chart(symbol, time=NOON + 31, price=5.0))
    assert len(await source.quotes(["A", "B"])) == 2


async def test_many_429_at_once_count_as_one(yahoo: YahooServer) -> None:
    yahoo.script = lambda symbol, query: (429, "Too Many Requests")
    pause = Backoff(first=30.0, least=1.0)
    source = rest(yahoo, pause=pause)
    found = await asyncio.gather(*(source.quote(symbol) for symbol in "ABCDEF"), return_exceptions=True)
    assert {type(error) for error in found} == {RateLimitedError}
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
    source = rest(yahoo)
    with pytest.raises(SourceError, match=message):
        await source.history(["AAPL"], "1d", 0, NOON * SECOND)
    with pytest.raises(SourceError, match="AAPL"):
        await source.quotes(["AAPL"])


async def test_a_refused_crumb_is_fetched_again(yahoo: YahooServer) -> None:
    from yfinance.data import YfData

    source = rest(yahoo)
    await source.quotes(["AAPL"])
    YfData()._crumb = "stale"
    assert len(await source.quotes(["AAPL"])) == 1


async def test_quotes_without_a_price_raise(yahoo: YahooServer) -> None:
    answer = chart("AAPL", time=NOON)
    del answer["chart"]["result"][0]["meta"]["regularMarketPrice"]
    yahoo.script = lambda symbol, query: (200, answer)
    with pytest.raises(SourceError, match="expected a price and time of AAPL"):
        await rest(yahoo).quotes(["AAPL"])


async def test_nobody_listening_raises(yahoo: YahooServer) -> None:
    source = rest(yahoo)
    yahoo.port = 1
    with pytest.raises(SourceError, match="yahoo: expected data of AAPL, was"):
        await source.quotes(["AAPL"])


async def test_waiting_for_an_answer_does_not_hold_up_the_loop(yahoo: YahooServer) -> None:
    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        time.sleep(0.5)
        return 200, chart(symbol, time=NOON, price=1.0)

    source = rest(yahoo)
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
    bars = list((await rest(yahoo, clock=clock).history(["AAPL"], "1m", start * SECOND, NOON * SECOND)).rows())
    assert [(bar.start // SECOND - start, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars] == [
        (0, 10.0, 12.0, 9.0, 11.0, 100.0),
        (120, 11.0, 11.0, 11.0, 11.0, 0.0),
        (240, 11.0, 13.0, 11.0, 12.0, 50.0),
    ]
    assert bars[0].vwap == pytest.approx(32 / 3)
    assert {(bar.interval, bar.state, bar.source, bar.trades) for bar in bars} == {("1m", "final", "yahoo", 0)}
    assert [bar.known_at - bar.start for bar in bars] == [60 * SECOND] * 3


async def test_history_of_days_is_stamped_by_the_exchanges_own_date(yahoo: YahooServer) -> None:
    # London counts days from midnight, which is 23:00 UTC of the day before in summer
    opens = ["2024-03-28T00:00:00", "2024-04-01T23:00:00", "2024-04-02T23:00:00"]
    rows = {at(text): (1.0, 1.0, 1.0, 1.0, 0) for text in opens}
    yahoo.script = lambda symbol, query: (200, chart(symbol, zone="Europe/London", rows=rows))
    start, end = at("2024-03-01") * SECOND, at("2024-04-03") * SECOND
    bars = await rest(yahoo).history(["GBPUSD=X"], "1d", start, end)
    dates = bars.ints("start").astype("datetime64[ns]").astype("datetime64[D]").astype(str).tolist()
    assert dates == ["2024-03-28", "2024-04-02"]  # April 3 lies outside
    (query, _) = (query for _, query in yahoo.charts)
    assert query["interval"] == "1d"
    assert int(query["period1"]) <= at("2024-03-01")


async def test_history_of_hours_is_put_together_on_the_clock(yahoo: YahooServer) -> None:
    opening = at("2024-05-08T13:30:00")
    rows = {opening + 900 * i: (10.0 + i, 11.0 + i, 9.0 + i, 10.5 + i, 10) for i in range(6)}
    yahoo.script = lambda symbol, query: (200, chart(symbol, rows=rows))
    bars = list((await rest(yahoo).history(["AAPL"], "1h", opening * SECOND - DAY, NOON * SECOND)).rows())
    assert [(bar.start // SECOND - opening, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars] == [
        (-1800, 10.0, 12.0, 9.0, 11.5, 20.0),
        (1800, 12.0, 16.0, 11.0, 15.5, 40.0),
    ]
    assert yahoo.charts[0][1]["interval"] == "15m"


async def test_history_of_many_minutes_is_asked_for_a_week_at_a_time(yahoo: YahooServer) -> None:
    yahoo.script = lambda symbol, query: (200, chart(symbol, rows={int(query["period2"]) - 86_400 - 60: (1.0,) * 5}))
    start = (NOON - 20 * 86_400) * SECOND
    bars = await rest(yahoo).history(["AAPL"], "1m", start, NOON * SECOND)
    assert asked(yahoo, events=False) == ["AAPL"] * 3
    assert np.diff(bars.ints("start")).tolist() == [7 * DAY, 6 * DAY]


async def test_history_of_symbols_with_an_extended_calendar_has_the_hours_beside_the_session(
    yahoo: YahooServer,
) -> None:
    yahoo.script = lambda symbol, query: (200, chart(symbol, rows={NOON - 60: (1.0,) * 5}))
    calendars = {"EARLY": "XNYS+ext", "A": "XNYS"}
    source = YahooRest(session=yahoo.session(), clock=Clock(), sessions=lambda symbol: load_sessions(calendars[symbol]))
    for interval in ("1m", "1h", "1d"):
        await source.history(["EARLY", "A"], interval, (NOON - 600) * SECOND, NOON * SECOND)
    asked = [(symbol, query["interval"]) for symbol, query in yahoo.charts if query.get("includePrePost") == "true"]
    assert asked == [("EARLY", "1m"), ("EARLY", "15m")]


async def test_history_refuses_what_yahoo_has_not(yahoo: YahooServer) -> None:
    with pytest.raises(SourceError, match=r"expected an interval out of 1m, 2m, .*, was '1s'"):
        await rest(yahoo).history(["AAPL"], "1s", 0, 1)
    assert not len(await rest(yahoo).history(["AAPL"], "1m", 5, 5))
    assert not yahoo.charts


def events(**kinds: dict[str, Any]) -> dict[str, Any]:
    answer = chart("AAPL", rows={at("2020-06-01T13:30:00"): (1.0,) * 5})
    answer["chart"]["result"][0]["events"] = kinds
    return answer


def split_of(text: str, numerator: float, denominator: float = 1) -> dict[str, Any]:
    seconds = at(text)
    ratio = f"{numerator}:{denominator}"
    return {str(seconds): {"date": seconds, "numerator": numerator, "denominator": denominator, "splitRatio": ratio}}


def paid(text: str, amount: float) -> dict[str, Any]:
    return {str(at(text)): {"date": at(text), "amount": amount}}


def action(kind: str, date: str, midnight: str, value: float) -> Action:
    return Action(
        symbol="AAPL",
        kind=kind,  # type: ignore[arg-type]
        date=at(date) * SECOND,
        ts=at(midnight) * SECOND,
        value=value,
        known_at=at(midnight) * SECOND,
    )


APPLE = events(
    splits=split_of("2020-08-31T13:30:00", 4),
    dividends={**paid("2020-08-07T13:30:00", 0.205), **paid("2020-11-06T14:30:00", 0.205)},
)


def test_actions_are_stamped_by_the_exchanges_date_and_dividends_by_its_shares() -> None:
    assert read_actions("AAPL", APPLE) == (
        action("dividend", "2020-08-07", "2020-08-07T04:00:00", 0.82),  # as it was paid, before the split
        action("split", "2020-08-31", "2020-08-31T04:00:00", 4.0),
        action("dividend", "2020-11-06", "2020-11-06T05:00:00", 0.205),
    )


def test_actions_of_sydney_begin_on_the_day_before_in_utc() -> None:
    answer = chart("BHP.AX", zone="Australia/Sydney", rows={at("2024-03-06T23:00:00"): (1.0,) * 5})
    answer["chart"]["result"][0]["events"] = {"dividends": paid("2024-03-06T23:00:00", 1.1)}
    (found,) = read_actions("BHP.AX", answer)
    assert (found.date, found.ts) == (at("2024-03-07") * SECOND, at("2024-03-06T13:00:00") * SECOND)


def test_a_chart_without_events_has_no_actions() -> None:
    assert read_actions("AAPL", chart("AAPL")) == ()
    assert read_actions("AAPL", events()) == ()


@pytest.mark.parametrize(
    "broken",
    [
        events(splits=split_of("2020-08-31T13:30:00", 4, 0)),
        events(splits=split_of("2020-08-31T13:30:00", 0)),
        events(splits={"1": {"date": 1, "numerator": 4}}),
        events(dividends=paid("2020-08-07T13:30:00", -1.0)),
        events(dividends={"1": {"amount": "many", "date": 1}}),
        events(dividends=["odd"]),  # type: ignore[arg-type]
    ],
)
def test_actions_that_are_none_raise(broken: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="yahoo: expected splits and dividends of AAPL, was"):
        read_actions("AAPL", broken)


async def test_actions_are_asked_for_until_now_and_given_for_the_dates_that_were_asked(yahoo: YahooServer) -> None:
    yahoo.script = lambda symbol, query: (200, APPLE)
    start, end = at("2020-08-01") * SECOND, at("2020-09-01") * SECOND
    found = await rest(yahoo).actions("AAPL", start, end)
    assert [one.kind for one in found] == ["dividend", "split"]
    ((symbol, query),) = yahoo.charts
    assert (symbol, query["events"]) == ("AAPL", "div,splits")
    assert int(query["period2"]) > NOON


async def test_history_and_actions_give_raw_and_adjusted_prices(yahoo: YahooServer) -> None:
    """Case 12 of the peers' reference: what Yahoo has adjusted for splits is neither lost nor adjusted twice."""
    days = ["2020-08-27", "2020-08-28", "2020-08-31", "2020-09-01"]
    answer = chart("AAPL", rows={at(f"{day}T13:30:00"): (125.0 + i,) * 4 + (400,) for i, day in enumerate(days)})
    answer["chart"]["result"][0]["events"] = {"splits": split_of("2020-08-31T13:30:00", 4)}
    yahoo.script = lambda symbol, query: (200, answer)
    source, start, end = rest(yahoo), at("2020-08-01") * SECOND, at("2020-10-01") * SECOND
    raw = await source.history(["AAPL"], "1d", start, end)
    assert raw.floats("close").tolist() == [500.0, 504.0, 127.0, 128.0]
    assert raw.floats("volume").tolist() == [100.0, 100.0, 400.0, 400.0]
    known = await source.actions("AAPL", start, end)
    adjusted = adjust(raw, known, end)
    assert adjusted.floats("close").tolist() == [125.0, 126.0, 127.0, 128.0]  # as Yahoo gave them
    assert adjusted.floats("volume").tolist() == [400.0] * 4


async def test_history_asks_for_splits_once_in_ten_minutes(yahoo: YahooServer) -> None:
    clock = Clock()
    source, start, end = rest(yahoo, clock=clock), (NOON - 86_400) * SECOND, NOON * SECOND
    for _ in range(2):
        await source.history(["A"], "1m", start, end)
    assert asked(yahoo, events=True) == ["A"]
    await source.history(["A"], "1m", start - DAY, end)  # an earlier split is unknown yet
    clock.now += 601 * SECOND
    await source.history(["A"], "1m", start, end)
    assert asked(yahoo, events=True) == ["A"] * 3


def asked(yahoo: YahooServer, *, events: bool) -> list[str]:
    """Symbols of the requests for splits and dividends, or of the others."""
    return [symbol for symbol, query in yahoo.charts if ("events" in query) == events]
