import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.actions import Action
from causal_alpha.adjust import PRICES, SIZES, adjust, ratios, rescale, unsplit
from causal_alpha.errors import FrameError
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Frame, Ints
from causal_alpha.history import history
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar

LATER = 2**62
HOUR = 3600 * SECOND


def day(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def bar(start: int, close: float, *, volume: float = 100.0, symbol: str = "A", interval: str = "1d") -> Bar:
    return Bar(
        symbol=symbol, interval=interval, start=start, open=close * 0.99, high=close * 1.02, low=close * 0.98,
        close=close, volume=volume, vwap=close * 1.01, trades=3, bid=close * 0.999, ask=close * 1.001,
        bid_size=volume / 10, ask_size=volume / 5, buy_volume=volume / 2,
    )  # fmt: skip


def daily(closes: list[float], *, first: str = "2024-06-03", symbol: str = "A", interval: str = "1d") -> Frame[Bar]:
    width = interval_ns(interval)
    return Frame.of(
        Bar, [bar(day(first) + i * width, one, symbol=symbol, interval=interval) for i, one in enumerate(closes)]
    )


def split(date: str, value: float, *, known: str | None = None, symbol: str = "A") -> Action:
    """From 4:00 in UTC on, as in New York in summer; known a day before unless said otherwise."""
    known_at = day(known) if known else day(date) - DAY
    return Action(symbol=symbol, kind="split", date=day(date), ts=day(date) + 4 * HOUR, value=value, known_at=known_at)


def dividend(date: str, value: float, *, known: str | None = None) -> Action:
    return replace(split(date, 1.0, known=known), kind="dividend", value=value)


def test_a_split_divides_prices_and_multiplies_sizes_before_it() -> None:
    bars = Frame.concat([daily([100.0, 120.0, 31.0]), daily([50.0, 50.0, 50.0], symbol="B")])
    adjusted = adjust(bars, [split("2024-06-05", 4.0)], LATER)
    assert adjusted.floats("close").tolist() == [25.0, 30.0, 31.0, 50.0, 50.0, 50.0]
    assert adjusted.floats("volume").tolist() == [400.0, 400.0, 100.0, 100.0, 100.0, 100.0]
    for names, factor in ((PRICES, 0.25), (SIZES, 4.0)):
        for name in names:
            raw = bars.floats(name)
            np.testing.assert_allclose(adjusted.floats(name), raw * [factor, factor, 1, 1, 1, 1])
    for name in ("symbol", "start", "trades", "quality"):
        assert adjusted.columns[name] is bars.columns[name]


def test_a_split_day_makes_no_spike_in_returns() -> None:
    """Case 12 of the peers' reference: no tenfold spike."""
    bars = daily([1_000.0, 1_010.0, 101.5, 102.0])
    found = ratios(bars, [split("2024-06-05", 10.0)], LATER)
    assert math.isnan(found[0])
    np.testing.assert_allclose(found[1:], [1.01, 1.015 / 1.01, 102 / 101.5])


def test_a_reverse_split_is_one_too() -> None:
    adjusted = adjust(daily([2.0, 20.5]), [split("2024-06-04", 0.1)], LATER)
    np.testing.assert_allclose(adjusted.floats("close"), [20.0, 20.5])
    np.testing.assert_allclose(adjusted.floats("volume"), [10.0, 100.0])


def test_a_dividend_gives_total_returns_and_leaves_sizes_alone() -> None:
    bars, paid = daily([100.0, 98.0, 99.0]), [dividend("2024-06-04", 2.0)]
    np.testing.assert_allclose(adjust(bars, paid, LATER).floats("close"), [98.0, 98.0, 99.0])
    np.testing.assert_allclose(ratios(bars, paid, LATER)[1:], [1.0, 99 / 98])  # the price fell by what was paid
    assert adjust(bars, paid, LATER).floats("volume").tolist() == [100.0] * 3


def test_a_dividend_on_the_day_of_a_split_is_counted_in_new_shares() -> None:
    actions = [dividend("2024-06-04", 0.5), split("2024-06-04", 2.0)]
    np.testing.assert_allclose(adjust(daily([100.0, 49.5]), actions, LATER).floats("close"), [49.5, 49.5])


def test_a_dividend_before_a_split_in_the_same_hole_is_counted_in_old_shares() -> None:
    bars = daily([100.0, 1.0, 47.5]).take(np.array([0, 2]))
    actions = [split("2024-06-05", 2.0), dividend("2024-06-04", 5.0)]
    np.testing.assert_allclose(adjust(bars, actions, LATER).floats("close"), [47.5, 47.5])


def test_a_dividend_after_a_hole_starts_from_the_last_price_there_was() -> None:
    bars = daily([100.0, math.nan, 95.0])
    np.testing.assert_allclose(adjust(bars, [dividend("2024-06-05", 5.0)], LATER).floats("close"), [95, math.nan, 95])


def test_a_dividend_that_eats_the_price_is_refused() -> None:
    with pytest.raises(FrameError, match=r"dividend of A: expected less than the close before it, 10.0, was 10.0"):
        adjust(daily([10.0, 1.0]), [dividend("2024-06-04", 10.0)], LATER)


def test_actions_outside_the_bars_change_what_they_must() -> None:
    bars = daily([10.0, 11.0])
    before, after = split("2024-06-03", 2.0), split("2024-06-07", 2.0)
    assert adjust(bars, [before], LATER).floats("close").tolist() == [10.0, 11.0]
    assert adjust(bars, [after], LATER).floats("close").tolist() == [5.0, 5.5]
    assert adjust(bars, [after], day("2024-06-06")).floats("close").tolist() == [10.0, 11.0]  # announced, not yet there
    assert not len(adjust(Frame.empty(Bar), [after], LATER))


def test_intraday_bars_turn_at_the_time_and_daily_ones_at_the_date() -> None:
    """Sydney's session of June 4 starts on June 3 in UTC, and its daily bar is stamped June 4."""
    sydney = replace(split("2024-06-04", 2.0), ts=day("2024-06-03") + 14 * HOUR)
    days = adjust(daily([10.0, 5.0]), [sydney], LATER)
    assert days.floats("close").tolist() == [5.0, 5.0]
    hours = adjust(daily([10.0] * 24, interval="1h"), [sydney], LATER).floats("close")
    assert hours.tolist() == [5.0] * 14 + [10.0] * 10


def test_bars_by_activity_turn_with_their_first_trade() -> None:
    turn = day("2024-06-04") + 4 * HOUR
    bars = Frame.of(Bar, [bar(turn + offset, 8.0, interval="100tick") for offset in (-5, -1, 0, 7)])
    assert adjust(bars, [split("2024-06-04", 2.0)], LATER).floats("close").tolist() == [4.0, 4.0, 8.0, 8.0]


def test_symbols_intervals_and_order_do_not_mix() -> None:
    parts = [daily([8.0, 4.0]), daily([8.0, 4.0], symbol="B"), daily([8.0] * 30, interval="1h")]
    actions = [split("2024-06-04", 2.0), dividend("2024-06-05", 0.25), split("2024-06-04", 4.0, symbol="B")]
    whole = Frame.concat(parts)
    expected = np.concatenate([adjust(part, actions, LATER).floats("close") for part in parts])
    assert adjust(whole, actions, LATER).floats("close").tolist() == expected.tolist()
    order = np.random.default_rng(1).permutation(len(whole))
    assert adjust(whole.take(order), actions, LATER).floats("close").tolist() == expected[order].tolist()


def test_an_intraday_factor_is_provisional_until_it_is_reconciled() -> None:
    """Case 12 of the peers' reference: what was believed during the day, and what was so."""
    bars = daily([100.0, 25.5, 26.0])
    first = split("2024-06-04", 2.0, known="2024-06-04T14:00")
    right = replace(first, value=4.0, known_at=day("2024-06-05T01:00"))
    during, at_night = day("2024-06-04T20:00"), day("2024-06-05T02:00")
    assert adjust(bars, [right, first], day("2024-06-04T13:00")).floats("close").tolist() == [100.0, 25.5, 26.0]
    assert adjust(bars, [right, first], during).floats("close").tolist() == [50.0, 25.5, 26.0]
    assert adjust(bars, [right, first], at_night).floats("close").tolist() == [25.0, 25.5, 26.0]
    taken_back = replace(first, value=1.0, known_at=day("2024-06-05T03:00"))
    assert adjust(bars, [right, first, taken_back], LATER).floats("close").tolist() == [100.0, 25.5, 26.0]


def test_each_return_sees_what_was_known_at_its_own_time() -> None:
    bars = daily([100.0, 25.0, 25.0])
    late = split("2024-06-04", 4.0, known="2024-06-04T22:00")
    closes = bars.ints("start") + 21 * HOUR
    np.testing.assert_allclose(ratios(bars, [late], closes)[1:], [0.25, 1.0])
    np.testing.assert_allclose(ratios(bars, [late], closes + 2 * HOUR)[1:], [1.0, 1.0])


def test_nothing_is_repaired_that_was_real_as_gamestop_in_january_2021() -> None:
    """Case 12 of the peers' reference: closes that rose seventeenfold, and a real split."""
    closes = [19.95, 31.40, 39.91, 35.50, 39.36, 39.12, 43.03, 65.01, 76.79, 147.98, 347.51, 193.60, 325.00]
    bars = daily(closes, first="2021-01-12", symbol="GME")
    for actions in ([], [split("2021-01-20", 4.0)]):  # none, or another company's
        assert adjust(bars, actions, LATER).floats("close").tolist() == closes
        np.testing.assert_array_equal(ratios(bars, actions, LATER)[1:], np.array(closes[1:]) / np.array(closes[:-1]))
    later = adjust(bars, [split("2022-07-22", 4.0, symbol="GME")], LATER)
    np.testing.assert_array_equal(later.floats("close"), np.array(closes) / 4)


# -- laws ----------------------------------------------------------------------------------------

CLOSES = st.lists(st.floats(1.0, 1_000.0), min_size=2, max_size=12)
VALUES = st.sampled_from([2.0, 4.0, 10.0, 1.5, 0.1, 7.0])


@st.composite
def histories(draw: st.DrawFn, *, dividends: bool = False) -> tuple[Frame[Bar], list[Action]]:
    """Bars and actions with a date each, known within five days around their dates."""
    closes = draw(CLOSES)
    bars = daily(closes)
    first, actions = day("2024-06-03"), []
    for place in draw(st.lists(st.integers(-1, len(closes) + 1), unique=True, max_size=4)):
        date = first + place * DAY
        known_at = date + draw(st.integers(-5 * 24, 5 * 24)) * HOUR
        pays = dividends and draw(st.booleans())
        value = draw(st.floats(0.0, 1e-5)) if pays else draw(VALUES)  # less than any price after four splits
        kind = "dividend" if pays else "split"
        actions.append(Action(symbol="A", kind=kind, date=date, ts=date + 4 * HOUR, value=value, known_at=known_at))  # type: ignore[arg-type]
    return bars, actions


def traded(bars: Frame[Bar], actions: list[Action]) -> Frame[Bar]:
    """What would have been traded, if the bars are in terms of the shares after all splits."""
    starts = bars.ints("start")
    factor = np.ones(len(bars))
    for action in actions:
        factor *= np.where(starts < action.date, action.value, 1.0)
    columns = {name: bars.floats(name) * factor for name in PRICES}
    return Frame(Bar, {**bars.columns, **columns, **{name: bars.floats(name) / factor for name in SIZES}})


@given(history=histories())
def test_adjusting_undoes_splits(history: tuple[Frame[Bar], list[Action]]) -> None:
    bars, actions = history
    raw = traded(bars, actions)
    adjusted = adjust(raw, actions, LATER)
    for name in (*PRICES, *SIZES):
        np.testing.assert_allclose(adjusted.floats(name), bars.floats(name), rtol=1e-12)
        np.testing.assert_allclose(unsplit(bars, actions, LATER).floats(name), raw.floats(name), rtol=1e-12)


@given(history=histories(dividends=True), as_of=st.integers(-8, 20))
def test_ratios_are_those_of_adjusted_closes(history: tuple[Frame[Bar], list[Action]], as_of: int) -> None:
    bars, actions = history
    time = day("2024-06-03") + as_of * DAY
    adjusted = adjust(bars, actions, time).floats("close")
    np.testing.assert_allclose(ratios(bars, actions, time)[1:], adjusted[1:] / adjusted[:-1], rtol=1e-12)


@given(history=histories(dividends=True), as_of=st.integers(-8, 20), order=st.randoms())
def test_what_becomes_known_later_changes_nothing_before(
    history: tuple[Frame[Bar], list[Action]], as_of: int, order: object
) -> None:
    bars, actions = history
    time = day("2024-06-03") + as_of * DAY
    known = [action for action in actions if action.known_at <= time]
    order.shuffle(actions)  # type: ignore[attr-defined]
    for name in (*PRICES, *SIZES):
        assert adjust(bars, actions, time).floats(name).tolist() == adjust(bars, known, time).floats(name).tolist()
    assert ratios(bars, actions, time)[1:].tolist() == ratios(bars, known, time)[1:].tolist()


@given(history=histories(dividends=True), cut=st.integers(1, 12))
def test_bars_that_come_later_change_no_factor_before(history: tuple[Frame[Bar], list[Action]], cut: int) -> None:
    bars, actions = history
    early = bars.take(np.arange(min(cut, len(bars))))
    time = int(early.ints("start")[-1]) + 20 * HOUR
    whole = adjust(bars, actions, time).floats("close")[: len(early)]
    assert adjust(early, actions, time).floats("close").tolist() == whole.tolist()


def test_a_split_day_makes_no_spike_in_any_feature() -> None:
    """Case 12 of the peers' reference: features of adjusted history are those of a stock that never split."""
    random = np.random.default_rng(2)
    plain = daily((50 * np.exp(np.cumsum(0.01 * random.standard_normal(120)))).tolist())
    turn = int(plain.ints("start")[80])
    actions = [Action(symbol="A", kind="split", date=turn, ts=turn + 4 * HOUR, value=10.0, known_at=turn - DAY)]
    adjusted = history(DEFAULT, adjust(traded(plain, actions), actions, LATER), DEFAULT.lookback)
    expected = history(DEFAULT, plain, DEFAULT.lookback)
    assert np.isfinite(expected.floats("values")[81:]).any()
    np.testing.assert_allclose(adjusted.floats("values"), expected.floats("values"), rtol=1e-7, atol=1e-9)
    raw = history(DEFAULT, traded(plain, actions), DEFAULT.lookback).floats("values")
    assert np.nanmax(np.abs(raw[80] - expected.floats("values")[80])) > 1  # as it would be without


# -- windows -------------------------------------------------------------------------------------

FIELDS = ("open", "volume", "close", "trades")


def test_rescaling_a_window_moves_prices_and_sizes_and_nothing_else() -> None:
    window = np.arange(1.0, 25.0).reshape(4, 2, 3)
    scaled = rescale(window, FIELDS, np.array([0.25, 1.0]), np.array([4.0, 1.0]))
    assert scaled[[0, 2], 0].tolist() == (window[[0, 2], 0] / 4).tolist()
    assert scaled[1, 0].tolist() == (window[1, 0] * 4).tolist()
    assert scaled[3].tolist() == window[3].tolist()
    assert scaled[:, 1].tolist() == window[:, 1].tolist()
    assert window[0, 0, 0] == 1.0


@pytest.mark.parametrize("newest", [0, 1, 3])
def test_rescaling_leaves_the_newest_bars_of_each_symbol_alone(newest: int) -> None:
    window = np.full((4, 2, 3), 8.0)
    scaled = rescale(window, FIELDS, np.array([0.5, 0.5]), np.array([2.0, 2.0]), np.array([newest, 0]))
    assert scaled[0, 0].tolist() == [4.0] * (3 - newest) + [8.0] * newest
    assert scaled[0, 1].tolist() == [4.0] * 3


@given(history=histories(), width=st.integers(1, 12))
def test_a_window_rescaled_at_each_ex_date_ends_as_adjusted_history(
    history: tuple[Frame[Bar], list[Action]], width: int
) -> None:
    """What live rings would do: scale when an action's date comes, then move on."""
    bars, actions = history
    starts, ring = bars.ints("start"), np.full((2, 1, width), np.nan)
    for row in range(len(bars)):
        for action in actions:
            if row and starts[row - 1] < action.date <= starts[row]:
                ring = rescale(ring, ("close", "volume"), np.array([1 / action.value]), np.array([action.value]))
        ring[:, :, :-1] = ring[:, :, 1:]
        ring[:, 0, -1] = bars.floats("close")[row], bars.floats("volume")[row]
    in_time = [action for action in actions if action.date <= starts[-1]]
    adjusted = adjust(bars, in_time, LATER)
    for place, name in enumerate(("close", "volume")):
        np.testing.assert_allclose(ring[place, 0, -min(width, len(bars)) :], adjusted.floats(name)[-width:], rtol=1e-12)


def as_ints(*times: int) -> Ints:
    return np.array(times, dtype=np.int64)


def test_hours_of_a_split_day_are_adjusted_as_its_days_are() -> None:
    hours = [day("2024-06-03") + i * HOUR for i in range(48)]
    raw = Frame.of(Bar, [bar(ts, 100.0 if ts < day("2024-06-04") + 4 * HOUR else 25.0, interval="1h") for ts in hours])
    adjusted = adjust(raw, [split("2024-06-04", 4.0)], LATER)
    assert set(adjusted.floats("close").tolist()) == {25.0}
    assert timedelta(microseconds=int(adjusted.ints("start")[-1] - as_ints(*hours)[0]) // 1_000) == timedelta(hours=47)
