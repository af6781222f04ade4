"""Laws of the bars: whatever the cut or the order of the log, the same bars, and no row vanishes."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.bars import NEVER, BarState, close, forming, roll
from causal_alpha.frames import Frame, Ints
from causal_alpha.intervals import SECOND
from causal_alpha.records import NO_ID, Bar, Tick

T0 = 1_700_000_000 * SECOND
INTERVALS = ("1s", "5s")

prices = st.sampled_from([100.1, 100.2, 99.95, 0.3, 1e-8, 1e6 + 0.1])
sizes = st.sampled_from([0.0, 0.1, 0.2, 0.3, 1e-8, 7.0, 123456.789])


@st.composite
def tick_lists(draw: st.DrawFn, max_size: int = 40) -> list[Tick]:
    """Ticks with distinct ids, in event order, a few symbols."""
    steps = draw(st.lists(st.integers(0, 900), max_size=max_size))
    ts, rows = T0, []
    for i, step in enumerate(steps):
        ts += step * 1_000_000
        symbol = draw(st.sampled_from(["A", "B", "C"]))
        rows.append(Tick(symbol=symbol, ts=ts, price=draw(prices), size=draw(sizes), id=i))
    return rows


def beats(n: int, last: int = NEVER) -> Ints:
    column = np.full(n + 1, NEVER)
    column[-1] = last
    return column


def fold(parts: list[list[Tick]], lateness: float = 1.0, end: int | None = None) -> tuple[list[Bar], BarState]:
    state = BarState.new(INTERVALS, lateness)
    bars: list[Bar] = []
    for rows in parts:
        state.counts.rows += len(rows)
        roll(state, Frame.of(Tick, rows), beats(len(rows)))
        bars += [bar for frame in close(state).values() for bar in frame.rows()]
    roll(state, Frame.of(Tick, []), beats(0, T0 + 3600 * SECOND if end is None else end))
    bars += [bar for frame in close(state).values() for bar in frame.rows()]
    return sorted(bars, key=lambda bar: (bar.interval, bar.start, bar.symbol)), state


def brute_force(rows: list[Tick]) -> dict[tuple[str, int, str], Bar]:
    groups = defaultdict(list)
    for row in rows:
        for interval, length in (("1s", SECOND), ("5s", 5 * SECOND)):
            groups[interval, row.ts - row.ts % length, row.symbol].append(row)
    bars = {}
    for (interval, start, symbol), group in groups.items():
        price = [row.price for row in group]
        volume = math.fsum(row.size for row in group)
        turnover = math.fsum(row.price * row.size for row in group)
        bars[interval, start, symbol] = Bar(
            symbol=symbol,
            interval=interval,
            start=start,
            open=price[0],
            high=max(price),
            low=min(price),
            close=price[-1],
            volume=volume,
            vwap=turnover / volume if volume else price[-1],
            trades=len(group),
        )
    return bars


@settings(max_examples=100, deadline=None)
@given(tick_lists())
def test_bars_equal_a_loop_over_all_ticks(rows: list[Tick]) -> None:
    bars, state = fold([rows])

    expected = brute_force(rows)
    assert {(bar.interval, bar.start, bar.symbol) for bar in bars} == set(expected)
    for bar in bars:
        wanted = expected[bar.interval, bar.start, bar.symbol]
        for name in ("open", "high", "low", "close", "trades", "state", "revision"):
            assert getattr(bar, name) == getattr(wanted, name)
        assert bar.volume == pytest.approx(wanted.volume, rel=3e-16)  # fsum rounds once
        assert bar.vwap == pytest.approx(wanted.vwap, rel=1e-14)
    assert state.counts.balanced()


@settings(max_examples=100, deadline=None)
@given(tick_lists(), st.data())
def test_bars_do_not_depend_on_how_the_log_is_cut(rows: list[Tick], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))  # late and duplicate rows included
    log = list(shuffled) + shuffled[: len(rows) // 3]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=6)))
    parts = [log[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]

    one, at_once = fold([log])
    many, in_parts = fold(parts)

    assert one == many
    assert at_once.counts == in_parts.counts
    assert at_once.counts.balanced()


@settings(max_examples=100, deadline=None)
@given(tick_lists(), st.data())
def test_bars_do_not_depend_on_order_within_the_lateness(rows: list[Tick], data: st.DataObject) -> None:
    jitter = data.draw(st.lists(st.integers(0, 1999), min_size=len(rows), max_size=len(rows)))
    arrival = sorted(range(len(rows)), key=lambda i: rows[i].ts + jitter[i] * 1_000_000)

    in_order, _ = fold([rows], lateness=2.0)
    jumbled, state = fold([[rows[i] for i in arrival]], lateness=2.0)

    assert jumbled == in_order
    assert state.counts.late == 0


@settings(max_examples=50, deadline=None)
@given(tick_lists(), st.data())
def test_duplicates_change_nothing_and_are_counted(rows: list[Tick], data: st.DataObject) -> None:
    picks = data.draw(st.lists(st.integers(0, max(len(rows) - 1, 0)), max_size=10)) if rows else []
    log = list(rows)
    for pick in picks:
        log.insert(log.index(rows[pick]) + 1, rows[pick])

    bars, state = fold([log], lateness=60.0)

    assert bars == fold([rows], lateness=60.0)[0]
    assert state.counts.duplicates == len(picks)
    assert state.counts.balanced()


def tick(ts: int, price: float = 1.0, **fields: object) -> Tick:
    return Tick(symbol="A", ts=ts, price=price, size=1.0, **fields)  # type: ignore[arg-type]


def test_bar_edge_belongs_to_the_next_bar() -> None:
    bars, _ = fold([[tick(T0), tick(T0 + SECOND, price=2.0)]])

    assert [(bar.start, bar.close) for bar in bars if bar.interval == "1s"] == [(T0, 1.0), (T0 + SECOND, 2.0)]


def test_late_tick_is_returned_with_its_place_and_left_out() -> None:
    state = BarState.new(("1s",), lateness=1.0)
    rows = [tick(T0), tick(T0 + 3 * SECOND), tick(T0 + SECOND // 2, price=9.0)]

    late = roll(state, Frame.of(Tick, rows), beats(3))

    assert late.tolist() == [2]
    assert [bar.high for bar in close(state)["1s"].rows()] == [1.0]


def test_heartbeat_closes_the_bar_of_a_quiet_symbol() -> None:
    state = BarState.new(("1s",), lateness=1.0)
    roll(state, Frame.of(Tick, [tick(T0)]), beats(1))
    assert len(close(state)["1s"]) == 0

    roll(state, Frame.of(Tick, []), beats(0, T0 + SECOND))

    assert [bar.start for bar in close(state)["1s"].rows()] == [T0]


def test_heartbeat_before_a_tick_makes_it_late() -> None:
    state = BarState.new(("1s",), lateness=1.0)
    column = np.asarray([NEVER, T0 + SECOND, NEVER])

    late = roll(state, Frame.of(Tick, [tick(T0), tick(T0 + 1)]), column)

    assert late.tolist() == [1]


def test_rows_without_an_id_are_never_duplicates() -> None:
    bars, state = fold([[tick(T0, id=NO_ID), tick(T0, id=NO_ID)]])

    assert [bar.trades for bar in bars if bar.interval == "1s"] == [2]
    assert state.counts.duplicates == 0


def test_forming_bars_are_told_once_per_change() -> None:
    state = BarState.new(("1s",), lateness=1.0)
    roll(state, Frame.of(Tick, [tick(T0), tick(T0 + 1, price=3.0)]), beats(2))

    told = [(bar.state, bar.close, bar.trades) for bar in forming(state)["1s"].rows()]

    assert told == [("forming", 3.0, 2)]
    assert len(forming(state)["1s"]) == 0
