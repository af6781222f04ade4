import asyncio
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from causal_alpha.calendar import load_sessions
from causal_alpha.checks import check_source
from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Bar, Tick
from causal_alpha.sessions import Sessions
from causal_alpha.sources import yahoo_stream
from causal_alpha.sources.backoff import Backoff
from causal_alpha.sources.fallback import Fallback
from causal_alpha.sources.tape import Quote
from causal_alpha.sources.yahoo import Yahoo
from causal_alpha.sources.yahoo_poll import Poll
from causal_alpha.sources.yahoo_rest import YahooRest
from causal_alpha.sources.yahoo_stream import Stream
from tests.sources.clock import NOON, Clock
from tests.sources.test_yahoo import Past
from tests.sources.yahoo_server import YahooServer, chart
from tests.sources.yahoo_socket import YahooSocket, message, streaming

ALWAYS = load_sessions("24/7")
NEW_YORK = load_sessions("XNYS")


def always(symbol: str) -> Sessions:
    return ALWAYS


def quick() -> Backoff:
    return Backoff(first=0.05, longest=0.2, least=0.5)


@asynccontextmanager
async def line(yahoo: YahooSocket, *symbols: str, **arguments: Any) -> AsyncIterator[Stream]:
    given: dict[str, Any] = {"backoff": quick()} | arguments
    sessions = given.pop("sessions", always)
    stream = Stream(symbols or ("A",), sessions, url=yahoo.url, **given)
    try:
        yield stream
    finally:
        await stream.close()


async def read_until(stream: Any, enough: Callable[[list[Quote]], bool], seconds: float = 10.0) -> list[Quote]:
    """Quotes, read until there are enough of them."""
    quotes: list[Quote] = []
    async with asyncio.timeout(seconds):
        while not enough(quotes):
            quotes += await stream.read()
            stream.away(time.time_ns())
    return quotes


async def hurry(seconds: float) -> None:
    """A sleep a hundred times as short."""
    await asyncio.sleep(seconds / 100)


def now_ms() -> int:
    return time.time_ns() // MILLISECOND


async def test_stream_subscribes_and_reads_quotes() -> None:
    start = now_ms()

    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(message("A", start, 451.2, 900, bid=451.1, bid_size=3, ask=451.3))
        await connection.send(message("B", start + 1, 1.5))
        await connection.send(message("OTHER", start + 2, 9.9))
        await connection.send(message("A", start + 3, 451.3, 950))
        await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo, "A", "B") as stream:
        quotes = await read_until(stream, lambda quotes: len(quotes) == 3)
        assert yahoo.hellos == [["A", "B"]]
    first, other, second = quotes
    assert first._replace(ask_size=0.0) == Quote(
        "A", start * MILLISECOND, 451.2, 900.0, True, bid=451.1, ask=451.3, bid_size=3.0, ask_size=0.0
    )
    assert (other.symbol, other.price, other.first) == ("B", 1.5, True)
    assert (second.price, second.volume, second.first) == (451.3, 950.0, False)


async def test_stream_repeats_its_subscription(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yahoo_stream, "_RENEW", 0.05)
    again = asyncio.Event()

    async def script(connection: ServerConnection, number: int) -> None:
        assert json.loads(await connection.recv()) == {"subscribe": ["A"]}
        again.set()
        await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo) as stream, asyncio.timeout(10):
        while not again.is_set():
            await stream.read()
        assert yahoo.connections == 1


@pytest.mark.parametrize("end", ["abort", "close"])
async def test_stream_comes_back_after_every_kind_of_end(end: str) -> None:
    """yfinance's own client never reconnects after an abort, and freezes the event loop after a clean close."""

    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(message("A", now_ms(), 10.0 + number, 1_000 * (number + 1)))
        await asyncio.sleep(0.02)
        if end == "abort":
            connection.transport.abort()

    async with streaming(script) as yahoo, line(yahoo, "A", "B") as stream:
        quotes = await read_until(stream, lambda quotes: len(quotes) >= 4)
        assert yahoo.hellos[:4] == [["A", "B"]] * 4
    assert [quote.price for quote in quotes[:4]] == [10.0, 11.0, 12.0, 13.0]
    assert all(quote.first for quote in quotes)  # what traded between two connections is nobody's


