"""Bars by activity: every so many trades, so much volume, so much money, however the log is cut."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.bars import BarState, Beat, Rules, roll
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
