import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import pytest

from causal_alpha.actions import Action, from_meta
from causal_alpha.barstate import BarState, Rules
from causal_alpha.calendar import load_sessions, sessions_of
from causal_alpha.checks import check_source
from causal_alpha.crosssection import CrossSection
from causal_alpha.errors import SourceError
from causal_alpha.features import FIELDS
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import Bar, Tick
from causal_alpha.sessions import Sessions
from causal_alpha.sources.base import Source
from causal_alpha.sources.tape import Quote
from causal_alpha.sources.yahoo import Yahoo
from causal_alpha.sources.yahoo_poll import Poll
from causal_alpha.sources.yahoo_rest import YahooRest
from causal_alpha.transform import Transform
from causal_alpha.windows import Rings
from tests.sources.clock import NOON, SATURDAY, Clock, at
from tests.sources.yahoo_server import YahooServer, chart, refusal


class Message(NamedTuple):
    """A Kafka record, as far as the transform looks."""

    offset: int
    timestamp: int
    value: bytes


ALWAYS = load_sessions("24/7")
MINUTE = 60 * SECOND


class Line:
    """Quotes by second, and the seconds in which symbols are away; a read takes `step` seconds."""

    def __init__(
        self,
        clock: Clock,
        quotes: Mapping[int, Sequence[Quote]],
        away: Mapping[str, tuple[int, int]] | None = None,
        *,
        step: float = 1.0,
    ) -> None:
        self.clock, self.quotes, self.lost, self.step = clock, quotes, away or {}, step
        self.late: dict[str, int] = {}
        self.start, self.closed = clock.now, False

    async def read(self) -> Sequence[Quote]:
        await self.clock.sleep(self.step)
        return self.quotes.get((self.clock.now - self.start) // SECOND, [])

    def away(self, now: int) -> Mapping[str, int]:
        second = (now - self.start) // SECOND
        return {name: self.start + a * SECOND for name, (a, b) in self.lost.items() if a <= second < b}

    def behind(self, symbol: str) -> int:
        return self.late.get(symbol, 0)

    async def close(self) -> None:
        self.closed = True


class Past:
    """History with every bar that has ended."""

    name = "yahoo"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked: list[tuple[str, str, int, int]] = []
        self.refusals = 0
        self.unknown: set[str] = set()
        self.said: list[Action] = []
        self.announced: list[tuple[str, int]] = []

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        (symbol,) = symbols
        self.asked.append((symbol, interval, start, end))
        self.refuse(symbol)
        width = interval_ns(interval)
        starts = range(start + -start % width, min(end, self.clock.now - width + 1), width)
        rows = [
            Bar(symbol=symbol, interval=interval, start=ts, open=1, high=2, low=1, close=2, volume=9, vwap=1.5,
                trades=0, source="yahoo")
            for ts in starts
        ]  # fmt: skip
        return Frame.of(Bar, rows)

    def refuse(self, symbol: str) -> None:
        if self.refusals:
            self.refusals -= 1
            raise SourceError("yahoo: not now")
        if symbol in self.unknown:
            raise SourceError(f"yahoo: expected data of {symbol}, was No data found")

    async def actions(self, symbol: str, start: int, end: int) -> Sequence[Action]:
        self.announced.append((symbol, self.clock.now))
        self.refuse(symbol)
        return [action for action in self.said if action.symbol == symbol and start <= action.date < end]


def quote(symbol: str, second: int, price: float = 1.0, *, volume: float = 0.0, first: bool = False) -> Quote:
    return Quote(symbol, (NOON + second) * SECOND, price, volume, first)


def feed(line: Line, *symbols: str, history: Past | None = None, **arguments: Any) -> Yahoo:
    given: dict[str, Any] = {"delay": 2.0, "clock": line.clock} | arguments
    return Yahoo(symbols or ("A",), line, history or Past(line.clock), lambda symbol: ALWAYS, **given)


async def run(source: Yahoo, clock: Clock, seconds: float) -> list[Frame[Any]]:
    end, frames = clock.now + round(seconds * SECOND), []
    iterator = source.frames()
    async for frame in iterator:
        frames.append(frame)
        if clock.now >= end:
            break
    await iterator.aclose()  # type: ignore[attr-defined]
    return frames


def said(frames: list[Frame[Any]], what: str) -> list[Any]:
    """What a kind of word says in frames without rows."""
    return [frame.meta for frame in frames if what in frame.meta]


def gaps(frames: list[Frame[Any]]) -> list[tuple[str, float, float]]:
    facts = [json.loads(meta["gap"]) for meta in said(frames, "gap")]
    return [
        (",".join(one["symbols"]), one["start"] / SECOND - NOON, one["end"] / SECOND - NOON)
        for one in facts
        if one["source"] == "yahoo"
    ]


def test_yahoo_is_a_source() -> None:
    assert isinstance(feed(Line(Clock(), {})), Source)
    with pytest.raises(SourceError, match="expected symbols, was none"):
        Yahoo([], Line(Clock(), {}), Past(Clock()), lambda symbol: ALWAYS)


async def test_yahoo_passes_the_check_of_sources() -> None:
    clock = Clock()
    quotes = {i: [quote("A", i, 10.0 + i), quote("B", i, 20.0 + i)] for i in range(1, 200)}
    line = Line(clock, quotes, {"A": (20, 40), "B": (30, 31)})
    await check_source(feed(line, "A", "B", intervals=("1s", "1m"), past=3), frames=700)
    assert line.closed


async def test_quotes_become_ticks_with_the_volume_since_the_quote_before() -> None:
    clock = Clock()
    quotes = {1: [quote("A", 0, 10.0, volume=500)], 3: [quote("A", 2, 11.0, volume=530), quote("A", 2, 11.0)]}
    frames = await run(feed(Line(clock, quotes)), clock, 5)
    ticks = [row for frame in frames for row in frame.rows()]
    assert [(tick.ts // SECOND - NOON, tick.price, tick.size, tick.source) for tick in ticks] == [
        (0, 10.0, 0.0, "yahoo"),
        (2, 11.0, 30.0, "yahoo"),
    ]


async def test_heartbeats_trail_the_present_by_the_delay_and_carry_the_name() -> None:
    clock = Clock()
    frames = await run(feed(Line(clock, {}), delay=15.0), clock, 4)
    assert [frame.meta for frame in frames] == [
        {"heartbeat": str((NOON + second - 15) * SECOND), "source": "yahoo"} for second in (1, 2, 3, 4)
    ]


async def test_while_all_are_away_nobody_vouches_for_the_feed() -> None:
    clock = Clock()
    line = Line(clock, {}, {"A": (3, 6), "B": (4, 7)})
    frames = await run(feed(line, "A", "B"), clock, 8)
    assert [meta.get("source") for meta in said(frames, "heartbeat")] == [
        "yahoo", "yahoo", "yahoo", None, None, "yahoo", "yahoo", "yahoo",
    ]  # fmt: skip


async def test_symbols_whose_market_is_closed_vouch_for_nobody() -> None:
    clock = Clock(SATURDAY)
    line = Line(clock, {}, {"BTC-USD": (3, 5)})
    source = Yahoo(
        ["BTC-USD", "AAPL"],
        line,
        Past(clock),
        lambda symbol: load_sessions(sessions_of(symbol)),
        delay=2.0,
        clock=clock,
    )
    frames = await run(source, clock, 6)
    assert [meta.get("source") for meta in said(frames, "heartbeat")] == [
        "yahoo",
        "yahoo",
        None,
        None,
        "yahoo",
        "yahoo",
    ]


async def test_a_gap_is_told_at_once_and_again_while_it_lasts() -> None:
    clock = Clock()
    frames = await run(feed(Line(clock, {}, {"A": (3, 6)}), "A", "B"), clock, 8)
    assert gaps(frames) == [("A", 3.0, 5.0), ("A", 3.0, 6.0), ("A", 3.0, 7.0)]
    first = next(place for place, frame in enumerate(frames) if "gap" in frame.meta)
    assert "heartbeat" in frames[first + 1].meta  # before time moves on


async def test_bars_that_a_gap_has_spoilt_are_filled_once_when_they_are_complete() -> None:
    """Case 11 of the peers' reference: after a reconnect REST fills the gap, without a duplicate."""
    clock = Clock()
    past = Past(clock)
    quotes = {i: [quote("A", i, 10.0 + i), quote("B", i, 10.0 + i)] for i in range(1, 900)}
    line = Line(clock, quotes, {"A": (70, 130)})
    source = feed(line, "A", "B", history=past, intervals=("1s", "1m", "5m"), past=0)
    frames = await run(source, clock, 800)
    bars = [bar for frame in frames if frame.record is Bar for bar in frame.rows()]
    assert [(bar.symbol, bar.interval, (bar.start // SECOND - NOON) // 60) for bar in bars] == [
        ("A", "1m", 1),
        ("A", "1m", 2),
        ("A", "5m", 0),
    ]
    assert {(bar.state, bar.revision, bar.quality, bar.source) for bar in bars} == {("revised", 1, "ok", "yahoo:fill")}
    for bar in bars:
        end = bar.start + interval_ns(bar.interval)
        assert bar.known_at >= end + 62 * SECOND  # complete, and settled
    assert {symbol for symbol, *_ in past.asked} == {"A"}


async def test_bars_of_a_feed_that_is_late_are_filled_where_its_trades_were_missed() -> None:
    clock = Clock()
    quotes = {i: [quote("A", i - 600, 10.0 + i)] for i in range(1, 900)}
    line = Line(clock, quotes, {"A": (670, 690)})
    line.late = {"A": 600 * SECOND}
    frames = await run(feed(line, history=Past(clock), intervals=("1m",), past=0, delay=602.0), clock, 1_000)
    assert gaps(frames)[0] == ("A", 70.0, 72.0)
    assert gaps(frames)[-1] == ("A", 70.0, 91.0)
    bars = [bar for frame in frames if frame.record is Bar for bar in frame.rows()]
    assert [bar.start // SECOND - NOON for bar in bars] == [60]


async def test_a_feed_that_is_late_is_vouched_for_until_its_last_quote_has_come() -> None:
    clock = Clock(at("2024-05-08T20:05:00"))  # five minutes after the bell
    line = Line(clock, {}, {"A": (3, 5)})
    line.late = {"A": 600 * SECOND}
    frames = await run(Yahoo(["A"], line, Past(clock), new_york, past=0, clock=clock), clock, 6)
    assert [meta.get("source") for meta in said(frames, "heartbeat")] == [
        "yahoo", "yahoo", None, None, "yahoo", "yahoo",
    ]  # fmt: skip


async def test_filling_waits_after_a_refusal_and_never_stops_the_quotes() -> None:
    clock = Clock()
    past = Past(clock)
    quotes = {i: [quote("A", i, 10.0 + i)] for i in range(1, 2_000)}
    past.refusals = 2
    source = feed(Line(clock, quotes, {"A": (5, 10)}), history=past, intervals=("1m",), past=0)
    frames = await run(source, clock, 400)
    assert sum(len(frame) for frame in frames if frame.record is Tick) == 400
    (bar,) = [bar for frame in frames if frame.record is Bar for bar in frame.rows()]
    assert bar.start == NOON * SECOND
    assert len(past.asked) == 3
    assert bar.known_at >= (NOON + 60 + 62 + 15 + 30) * SECOND  # two waits of at least half of 30 and 60 s


async def test_a_symbol_that_is_refused_keeps_nobody_else_from_being_filled() -> None:
    clock = Clock()
    past = Past(clock)
    past.unknown = {"GONE"}
    quotes = {i: [quote(name, i, 10.0 + i) for name in ("A", "GONE", "B")] for i in range(1, 900)}
    line = Line(clock, quotes, dict.fromkeys(("A", "GONE", "B"), (70, 110)))
    source = feed(line, "A", "GONE", "B", history=past, intervals=("1m",), past=0)
    frames = await run(source, clock, 800)
    bars = [bar for frame in frames if frame.record is Bar for bar in frame.rows()]
    assert [(bar.symbol, bar.start // SECOND - NOON) for bar in bars] == [("A", 60), ("B", 60)]
    asked = Counter(symbol for symbol, *_ in past.asked)
    assert (asked["A"], asked["B"]) == (1, 1)
    assert 1 < asked["GONE"] <= 4  # after waits of its own that double


async def test_the_past_comes_first_by_time_and_closed(yahoo: YahooServer) -> None:
    def script(symbol: str, query: dict[str, str]) -> tuple[int, Any]:
        if "period1" not in query:
            return 200, chart(symbol, time=NOON, price=1.0)
        if symbol == "GONE":
            return 404, refusal("Not Found", "No data found")
        return 200, chart(symbol, rows={NOON - 60 * i: (1.0,) * 5 for i in (4, 3, 2, 1)})

    yahoo.script = script
    clock = Clock()

    def source(*symbols: str) -> Yahoo:
        rest = YahooRest(session=yahoo.session(), clock=clock)
        line = Poll(symbols, rest, lambda symbol: ALWAYS, clock=clock, sleep=clock.sleep)
        return Yahoo(symbols, line, rest, lambda symbol: ALWAYS, clock=clock, intervals=("1s", "1m"), past=3)

    past, *_ = await run(source("A", "GONE", "B"), clock, 0)
    assert [(bar.symbol, NOON - bar.start // SECOND) for bar in past.rows()] == [
        (symbol, age) for age in (180, 120, 60) for symbol in ("A", "B")
    ]
    assert past.meta == {"closed": "1"}
    await check_source(source("A", "B"), frames=40)


async def test_bars_of_the_past_are_sent_again_once_where_the_source_may_have_been_away() -> None:
    clock = Clock(NOON + 30)
    past, start = Past(clock), clock.now
    line = Line(clock, {}, {"A": (-90, 5)})  # as a line that takes until now to connect
    frames = await run(feed(line, history=past, intervals=("1m", "1d")), clock, 300)
    bars = Frame.concat([frame for frame in frames if frame.record is Bar])
    first, again = (bars.take(bars.labels("state").equals(state)) for state in ("final", "revised"))
    assert len(first) == 480
    for part in (first, again):
        keys = set(zip(part.labels("interval").tolist(), part.ints("start").tolist(), strict=True))
        assert len(keys) == len(part)  # once each
    assert set(again.labels("source").tolist()) == {"yahoo:fill"}
    assert set(again.ints("revision").tolist()) == {1}
    assert (again.ints("known_at") > start).all()
    minutes = again.take(again.labels("interval").equals("1m")).ints("start").tolist()
    assert minutes == [(NOON + 60 * i) * SECOND for i in range(-240, 1)]  # the last ran when the past was asked for
    days = again.take(again.labels("interval").equals("1d")).ints("start").tolist()
    assert [(NOON * SECOND - day) // DAY for day in days] == [3, 2, 1]  # whole days


def closed(starts: Sequence[int], price: float, **facts: Any) -> Frame[Bar]:
    """Final bars of a minute as a worker sends them; `starts` in seconds."""
    rows = [
        Bar(symbol="A", interval="1m", start=ts * SECOND, open=price, high=price, low=price, close=price, volume=1,
            vwap=price, trades=1, known_at=(ts + 60) * SECOND, **facts)
        for ts in starts
    ]  # fmt: skip
    return Frame.of(Bar, rows)


async def window_of_a_worker(before: Frame[Bar]) -> list[float]:
    """Closes of the last nine minutes in the window of a worker that has seen `before` when the source starts."""
    clock = Clock()
    frames = await run(feed(Line(clock, {}), history=Past(clock), intervals=("1m",)), clock, 100)
    bars = [cast(Frame[Bar], frame) for frame in frames if frame.record is Bar]
    section, rings = CrossSection(MINUTE), Rings(300)
    for part in (before, *bars, closed([NOON, NOON + 300], 7.0)):
        mark = int(part.ints("start").max()) + MINUTE if len(part) else 0
        for found in section.add(Frame(Bar, part.columns, {"origin": "bars/x", "watermark": str(mark)})):
            rings.revise(found.revised)
            rings.push(VOLATILITY, found.bars)
    end = int(rings.ends[rings.symbols["A"]])
    return cast(list[float], rings.bars[FIELDS.index("close"), rings.symbols["A"], end - 9 : end].tolist())


async def test_a_restart_repairs_the_minutes_in_which_the_source_was_down() -> None:
    """The worker lived on and closed them without data; final bars of the past come too late for its windows."""
    away = closed(range(NOON - 360, NOON, 60), np.nan, quality="no_data")
    seen = Frame.concat([closed(range(NOON - 1_200, NOON - 360, 60), 3.0), away])
    assert await window_of_a_worker(seen) == [2.0] * 7 + [7.0, 7.0]


async def test_a_first_start_gives_windows_their_past_at_once() -> None:
    assert await window_of_a_worker(Frame.empty(Bar)) == [2.0] * 7 + [7.0, 7.0]


def new_york(symbol: str) -> Sessions:
    return load_sessions("XNYS")


def split(value: float, *, known_at: int) -> Action:
    day = at("2024-05-08")
    return Action(
        symbol="A", kind="split", date=day * SECOND, ts=(day + 4 * 3_600) * SECOND, value=value, known_at=known_at
    )


def told(frames: list[Frame[Any]]) -> list[tuple[float, int]]:
    return [(action.value, action.known_at) for frame in frames for action in from_meta(frame.meta)]


async def test_splits_of_the_past_come_before_its_bars() -> None:
    clock = Clock()
    past = Past(clock)
    past.said = [split(4.0, known_at=7)]
    source = Yahoo(["A"], Line(clock, {}), past, new_york, intervals=("1m",), clock=clock)
    frames = await run(source, clock, 5)
    assert told(frames[:1]) == [(4.0, 7)]
    assert frames[1].meta == {"closed": "1"}
    assert told(frames[2:]) == []
    await check_source(Yahoo(["A"], Line(clock, {}), past, new_york, intervals=("1m",), clock=clock), frames=9)


async def test_a_split_of_the_day_is_told_when_it_is_heard_and_told_again_when_it_is_put_right() -> None:
    """Case 12 of the peers' reference: provisional, then reconciled."""
    clock = Clock(at("2024-05-08T13:00:00"))  # half an hour before the bell
    past, opening = Past(clock), at("2024-05-08T13:30:00") * SECOND
    source = Yahoo(["A"], Line(clock, {}, step=60.0), past, new_york, past=0, clock=clock)
    frames = source.frames()
    heard: list[tuple[float, int]] = []
    changes = {opening - 60 * SECOND: 20.0, opening + 9_000 * SECOND: 2.0, opening + 99_000 * SECOND: 1.0}
    async for frame in frames:
        heard += told([frame])
        for ts, value in changes.items():
            if clock.now >= ts:
                past.said = [split(value, known_at=0)] if value != 1.0 else []
        if clock.now > opening + 29 * 3_600 * SECOND:
            break
    await frames.aclose()  # type: ignore[attr-defined]
    assert [value for value, _ in heard] == [20.0, 2.0, 1.0]
    first, second, third = (known_at for _, known_at in heard)
    assert opening <= first <= opening + 120 * SECOND
    assert opening + 9_000 * SECOND < second <= opening + 13_000 * SECOND
    assert opening + 99_000 * SECOND < third
    times = [ts for _, ts in past.announced][1:]  # after the one at the start
    assert load_sessions("XNYS").is_open(np.array(times)).all()
    assert 11 <= len(times) <= 13  # one an hour


async def test_refused_splits_are_asked_for_again_and_crypto_has_none() -> None:
    clock = Clock()
    past = Past(clock)
    past.refusals, past.said = 2, [split(4.0, known_at=0)]

    def sessions(symbol: str) -> Sessions:
        return load_sessions(sessions_of(symbol))

    frames = await run(Yahoo(["A", "BTC-USD"], Line(clock, {}), past, sessions, past=0, clock=clock), clock, 60)
    assert [value for value, _ in told(frames)] == [4.0]
    assert {symbol for symbol, _ in past.announced} == {"A"}


async def test_a_symbol_that_is_refused_keeps_nobody_else_from_its_splits() -> None:
    clock = Clock()
    past = Past(clock)
    past.unknown = {"GONE"}
    source = Yahoo(["GONE", "A"], Line(clock, {}, step=60.0), past, new_york, past=0, clock=clock)
    frames, heard = source.frames(), []
    async for frame in frames:
        past.said = [split(4.0, known_at=0)]
        heard += told([frame])
        if clock.now > (NOON + 7_200) * SECOND:
            break
    await frames.aclose()  # type: ignore[attr-defined]
    assert [value for value, _ in heard] == [4.0]
    times = [ts for symbol, ts in past.announced if symbol == "GONE"]
    assert 3 <= len(times) <= 30  # not at each beat


async def test_quotes_older_than_the_delay_are_told_about(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    quotes = {i: [quote("VALE3.SA", i - 900)] for i in range(1, 9)}
    frames = await run(feed(Line(clock, quotes), "VALE3.SA"), clock, 6)
    assert sum(len(frame) for frame in frames) == 6
    messages = [record.getMessage() for record in caplog.records if "delay" in record.getMessage()]
    assert messages == ["yahoo: VALE3.SA has quotes 900 s old: expected a delay of at least that"]


async def test_transform_and_fill_leave_no_bar_of_a_minute_spoilt_and_none_whole_replaced() -> None:
    """Cases 3 and 11 of the peers' reference, from the quotes to what an archive ends up with."""
    clock = Clock()
    quotes = {i: [quote("A", i, 10.0 + i, volume=i), quote("B", i, 20.0 + i, volume=i)] for i in range(1, 500)}
    quotes |= {i: [quote("B", i, 20.0 + i, volume=i)] for i in range(70, 131)}
    line = Line(clock, quotes, {"A": (70, 131)})
    frames = await run(feed(line, "A", "B", history=Past(clock), intervals=("1s", "1m"), past=0), clock, 450)
    state, transform = BarState.new(Rules.of(("1s", "1m"))), Transform(topic="ticks", partitions=1, tolerance=5.0)
    bars = [bar for frame in frames if frame.record is Bar for bar in frame.rows()]
    for offset, frame in enumerate(frame for frame in frames if frame.record is Tick):
        made, rejects = transform.run(state, 0, [Message(offset, 4 * 10**12, frame.encode())])
        assert not len(rejects)
        bars += [bar for part in made.values() for bar in part.rows()]
    first = {(bar.symbol, bar.interval, bar.start // SECOND - NOON): bar for bar in bars if bar.state == "final"}
    assert {second: first["A", "1m", second].quality for second in (0, 60, 120, 180, 240)} == {
        0: "partial", 60: "partial", 120: "partial", 180: "ok", 240: "ok",
    }  # fmt: skip
    seconds = {second: first["A", "1s", second].quality for second in range(60, 140)}
    assert {quality for second, quality in seconds.items() if 70 <= second < 130} == {"no_data"}
    assert {quality for second, quality in seconds.items() if second < 68 or second > 134} == {"ok"}
    assert {bar.quality for key, bar in first.items() if key[0] == "B" and key[2] > 60} == {"ok"}
    last: dict[tuple[str, str, int], Bar] = {}
    for bar in sorted(bars, key=lambda bar: (bar.known_at, bar.revision)):
        last[bar.symbol, bar.interval, bar.start // SECOND - NOON] = bar
    minutes = {key: bar for key, bar in last.items() if key[1] == "1m" and key[2] >= 60}
    assert {bar.quality for bar in minutes.values()} == {"ok"}
    assert {key for key, bar in minutes.items() if bar.source == "yahoo:fill"} == {("A", "1m", 60), ("A", "1m", 120)}
