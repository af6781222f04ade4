"""Laws of the bars: whatever the cut or the order of the log, the same bars, and no row vanishes."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.bars import BarState, Beat, Gap, Rules, forming, roll
from causal_alpha.calendar import load_sessions
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.frames import Frame, Ints
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import NO_ID, Bar, Tick
from causal_alpha.roster import Always, Hours
from causal_alpha.sessions import Sessions
from tests.bars_oracle import Key, Oracle, Row

T0 = 1_700_000_000 * SECOND
RULES = Rules.of(("1s", "5s"), lateness=1.0, correction=3.0, feed_timeout=2.0, quiet_bars=4)

prices = st.sampled_from([100.1, 100.2, 99.95, 0.3, 1e-8, 1e6 + 0.1])
sizes = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1e-8, 7.0, 123456.789])
quotes = st.sampled_from([{}, {"bid": 99.9, "ask": 100.3, "bid_size": 2.0, "ask_size": 1.0}, {"bid": 100.1}])


class Shifts:
    """A market that opens for two slots of ten."""

    def bar_starts(self, first: int, end: int, length: int) -> Ints:
        starts = np.arange(first, end, length, dtype=np.int64)
        return starts[(starts // SECOND) % 10 < 2]


ALWAYS, SHIFTS = Always(), Shifts()
OPENS = T0 + SECOND * np.arange(3, 1000, 10)
LATE = Sessions("late", OPENS, OPENS + 4 * SECOND)
"""A market that opens in the midst of a bar of 5 s and closes in that of the next."""
HOURS: dict[str, Hours] = {"A": ALWAYS, "B": ALWAYS, "C": SHIFTS, "D": LATE}
FEEDS = [("A", "x"), ("A", "y"), ("B", "x"), ("C", "z"), ("D", "x"), ("D", "w")]


@st.composite
def tick_lists(draw: st.DrawFn, max_size: int = 40) -> list[Tick]:
    """Ticks with distinct ids, in event order, a few symbols and sources."""
    steps = draw(st.lists(st.integers(0, 900), max_size=max_size))
    ts, rows = T0, []
    for i, step in enumerate(steps):
        ts += step * 1_000_000
        symbol, source = draw(st.sampled_from(FEEDS))
        facts: dict[str, Any] = {"price": draw(prices), "size": draw(sizes), **draw(quotes)}
        rows.append(Tick(symbol=symbol, ts=ts, id=i, source=source, **facts))
    return rows


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    """Ticks late and repeated in any way, heartbeats, gaps, pauses."""
    log: list[Row] = []
    now = T0
    for number in range(draw(st.integers(0, 30))):
        now += draw(st.sampled_from([0, 100, 400, 1000, 1700, 7000, 20_000])) * 1_000_000
        kind = draw(st.sampled_from(["tick"] * 6 + ["again", "beat", "gap"]))
        if kind == "tick":
            symbol, source = draw(st.sampled_from(FEEDS))
            ts = now - draw(st.sampled_from([0, 0, 0, 500, 1500, 2500, 4000, 9000])) * 1_000_000
            facts: dict[str, Any] = {"price": draw(prices), "size": draw(sizes), **draw(quotes)}
            log.append(Tick(symbol=symbol, ts=ts, id=draw(st.sampled_from([number, NO_ID])), source=source, **facts))
        elif kind == "beat":
            log.append(
                Beat(0, now - draw(st.sampled_from([0, 3000])) * 1_000_000, draw(st.sampled_from(["", "x", "z"])))
            )
        elif kind == "gap":
            start = now + draw(st.integers(-4000, 2000)) * 1_000_000
            names = draw(st.sampled_from([("A",), ("A", "C"), ("B", "nobody")]))
            log.append(Gap(0, "x", names, start, start + draw(st.integers(1, 9000)) * 1_000_000))
        elif log:
            log.append(draw(st.sampled_from(log)))
    return log


class Found:
    """What `roll` made of a log, handed over in parts."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.state = BarState.new(rules, lambda name: HOURS.get(name, ALWAYS))
        self.final: dict[Key, Bar] = {}
        self.revised: dict[tuple[Key, int], Bar] = {}

    def read(self, rows: list[Row]) -> None:
        ticks = [row for row in rows if isinstance(row, Tick)]
        before = np.cumsum([isinstance(row, Tick) for row in rows]).tolist()
        signs = [row._replace(row=n) for row, n in zip(rows, before, strict=True) if not isinstance(row, Tick)]
        self.state.counts.rows += len(ticks)
        for frame in roll(self.state, Frame.of(Tick, ticks), signs).bars.values():
            for bar in frame.rows():
                key = (bar.interval, bar.symbol, bar.start)
                if bar.state == "final":
                    assert key not in self.final
                    self.final[key] = bar
                else:
                    known = self.revised.get((key, bar.known_at))
                    assert bar.revision > max(known.revision if known else 0, 0)
                    self.revised[key, bar.known_at] = bar

    def restart(self) -> None:
        tree = unpack(pack(self.state.dump()))
        self.state = BarState.load(tree, self.state.rules, self.state.hours)


