"""Bars by activity: every so many trades, so much volume, so much money, however the log is cut."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.bars import BarState, Beat, Gap, Rules, roll
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND, activity, end_of
from causal_alpha.records import Bar, Tick

T0 = 1_700_000_000 * SECOND
RULES = Rules.of(("1s", "3tick", "10volume", "100dollar"), lateness=1.0, correction=3.0, quiet_bars=10)


def fold(parts: list[list[Tick]], *, restart: bool = False) -> list[Bar]:
    """The bars by activity, by interval, symbol and start."""
    state, bars = BarState.new(RULES), list[Bar]()
    for number, rows in enumerate([*parts, []]):
        signs = [Beat(0, T0 + 3600 * SECOND)] if number == len(parts) else []
        made = roll(state, Frame.of(Tick, rows), signs).bars
        bars += [bar for name in RULES.activities for bar in made[name].rows()]
        if restart:
            state = BarState.load(unpack(pack(state.dump())), RULES)
    return sorted(bars, key=lambda bar: (bar.interval, bar.symbol, bar.start))


def tick(seconds: float, price: float = 1.0, size: float = 1.0, **fields: Any) -> Tick:
    return Tick(**{"symbol": "A", "ts": T0 + round(seconds * SECOND), "price": price, "size": size, **fields})


def oracle(rows: list[Tick], worth: Any, threshold: float) -> list[list[Tick]]:
    """Groups of trades in event order; the one that reaches the threshold closes its group."""
    groups: list[list[Tick]] = []
    for symbol in sorted({row.symbol for row in rows}):
        group, amount = list[Tick](), 0.0
        for row in sorted((row for row in rows if row.symbol == symbol), key=lambda row: (row.ts, row.id)):
            group.append(row)
            amount += worth(row)
            if amount >= threshold:
                groups.append(group)
                group, amount = [], 0.0
    return groups


@st.composite
def ticks(draw: st.DrawFn) -> list[Tick]:
    rows, ts = [], 0.0
    for number in range(draw(st.integers(0, 60))):
        ts += draw(st.integers(0, 900)) / 1000
        price, size = draw(st.sampled_from([0.1, 2.5, 40.0])), draw(st.sampled_from([0.0, 0.1, 1.0, 25.0]))
        rows.append(tick(ts, price, size, id=number, symbol=draw(st.sampled_from("AB"))))
    return rows


@settings(max_examples=100, deadline=None)
@given(ticks())
def test_activity_bars_equal_a_loop_over_the_trades(rows: list[Tick]) -> None:
    found = fold([rows])

    worths = {"3tick": lambda _: 1.0, "10volume": lambda row: row.size, "100dollar": lambda row: row.price * row.size}
    for name, worth in worths.items():
        rule = activity(name)
        assert rule is not None
        groups = oracle(rows, worth, rule.threshold)
        bars = [bar for bar in found if bar.interval == name]
        assert [(b.symbol, b.trades, b.open, b.close) for b in bars] == [
            (group[0].symbol, len(group), group[0].price, group[-1].price) for group in groups
        ]
        for bar, group in zip(bars, groups, strict=True):
            assert (bar.high, bar.low) == (max(row.price for row in group), min(row.price for row in group))
            assert bar.volume == pytest.approx(sum(row.size for row in group))
            assert group[-1].ts < bar.known_at <= group[-1].ts + SECOND
        assert len({(bar.symbol, bar.start) for bar in bars}) == len(bars)


@settings(max_examples=100, deadline=None)
@given(ticks(), st.data())
def test_activity_bars_do_not_depend_on_order_cut_or_restart(rows: list[Tick], data: st.DataObject) -> None:
    jitter = data.draw(st.lists(st.integers(0, 999), min_size=len(rows), max_size=len(rows)))
    arrival = sorted(range(len(rows)), key=lambda i: rows[i].ts + jitter[i] * 1_000_000)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    log = [rows[i] for i in arrival]
    parts = [log[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]

    assert fold(parts, restart=data.draw(st.booleans())) == fold([rows])


def test_activity_bar_counts_a_late_trade_when_it_comes() -> None:
    parts = [[tick(0, 1.0, id=1), tick(3, 2.0, id=2)], [tick(0.5, 9.0, id=3), tick(4, 4.0, id=4), tick(4.5, 5.0, id=5)]]

    (bar,) = [bar for bar in fold(parts) if bar.interval == "3tick"]

    assert (bar.open, bar.close, bar.high, bar.trades) == (1.0, 2.0, 9.0, 3)
    assert (bar.state, bar.quality, bar.start) == ("final", "partial", T0)
    assert end_of(bar.interval, bar.start, bar.known_at) == bar.known_at == T0 + 4 * SECOND


def fold_with_gaps(log: list[Tick | Gap], cuts: list[int], rules: Rules) -> list[tuple[str, str, int, int, str]]:
    """Of the bars by activity: interval, symbol, first and last second, quality. Restarted at each cut."""
    state, found = BarState.new(rules), list[tuple[str, str, int, int, str]]()
    for first, end in pairwise([0, *cuts, len(log)]):
        part = log[first:end]
        before = np.cumsum([isinstance(row, Tick) for row in part]).tolist()
        signs = [row._replace(row=n) for row, n in zip(part, before, strict=True) if isinstance(row, Gap)]
        bars = roll(state, Frame.of(Tick, [row for row in part if isinstance(row, Tick)]), signs).bars
        found += [
            (name, bar.symbol, (bar.start - T0) // SECOND, (bar.known_at - T0) // SECOND - 1, bar.quality)
            for name in rules.activities
            for bar in bars[name].rows()
        ]
        state = BarState.load(unpack(pack(state.dump())), rules)
    return sorted(found)


def gap(first: int, end: int, symbol: str = "A") -> Gap:
    return Gap(0, "x", (symbol,), T0 + first * SECOND, T0 + end * SECOND)


def test_activity_bar_remembers_a_gap_until_it_is_full() -> None:
    """A bar of 600 trades takes ten minutes here, gaps are forgotten after two."""
    log: list[Tick | Gap] = [tick(second, id=second) for second in range(1900)]
    log.insert(699, gap(699, 701))
    rules = Rules.of(("1s", "1m", "600tick"), lateness=0.0, correction=3.0)

    found = fold_with_gaps(log, [*range(50, 1900, 50)], rules)

    assert [(first, quality) for _, _, first, _, quality in found] == [(0, "partial"), (600, "partial"), (1200, "ok")]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_activity_bars_are_partial_where_a_gap_fell_into_them_however_the_log_is_cut(data: st.DataObject) -> None:
    """One trade a second in turn of two symbols; the time of a bar can be many times that of the longest by time."""
    rules = Rules.of(("1s", "5s", "2tick", "30tick"), lateness=0.0, correction=2.5)
    log: list[Tick | Gap] = [tick(second, id=second, symbol="AB"[second % 2]) for second in range(200)]
    told = sorted(data.draw(st.lists(st.integers(1, 199), max_size=3)), reverse=True)
    gaps = []
    for place in told:
        start, length, symbol = place + data.draw(st.integers(-5, 30)), data.draw(st.integers(1, 20)), "AB"[place % 2]
        log.insert(place, gap(start, start + length, symbol))
        # what it says of the time before it was told is of bars that may be final already
        gaps.append((max(start, place - 1), start + length, symbol))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=6)))

    found = fold_with_gaps(log, cuts, rules)

    assert len(found) > 100
    for name, symbol, first, last, quality in found:
        holed = any(start <= last and end > max(first, start) for start, end, of in gaps if of == symbol)
        number = (first // 2) // int(name.removesuffix("tick"))
        assert quality == ("partial" if holed or number == 0 else "ok"), (name, symbol, first, last)