async def test_stream_is_away_from_its_last_quote_until_it_is_back() -> None:
    back = asyncio.Event()

    async def script(connection: ServerConnection, number: int) -> None:
        if number == 1:
            await back.wait()
        await connection.send(message("A", now_ms(), 10.0 + number))
        if number == 1:
            await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo, "A", "B") as stream:
        await read_until(stream, lambda quotes: len(quotes) == 1)
        heard = time.time_ns()
        async with asyncio.timeout(10):
            while yahoo.connections < 2:
                await stream.read()
                away = stream.away(time.time_ns())
            assert away.keys() == {"A", "B"}
            assert heard - SECOND < away["A"] <= heard
            stream.away(time.time_ns())
            assert stream.away(time.time_ns()) == {}  # joined again, if yet without a quote
        back.set()
        await read_until(stream, lambda quotes: len(quotes) == 1)


async def test_a_break_that_nobody_saw_is_told_all_the_same() -> None:
    """Whoever reads may be held up while the socket breaks and comes back."""

    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(message("A", now_ms(), 10.0 + number))
        if number:
            await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo) as stream:
        await read_until(stream, lambda quotes: len(quotes) == 1)
        for _ in range(100):
            await asyncio.sleep(0.02)  # no read
            if yahoo.connections == 2:
                break
        await asyncio.sleep(0.1)
        await stream.read()
        assert stream.away(time.time_ns()).keys() == {"A"}
        assert stream.away(time.time_ns()) == {}


