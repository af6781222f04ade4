"""Windows in the stream and in history: the same numbers, also where late trades revise bars."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.actions import Action, to_meta
from causal_alpha.bars import BarState, Beat, Rules, roll
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.features import Feature, FeatureSet, Window
from causal_alpha.frames import Floats, Frame
from causal_alpha.history import history
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Features, Tick
from causal_alpha.universe import Universe
from causal_alpha.windows import Rings

T0 = 1_700_000_000 * SECOND
WIDTH = 6


def oldest_close(window: Window) -> Floats:
    return window.close[:, 0].copy()


SET = FeatureSet(
    (
        Feature("close", lambda window: window.close[:, -1].copy(), lookback=1),
        Feature("close_4_ago", oldest_close, lookback=5),
        Feature("volume", lambda window: window.volume.sum(axis=1), lookback=WIDTH),
    )
)


def bar(second: int, close: float = 1.0, **changes: Any) -> Bar:
    prices = dict.fromkeys(("open", "high", "low", "close", "vwap"), close)
    facts = {"symbol": "A", "interval": "1s", "start": second * SECOND, "volume": 1.0, "trades": 1, **changes}
    return Bar(**prices, known_at=facts.pop("known_at", (second + 1) * SECOND), **facts)


def revised(second: int, close: float, known_at: int, revision: int = 1) -> Bar:
    return bar(second, close, state="revised", revision=revision, known_at=known_at * SECOND)


@st.composite
def ticks(draw: st.DrawFn) -> list[Tick]:
    """Trades of three symbols, many of them late."""
    rows, now = [], T0
    for number in range(draw(st.integers(1, 60))):
        now += draw(st.integers(0, 1200)) * 1_000_000
        late = draw(st.sampled_from([0, 0, 0, 1500, 3000])) * 1_000_000
        price = draw(st.floats(1.0, 2.0))
        rows.append(Tick(symbol=draw(st.sampled_from("ABC")), ts=now - late, price=price, size=1.0, id=number))
    return rows


@settings(max_examples=150, deadline=None)
@given(ticks(), st.integers(1, 9), st.data())
def test_stream_and_history_see_the_same_revisions(log: list[Tick], batch: int, data: st.DataObject) -> None:
    state = BarState.new(Rules.of(("1s",), lateness=0.5, correction=4.0))
    universe, live, bars = Universe(WIDTH), list[Features](), list[Bar]()

    def feed(rows: list[Tick], *signs: Beat) -> None:
        made = roll(state, Frame.of(Tick, rows), signs).bars["1s"]
        meta = {"origin": "ticks/0", "origins": "1", "watermark": str(state.watermark)}
        bars.extend(made.rows())
        for section in universe.push("default|1s", Frame(Bar, made.columns, meta), SET):
            live.extend(section.rows())

    for first in range(0, len(log), batch):
        feed(log[first : first + batch])
        if data.draw(st.booleans()):
            universe = Universe.load(universe.dump(), WIDTH)
    feed([], Beat(0, max(row.ts for row in log) + 2 * WIDTH * SECOND))

    once = history(SET, Frame.of(Bar, bars), WIDTH)

    key = lambda row: (row.start, row.symbol)  # noqa: E731
    assert sorted(live, key=key) == list(once.rows())


def test_window_sees_a_revision_from_when_it_is_known_on() -> None:
    rows = [bar(second, 1.0 + second) for second in range(8)]
    found = history(SET, Frame.of(Bar, [*rows, revised(0, 9.0, known_at=5), revised(2, 7.0, known_at=8)]), WIDTH)

    seen = {row.start // SECOND: row.values[1] for row in found.rows()}
    assert [seen[4], seen[5], seen[6], seen[7]] == [9.0, 2.0, 3.0, 4.0]
    early = history(SET, Frame.of(Bar, [*rows, revised(0, 9.0, known_at=6)]), WIDTH)
    assert next(row for row in early.rows() if row.start == 4 * SECOND).values[1] == 1.0


def test_rings_take_the_newest_revision_whatever_the_order() -> None:
    rings = Rings(WIDTH)
    for second in range(5):
        rings.push(SET, Frame.of(Bar, [bar(second)]))
    rings.revise(Frame.of(Bar, [revised(1, 5.0, known_at=6, revision=2), revised(1, 4.0, known_at=6)]))
    rings.revise(Frame.of(Bar, [revised(1, 4.0, known_at=6), revised(0, 8.0, 6), revised(99, 1.0, 100)]))

    found = rings.push(SET, Frame.of(Bar, [bar(5)]))

    assert next(found.rows()).values[1] == 5.0


def test_rings_of_another_width_go_on_from_a_dump() -> None:
    rings = Rings(WIDTH)
    for second in range(20):
        rings.push(SET, Frame.of(Bar, [bar(second, float(second))]))

    wider = Rings.load(rings.dump(), 2 * WIDTH)
    narrow = Rings.load(rings.dump(), 5)

    assert next(wider.push(SET, Frame.of(Bar, [bar(20)])).rows()).values[1] == 16.0
    assert narrow.push(FeatureSet(SET.features[:2]), Frame.of(Bar, [bar(20)])).floats("values")[0, 1] == 16.0


def test_rings_give_a_view_where_all_symbols_move_together() -> None:
    rings = Rings(WIDTH)
    windows: list[Window] = []
    spy = FeatureSet((Feature("spy", lambda window: windows.append(window) or window.close[:, -1].copy(), lookback=3),))
    for second in range(4 * WIDTH):
        rings.push(spy, Frame.of(Bar, [bar(second), bar(second, symbol="B")]))

    assert np.shares_memory(windows[-1].bars, rings.bars)


def test_split_day_makes_no_spike_in_the_stream_or_in_history() -> None:
    """Four shares for one at second 30, so the price falls to a quarter; that it is not three is known at 32."""
    rows = [bar(second, 100.0 if second < 30 else 25.0, symbol=name) for second in range(60) for name in "AB"]
    word = {"symbol": "A", "kind": "split", "date": 0, "ts": 30 * SECOND}
    actions = [Action(**word, value=3.0, known_at=20 * SECOND), Action(**word, value=4.0, known_at=32 * SECOND)]
    back = FeatureSet((Feature("back", lambda window: window.close[:, -1] / window.close[:, 0] - 1, lookback=4),))
    universe, live = Universe(WIDTH), list[Features]()
    for second in range(60):
        if second in {10, 31}:
            said = Frame.empty(Bar, to_meta(actions[: 1 if second == 10 else 2]))
            assert list(universe.push("default|*", said, back)) == []
            universe = Universe.load(unpack(pack(universe.dump())), WIDTH)
        meta = {"origin": "bars/x", "watermark": str((second + 1) * SECOND)}
        now = Frame.of(Bar, [row for row in rows if row.start == second * SECOND], meta)
        live += [row for section in universe.push("default|1s", now, back) for row in section.rows()]

    once = list(history(back, Frame.of(Bar, rows), WIDTH, actions).rows())

    assert live == once
    seen = {(row.symbol, row.start // SECOND): row.values[0] for row in once if row.start >= 3 * SECOND}
    assert [round(seen["A", second], 3) for second in range(28, 35)] == [0.0, 0.0, -0.25, 0.0, 0.0, 0.0, 0.0]
    assert [seen["B", second] for second in range(29, 34)] == [0.0, -0.75, -0.75, -0.75, 0.0]


def test_impossible_actions_leave_windows_as_they_were_traded() -> None:
    universe = Universe(WIDTH)
    dear = Action(symbol="A", kind="dividend", date=0, ts=2 * SECOND, value=1e9, known_at=0)
    list(universe.push("default|*", Frame.empty(Bar, {"actions": "{"}), SET))
    list(universe.push("default|*", Frame.empty(Bar, to_meta([dear])), SET))

    found = [
        row
        for second in range(6)
        for section in universe.push(
            "default|1s", Frame.of(Bar, [bar(second)], {"origin": "bars/x", "watermark": str(10**18)}), SET
        )
        for row in section.rows()
    ]

    assert found[-1].values[1] == 1.0