def end_of(log: list[Row]) -> Beat:
    """A heartbeat that closes every bar of a log and makes each symbol one that is no longer expected."""
    newest = max((row.end if isinstance(row, Gap) else row.ts for row in log), default=T0)
    return Beat(0, newest + 60 * SECOND)


def fold(*parts: list[Row], rules: Rules = RULES) -> Found:
    found = Found(rules)
    for part in parts:
        found.read(part)
    found.read([end_of([row for part in parts for row in part])])
    return found


def cut(log: list[Row], data: st.DataObject) -> list[list[Row]]:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=6)))
    return [log[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]


def assert_close(found: dict[Any, Bar], expected: dict[Any, Bar]) -> None:
    assert found.keys() == expected.keys()
    for key, bar in found.items():
        for name in Bar.__struct_fields__:
            was, wanted = getattr(bar, name), getattr(expected[key], name)
            if name in {"volume", "vwap", "buy_volume"}:  # the oracle rounds once, at the end
                assert was == pytest.approx(wanted, rel=1e-14, nan_ok=True)
            else:
                assert [was] == [wanted], (key, name)  # lists take a NaN for itself


@settings(max_examples=300, deadline=None)
@given(logs())
def test_bars_equal_those_of_a_loop_over_the_log(log: list[Row]) -> None:
    oracle = Oracle(RULES, HOURS)
    oracle.read([*log, end_of(log)])

    found = fold(log)

    assert_close(found.final, oracle.final)
    assert_close(found.revised, oracle.revised)
    counts = found.state.counts
    assert (counts.in_bars, counts.late, counts.duplicates) == (oracle.in_bars, oracle.late, oracle.duplicates)
    assert counts.balanced()


@settings(max_examples=200, deadline=None)
@given(logs(), st.data())
def test_bars_do_not_depend_on_how_the_log_is_cut(log: list[Row], data: st.DataObject) -> None:
    at_once, in_parts = fold(log), fold(*cut(log, data))

    assert in_parts.final == at_once.final
    assert in_parts.revised == at_once.revised
    assert in_parts.state.counts == at_once.state.counts


@settings(max_examples=100, deadline=None)
@given(logs(), st.data())
def test_bars_do_not_depend_on_a_restart(log: list[Row], data: st.DataObject) -> None:
    restarted = Found()
    for part in cut(log, data):
        restarted.read(part)
        restarted.restart()
    restarted.read([end_of(log)])

    at_once = fold(log)
    assert (restarted.final, restarted.revised) == (at_once.final, at_once.revised)
    assert restarted.state.counts == at_once.state.counts


@settings(max_examples=100, deadline=None)
@given(tick_lists(), st.data())
def test_bars_do_not_depend_on_order_within_the_lateness(rows: list[Tick], data: st.DataObject) -> None:
    jitter = data.draw(st.lists(st.integers(0, 1999), min_size=len(rows), max_size=len(rows)))
    arrival = sorted(range(len(rows)), key=lambda i: rows[i].ts + jitter[i] * 1_000_000)
    rules = Rules.of(("1s", "5s"), lateness=2.0)

    in_order, jumbled = fold([*rows], rules=rules), fold([rows[i] for i in arrival], rules=rules)

    assert jumbled.final == in_order.final
    assert not jumbled.revised
    assert jumbled.state.counts.late == 0


@settings(max_examples=50, deadline=None)
@given(tick_lists(), st.data())
def test_duplicates_change_nothing_and_are_counted(rows: list[Tick], data: st.DataObject) -> None:
    picks = data.draw(st.lists(st.integers(0, max(len(rows) - 1, 0)), max_size=10)) if rows else []
    log = list(rows)
    for pick in picks:
        log.insert(log.index(rows[pick]) + 1, rows[pick])

    once, again = fold([*rows]), fold([*log])

    assert again.final == once.final
    assert again.state.counts.duplicates == len(picks)
    assert again.state.counts.balanced()


def tick(seconds: float, price: float = 1.0, symbol: str = "A", **fields: Any) -> Tick:
    return Tick(symbol=symbol, ts=T0 + round(seconds * SECOND), price=price, size=1.0, source="x", **fields)


def beat(seconds: float, source: str = "") -> Beat:
    return Beat(0, T0 + round(seconds * SECOND), source)


def seconds(bars: dict[Key, Bar], symbol: str = "A") -> list[tuple[int, str, float]]:
    """Of the 1 s bars: start in s, quality, close."""
    return [
        ((bar.start - T0) // SECOND, bar.quality, bar.close)
        for bar in sorted(bars.values(), key=lambda bar: bar.start)
        if (bar.interval, bar.symbol) == ("1s", symbol)
    ]


def test_trade_at_the_end_belongs_to_the_next_bar() -> None:
    found = fold([tick(0), tick(1, price=2.0)], rules=Rules.of(("1s",), quiet_bars=0))

    assert seconds(found.final) == [(0, "partial", 1.0), (1, "partial", 2.0)]


def test_late_trade_inside_the_window_makes_one_revision() -> None:
    found = Found(Rules.of(("1s",), lateness=1.0, correction=5.0))
    found.read([tick(0, id=1), tick(3, id=2), tick(0.5, price=9.0, id=3), tick(0.5, price=9.0, id=3)])

    assert found.final["1s", "A", T0].close == 1.0
    (revised,) = found.revised.values()
    assert (revised.start, revised.state, revised.revision) == (T0, "revised", 1)
    assert (revised.high, revised.close, revised.volume, revised.trades) == (9.0, 9.0, 2.0, 2)
    assert revised.known_at == T0 + 3 * SECOND  # the watermark stood at 2 s: the bar that ends at 3 s can know
    assert found.state.counts.duplicates == 1


def test_late_trade_beyond_the_window_is_returned_and_left_out() -> None:
    state = BarState.new(Rules.of(("1s",), lateness=1.0, correction=5.0))
    rows = [tick(0), tick(7), tick(0.5, price=9.0)]

    rolled = roll(state, Frame.of(Tick, rows))

    assert rolled.late.tolist() == [2]
    assert state.counts.late == 1
    assert {bar.state for bar in rolled.bars["1s"].rows()} == {"final"}


def test_late_trade_for_a_bar_without_trades_makes_it_a_traded_one() -> None:
    found = Found(Rules.of(("1s",), lateness=0.0, correction=5.0))
    found.read([tick(0), tick(3), tick(1.5, price=4.0)])

    assert found.final["1s", "A", T0 + SECOND].quality == "no_trade"
    (revised,) = found.revised.values()
    assert (revised.start, revised.quality, revised.open, revised.trades) == (T0 + SECOND, "ok", 4.0, 1)


def test_quiet_symbol_closes_by_a_heartbeat_alone() -> None:
    found = Found(Rules.of(("1s",)))
    found.read([tick(0)])
    assert not found.final

    found.read([beat(1)])

    assert seconds(found.final) == [(0, "partial", 1.0)]


def test_quiet_symbol_gets_bars_without_a_trade_while_its_feed_is_alive() -> None:
    found = Found(Rules.of(("1s",), lateness=0.0, feed_timeout=1.0))
    found.read([tick(0, price=7.0), tick(0, symbol="B"), tick(1, symbol="B"), tick(2, symbol="B"), beat(3)])

    quiet = found.final["1s", "A", T0 + 2 * SECOND]
    assert seconds(found.final) == [(0, "partial", 7.0), (1, "no_trade", 7.0), (2, "no_trade", 7.0)]
    assert (quiet.open, quiet.high, quiet.low, quiet.vwap, quiet.volume, quiet.trades) == (7.0, 7.0, 7.0, 7.0, 0.0, 0)


def test_feed_that_went_away_leaves_bars_without_data_and_no_price() -> None:
    found = Found(Rules.of(("1s", "5s"), lateness=0.0, feed_timeout=2.0))
    found.read([tick(0, price=7.0), beat(10), tick(11, price=8.0), beat(15)])

    qualities = [quality for _, quality, _ in seconds(found.final)]
    assert qualities == ["partial", "no_trade", "no_trade", *["no_data"] * 8, "ok", "no_trade", "no_trade", "no_data"]
    assert math.isnan(found.final["1s", "A", T0 + 5 * SECOND].open)
    five = {(key[2] - T0) // SECOND: bar.quality for key, bar in found.final.items() if key[0] == "5s"}
    assert five == {0: "partial", 5: "no_data", 10: "ok"}


def test_feed_that_joins_midway_makes_a_partial_bar() -> None:
    found = Found(Rules.of(("1s", "60s"), lateness=0.0, feed_timeout=2.0, quiet_bars=600))
    start = T0 - T0 % (60 * SECOND) + 60 * SECOND
    at = (start - T0) / SECOND
    found.read([tick(at, id=1), beat(at + 60), tick(at + 90, id=2), beat(at + 119, "x"), beat(at + 120)])

    sixty = [bar.quality for key, bar in found.final.items() if key[0] == "60s"]
    assert sixty == ["partial", "partial"]  # the first one of its symbol; then 30 s without the feed


def test_longer_bar_without_a_word_of_its_feed_has_no_data() -> None:
    """Though the feed spoke shortly before: for most of the bar nobody knows whether there were trades."""
    found = Found(Rules.of(("1s", "5s", "20s"), lateness=0.0, feed_timeout=5.0))
    found.read([tick(0), beat(19, "x"), beat(60)])

    for interval, expected in (
        ("5s", {0: "partial", 5: "no_data", 10: "no_data", 15: "no_trade", 20: "no_trade", 25: "no_data"}),
        ("20s", {0: "partial", 20: "no_data", 40: "no_data"}),
    ):
        qualities = {(key[2] - T0) // SECOND: bar.quality for key, bar in found.final.items() if key[0] == interval}
        assert expected.items() <= qualities.items()
    assert [quality for start, quality, _ in seconds(found.final) if 19 <= start <= 25] == ["no_trade"] * 6 + [
        "no_data"
    ]


def test_longer_bar_says_nothing_of_a_feed_that_died_in_it_but_its_seconds_do() -> None:
    found = Found(Rules.of(("1s", "20s"), lateness=0.0, feed_timeout=5.0))
    found.read([tick(0, id=1), tick(20, id=2), tick(22, id=3), tick(37, id=4), beat(41, "x"), beat(60)])

    twenty = {(key[2] - T0) // SECOND: bar.quality for key, bar in found.final.items() if key[0] == "20s"}
    second = {start: quality for start, quality, _ in seconds(found.final)}
    assert twenty == {0: "partial", 20: "ok", 40: "no_trade"}
    assert [second[start] for start in (22, 27, 28, 36, 46, 47)] == [
        "ok",
        "no_trade",
        *["no_data"] * 2,
        "no_trade",
        "no_data",
    ]


def test_feed_that_is_silent_until_the_market_opens_has_not_joined_midway() -> None:
    """A producer without heartbeats sends nothing at night: its days are whole all the same."""
    rules = Rules.of(("1s", "1m", "1h", "1d"), lateness=0.0, feed_timeout=5.0)
    days = [1_717_421_400, 1_717_507_800, 1_717_594_200]  # 9:30 in New York, 3rd to 5th June 2024
    late = {days[2]: 20}
    rows = [
        Tick(symbol="N", ts=(day + second) * SECOND, price=1.0, size=1.0, source="x")
        for day in days
        for second in range(3 + late.get(day, 0), 390 * 60, 60)
    ]
    state = BarState.new(rules, lambda _: load_sessions("XNYS"))
    bars = roll(state, Frame.of(Tick, rows), [Beat(len(rows), (days[-1] + 86_400) * SECOND)]).bars

    def found(interval: str) -> list[list[str]]:
        of_day = [[bar for bar in bars[interval].rows() if bar.start // DAY == day * SECOND // DAY] for day in days]
        return [[bar.quality for bar in some if bar.trades] for some in of_day]

    assert found("1d") == [["partial"], ["ok"], ["partial"]]  # the first one of its symbol; the last joined after 23 s
    assert [some[0] for some in found("1h")] == ["partial", "ok", "partial"]
    assert [some[0] for some in found("1m")] == ["partial", "ok", "partial"]


def test_gap_that_a_source_declares_marks_bars() -> None:
    found = Found(Rules.of(("1s",), lateness=0.0, feed_timeout=60.0))
    found.read(
        [tick(0), tick(0, symbol="B"), Gap(0, "x", ("A",), T0 + 1 * SECOND, T0 + 3 * SECOND), tick(2), beat(4, "x")]
    )

    assert [quality for _, quality, _ in seconds(found.final)] == ["partial", "no_data", "partial", "no_trade"]
    assert [quality for _, quality, _ in seconds(found.final, "B")] == ["partial", "no_trade", "no_trade", "no_trade"]


def test_symbol_without_a_trade_for_long_is_no_longer_expected() -> None:
    found = Found(Rules.of(("1s",), lateness=0.0, quiet_bars=2, feed_timeout=3600.0))
    found.read([tick(0), beat(1000), tick(1000, price=2.0), beat(1001)])

    assert seconds(found.final) == [
        (0, "partial", 1.0),
        (1, "no_trade", 1.0),
        (2, "no_trade", 1.0),
        (1000, "partial", 2.0),
    ]


def test_closed_market_has_no_bars_but_those_of_its_trades() -> None:
    found = Found(Rules.of(("1s",), lateness=0.0, feed_timeout=3600.0))
    found.read([tick(0, symbol="C"), tick(5, symbol="C", price=2.0), beat(12)])

    closes = [(start, close) for start, _, close in seconds(found.final, "C")]
    assert closes == [(0, 1.0), (1, 1.0), (5, 2.0), (10, 2.0), (11, 2.0)]


def test_bar_carries_the_closing_quote_and_what_was_bought() -> None:
    quote = {"bid": 10.0, "ask": 11.0, "bid_size": 3.0, "ask_size": 4.0}
    found = Found(Rules.of(("1s",)))
    found.read([tick(0, 11.0, id=1, **quote), tick(0.1, 10.0, id=2, **quote), tick(0.2, 10.5, id=3, **quote), beat(1)])

    bar = found.final["1s", "A", T0]
    assert (bar.bid, bar.ask, bar.mid, bar.bid_size, bar.ask_size) == (10.0, 11.0, 10.5, 3.0, 4.0)
    assert (bar.volume, bar.buy_volume) == (3.0, 1.5)


def test_one_side_of_a_quote_is_kept_whatever_the_other_trades_have() -> None:
    alone, beside = Found(Rules.of(("1s",))), Found(Rules.of(("1s",)))
    row = tick(0, id=1, ask=11.0)
    alone.read([row, beat(1)])
    beside.read([row, tick(0, symbol="B", bid=10.0), beat(1)])

    assert alone.final["1s", "A", T0] == beside.final["1s", "A", T0]
    assert alone.final["1s", "A", T0].ask == 11.0


def test_quote_stands_while_nobody_trades_and_is_gone_with_the_feed() -> None:
    quote = {"bid": 10.0, "ask": 11.0, "bid_size": 3.0, "ask_size": 4.0}
    found = Found(Rules.of(("1s",), lateness=0.0, feed_timeout=1.0))
    found.read([tick(0, 11.0, **quote), beat(1)])
    found.restart()
    found.read([beat(1, "x"), beat(6)])

    quiet, away = (found.final["1s", "A", T0 + second * SECOND] for second in (1, 4))
    assert (quiet.quality, quiet.bid, quiet.ask, quiet.bid_size, quiet.ask_size) == ("no_trade", 10.0, 11.0, 3.0, 4.0)
    assert (quiet.mid, quiet.buy_volume) == (10.5, 0.0)
    assert away.quality == "no_data"
    assert np.isnan([away.bid, away.ask, away.bid_size, away.ask_size, away.buy_volume]).all()


def test_snapshot_without_quotes_can_be_loaded() -> None:
    found = Found(Rules.of(("1s",), lateness=0.0))
    found.read([tick(0, bid=10.0, ask=11.0), beat(1)])
    tree = found.state.dump()
    tree["rosters"] = {name: arrays[:3] for name, arrays in tree["rosters"].items()}
    found.state = BarState.load(unpack(pack(tree)), found.state.rules)
    found.read([beat(2)])

    bar = found.final["1s", "A", T0 + SECOND]
    assert (bar.close, math.isnan(bar.bid)) == (1.0, True)


def test_symbol_that_is_only_quoted_has_bars_of_its_middle() -> None:
    """Rows of size 0 at the middle, as feeds of currencies send them: bars with prices, quotes and no volume."""
    quotes = [(1.0, 1.2), (1.3, 1.5), (1.1, 1.2)]
    rows = [tick(i / 4, (bid + ask) / 2, bid=bid, ask=ask) for i, (bid, ask) in enumerate(quotes)]
    found = Found(Rules.of(("1s",), lateness=0.0))
    found.read([msgspec.structs.replace(row, size=0.0) for row in rows] + [beat(2, "x")])

    bar, quiet = (found.final["1s", "A", T0 + second * SECOND] for second in (0, 1))
    assert (bar.open, bar.high, bar.low, bar.close, bar.vwap) == (1.1, 1.4, 1.1, 1.15, 1.15)
    assert (bar.volume, bar.trades, bar.bid, bar.ask, bar.buy_volume) == (0.0, 3, 1.1, 1.2, 0.0)
    assert (quiet.quality, quiet.close, quiet.mid) == ("no_trade", 1.15, bar.mid)


def test_heartbeat_before_a_tick_makes_it_late() -> None:
    state = BarState.new(Rules.of(("1s",), correction=0.0))

    rolled = roll(state, Frame.of(Tick, [tick(0), tick(0.5)]), [beat(1)._replace(row=1)])

    assert rolled.late.tolist() == [1]


def test_rows_without_an_id_are_never_duplicates() -> None:
    found = fold([tick(0, id=NO_ID), tick(0, id=NO_ID)])

    assert found.final["1s", "A", T0].trades == 2
    assert found.state.counts.duplicates == 0


def test_forming_bars_are_told_once_per_change() -> None:
    state = BarState.new(Rules.of(("1s",)))
    roll(state, Frame.of(Tick, [tick(0), tick(0.1, price=3.0)]))

    told = [(bar.state, bar.close, bar.trades) for bar in forming(state).rows()]

    assert told == [("forming", 3.0, 2)]
    assert len(forming(state)) == 0


def test_long_pause_costs_no_memory() -> None:
    found = Found(Rules.of(("1s",), feed_timeout=3600.0))
    found.read([tick(0, id=1), tick(10 * 365 * 86_400, id=2), beat(10 * 365 * 86_400 + 1)])

    assert len(found.final) == 602  # ten years have 300 million seconds