async def test_connected_but_mute_stream_is_cut_and_joined_again(caplog: pytest.LogCaptureFixture) -> None:
    """Case 9 of the peers' reference."""
    clock = Clock()

    async def script(connection: ServerConnection, number: int) -> None:
        if number == 0:  # a quote a second
            for i in range(30):
                clock.now += SECOND
                await connection.send(message("A", clock.now // MILLISECOND, 10.0 + i))
        if number == 2:
            await connection.send(message("A", clock.now // MILLISECOND, 99.0))
        await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo, clock=clock, sleep=hurry) as stream:
        await read_until(stream, lambda quotes: len(quotes) == 30)
        fell_silent, gone = clock.now, []
        async with asyncio.timeout(15):
            while not (quotes := await stream.read()):
                gone.append((clock.now, stream.away(clock.now)))
                clock.now += SECOND
        assert (quotes[0].price, quotes[0].first) == (99.0, True)
        assert yahoo.connections == 3  # the second was mute, too
        away = [ts for ts, symbols in gone if symbols]
        assert away[0] == fell_silent + 10 * SECOND  # ten typical gaps
        assert away == [ts for ts, _ in gone[10:]]  # connected again, but not trusted before it speaks
        assert {since for _, symbols in gone for since in symbols.values()} == {fell_silent}
        stream.away(clock.now)
        assert stream.away(clock.now) == {}
    assert "expected quotes of an open market, was silence for 10 s" in caplog.text


async def test_silent_overnight_stream_is_left_alone() -> None:
    """Case 9 of the peers' reference."""

    async def script(connection: ServerConnection, number: int) -> None:
        await connection.wait_closed()

    clock, new_york = Clock(NOON + 6 * 3_600), lambda symbol: NEW_YORK  # two hours after the bell
    async with streaming(script) as yahoo, line(yahoo, clock=clock, sleep=hurry, sessions=new_york) as stream:
        async with asyncio.timeout(10):
            while not yahoo.connections:
                await stream.read()
        stream.away(clock.now)
        for _ in range(15):
            clock.now += 3_600 * SECOND
            await stream.read()
            assert stream.away(clock.now) == {}
        assert yahoo.connections == 1
        clock.now += 3 * 3_600 * SECOND  # half an hour after the opening
        await stream.read()
        assert stream.away(clock.now).keys() == {"A"}


async def test_half_open_connection_is_noticed_by_its_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yahoo_stream, "_PING", 0.2)

    async def script(connection: ServerConnection, number: int) -> None:
        if number == 0:
            connection.transport.pause_reading()  # type: ignore[attr-defined]
            await connection.wait_closed()
        await connection.send(message("A", now_ms(), 11.0))
        await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo) as stream:
        quotes = await read_until(stream, lambda quotes: len(quotes) == 1)
        assert quotes[0].price == 11.0
        assert yahoo.connections == 2


async def test_stream_waits_longer_and_longer_between_attempts_and_not_in_step() -> None:
    """Case 10 of the peers' reference: back-off has jitter and a cap."""
    with socket.socket() as taken:  # bound, nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}"
        waits = []
        for seed in (1, 2):
            clock = Clock()
            backoff = Backoff(first=1.0, longest=8.0, least=0.25, draw=random.Random(seed))
            stream = Stream(["A"], always, url=url, clock=clock, sleep=clock.sleep, backoff=backoff)
            async with asyncio.timeout(20):
                while sum(wait not in (1.0, 0.01) for wait in clock.slept) < 12:
                    await stream.read()
            await stream.close()
            waits.append([wait for wait in clock.slept if wait not in (1.0, 0.01)][:12])
    for ours in waits:
        assert all(0.25 * min(8.0, 2.0**i) <= wait <= min(8.0, 2.0**i) for i, wait in enumerate(ours))
    assert waits[0] != waits[1]


async def test_stream_that_is_closed_at_once_every_time_does_not_spin() -> None:
    """A server that takes and drops connections is no success."""

    async def script(connection: ServerConnection, number: int) -> None:
        return

    backoff = Backoff(first=0.05, longest=10.0, least=1.0)
    async with streaming(script) as yahoo, line(yahoo, backoff=backoff) as stream:
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                while True:
                    await stream.read()
        assert 2 <= yahoo.connections <= 6


async def test_stream_survives_messages_that_are_none(caplog: pytest.LogCaptureFixture) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        for text in ("nonsense", "{}", '{"message": "AAAA"}', '{"type": "error"}', b"\x00\xff", ""):
            await connection.send(text)
        for odd in (
            message("A", 0, 10.0),
            message("A", -5, 10.0),
            message("A", 2**62, 10.0),
            message("A", now_ms(), -10.0),
            message("A", now_ms(), float("nan")),
            message("A", now_ms(), float("inf")),
            message("", now_ms(), 10.0),
        ):
            await connection.send(odd)
        await connection.send(message("A", now_ms(), 7.0))
        await connection.wait_closed()

    async with streaming(script) as yahoo, line(yahoo) as stream:
        quotes = await read_until(stream, lambda quotes: len(quotes) > 0)
        assert [quote.price for quote in quotes] == [7.0]
        assert yahoo.connections == 1
    assert sum("expected a quote in" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize(
    ("second", "fields", "kept"),
    [
        (0, {}, True),
        (-3 * 3_600, {"market_hours": 0}, False),  # 9:00
        (4 * 3_600 + 5, {"market_hours": 1}, True),  # the closing auction's price, five seconds after the bell
        (4 * 3_600 + 5, {"market_hours": 2}, False),
        (4 * 3_600 + 61, {"market_hours": 1}, False),
        (9 * 3_600, {"market_hours": 3}, False),
    ],
)
async def test_stream_leaves_out_quotes_outside_of_the_session(second: int, fields: dict[str, int], kept: bool) -> None:
    clock = Clock(NOON + second + 1)
    quotes = await heard("A", (NOON + second) * 1_000, clock, sessions=lambda symbol: NEW_YORK, **fields)
    assert len(quotes) == kept


async def test_stream_says_once_a_session_of_each_symbol_that_it_leaves_quotes_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock(NOON + 31 * 3_600)
    evening, morning, next_one = ((NOON + hours * 3_600) * 1_000 for hours in (6, 16, 30))

    async def script(connection: ServerConnection, number: int) -> None:
        for symbol, ms in (("A", evening), ("A", evening + 5), ("B", evening), ("A", morning), ("A", next_one)):
            await connection.send(message(symbol, ms, 10.0))
        await connection.send(message("END", NOON * 1_000, 1.0))
        await connection.wait_closed()

    def sessions(symbol: str) -> Sessions:
        return ALWAYS if symbol == "END" else NEW_YORK

    async with (
        streaming(script) as yahoo,
        line(yahoo, "A", "B", "END", clock=clock, sleep=hurry, sessions=sessions) as stream,
    ):
        quotes = await read_until(stream, lambda quotes: len(quotes) == 1)
        assert quotes[0].symbol == "END"
        assert stream.left_out == {"A": 4, "B": 1}
    said = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert said == [
        "yahoo: expected quotes of A while XNYS is open, was one of 2024-05-08T22:00:00Z; left out",
        "yahoo: expected quotes of B while XNYS is open, was one of 2024-05-08T22:00:00Z; left out",
        "yahoo: expected quotes of A while XNYS is open, was one of 2024-05-09T22:00:00Z; left out",
    ]


async def heard(symbol: str, ms: int, clock: Clock, *, sessions: Any = always, **fields: Any) -> list[Quote]:
    """What becomes of one message."""

    async def script(connection: ServerConnection, number: int) -> None:
        await connection.send(message(symbol, ms, 10.0, 5, **fields))
        await connection.send(message("END", clock.now // MILLISECOND, 1.0))
        await connection.wait_closed()

    def of(name: str) -> Sessions:
        return ALWAYS if name == "END" else sessions(name)  # type: ignore[no-any-return]

    async with streaming(script) as yahoo, line(yahoo, symbol, "END", clock=clock, sessions=of) as stream:
        quotes = await read_until(stream, lambda quotes: any(quote.symbol == "END" for quote in quotes))
    return [quote for quote in quotes if quote.symbol == symbol]


async def test_stream_takes_extended_hours_where_the_calendar_has_them() -> None:
    extended = load_sessions("XNYS+ext")
    ms = (NOON - 3 * 3_600) * 1_000
    (quote,) = await heard("A", ms, Clock(NOON - 3 * 3_600 + 1), sessions=lambda symbol: extended, market_hours=0)
    assert quote.ts == ms * MILLISECOND


@pytest.mark.parametrize(
    ("stamp", "late", "second"),
    [
        (0, 20.5, 20.5),  # told to the minute, came within it
        (0, 90.0, 59.999),  # came after it: its last millisecond
        (7, 20.5, 7),  # told to the second
    ],
)
async def test_crypto_that_is_told_to_the_minute_is_stamped_by_its_arrival(
    stamp: int, late: float, second: float
) -> None:
    (quote,) = await heard("BTC-USD", (NOON + stamp) * 1_000, Clock(NOON + late), quote_type=41)
    assert quote.ts == round((NOON + second) * 1_000) * MILLISECOND


def polled(server: YahooServer, *symbols: str) -> Poll:
    return Poll(symbols, YahooRest(session=server.session()), always, period=0.2)


async def test_without_a_socket_quotes_are_polled_until_there_is_one(
    yahoo: YahooServer, caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0

    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        nonlocal asked
        asked += 1
        return 200, chart(symbol, time=int(time.time()), price=50.0, volume=1_000 + asked)

    async def streamed(connection: ServerConnection, number: int) -> None:
        for i in range(1_000):
            await connection.send(message("A", now_ms(), 60.0 + i, 2_000 + i))
            await asyncio.sleep(0.05)

    yahoo.script = script
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    stream = Stream(["A"], always, url=f"ws://127.0.0.1:{port}", backoff=quick())
    both = Fallback(["A"], stream, polled(yahoo, "A"), patience=0.3)
    quotes = await read_until(both, lambda quotes: len(quotes) >= 3)
    assert {quote.price for quote in quotes} == {50.0}
    assert [quote.first for quote in quotes[:3]] == [True, False, False]
    assert both.away(time.time_ns()) == {}  # the poll tells what the stream can't
    async with streaming(streamed, port=port):
        back = await read_until(both, lambda quotes: sum(quote.price >= 60 for quote in quotes) >= 2)
        assert both.away(time.time_ns()) == {}
        before = asked
        await read_until(both, lambda quotes: len(quotes) >= 5)
        assert asked == before
        assert not any(quote.first for quote in back)  # nothing was missed between poll and stream
    await both.close()
    said = [record.getMessage() for record in caplog.records if record.name.endswith("fallback")]
    assert said == ["yahoo: no quotes by stream, polling", "yahoo: streaming again"]


async def test_a_socket_that_never_speaks_is_no_reason_not_to_poll(yahoo: YahooServer) -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        await connection.wait_closed()

    yahoo.script = lambda symbol, query: (200, chart(symbol, time=int(time.time()), price=50.0))
    async with streaming(script) as mute, line(mute) as stream:
        both = Fallback(["A"], stream, polled(yahoo, "A"), patience=0.3)
        quotes = await read_until(both, lambda quotes: len(quotes) >= 1)
        assert (quotes[0].price, mute.connections) == (50.0, 1)
        await both.close()


async def test_without_socket_and_answers_a_symbol_is_away(yahoo: YahooServer) -> None:
    yahoo.script = lambda symbol, query: (500, "")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        stream = Stream(["A"], always, url=f"ws://127.0.0.1:{taken.getsockname()[1]}", backoff=quick())
        both = Fallback(["A"], stream, polled(yahoo, "A"), patience=0.0)
        for _ in range(2):
            await both.read()
        assert both.away(time.time_ns()).keys() == {"A"}
        await both.close()


async def test_yahoo_over_a_breaking_socket_passes_the_check_of_sources() -> None:
    async def script(connection: ServerConnection, number: int) -> None:
        for i in range(8):
            await connection.send(message("A", now_ms(), 10.0 + i, 1_000 * number + i))
            await connection.send(message("B", now_ms(), 20.0 + i))
            await asyncio.sleep(0.02)
        connection.transport.abort()

    async with streaming(script) as yahoo:
        stream = Stream(["A", "B"], always, url=yahoo.url, backoff=quick())
        await check_source(Yahoo(["A", "B"], stream, Past(Clock()), always, delay=5.0, past=0), frames=20)
        assert yahoo.connections > 1


async def test_a_gap_of_the_socket_is_filled_from_history() -> None:
    """Case 11 of the peers' reference, from the socket to the revised bar."""
    clock = Clock(NOON + 30)
    broken, minute = asyncio.Event(), 60 * SECOND

    async def script(connection: ServerConnection, number: int) -> None:
        for i in range(3):
            await connection.send(message("A", clock.now // MILLISECOND, 10.0 + number + i / 8, 1_000 * number))
            await asyncio.sleep(0.02)
        if number == 0:
            broken.set()
            connection.transport.abort()
        await connection.wait_closed()

    async with streaming(script) as yahoo:
        stream = Stream(["A"], always, url=yahoo.url, clock=clock, sleep=hurry, backoff=quick())
        source = Yahoo(["A"], stream, Past(clock), always, delay=5.0, past=0, intervals=("1s", "1m"), clock=clock)
        frames: list[Frame[Any]] = []
        async with asyncio.timeout(30):
            async for frame in source.frames():
                frames.append(frame)
                if frame.record is Bar:
                    break
                clock.now += SECOND if broken.is_set() else 0
    ticks = [tick for frame in frames if frame.record is Tick for tick in frame.rows()]
    assert {tick.size for tick in ticks} == {0.0}  # the volume of the gap is nobody's
    (bar,) = frames[-1].rows()
    assert (bar.start, bar.interval, bar.state, bar.source) == (NOON * SECOND, "1m", "revised", "yahoo:fill")
    assert bar.start + minute < bar.known_at
    gap = next(json.loads(frame.meta["gap"]) for frame in frames if "gap" in frame.meta)
    assert (gap["source"], gap["symbols"]) == ("yahoo", ["A"])
