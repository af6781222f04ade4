import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.calendar import load_sessions
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Tick
from causal_alpha.sources.tape import Quote, Tape
from tests.sources.clock import at


def run(*quotes: tuple[int, float, float]) -> list[tuple[int, float, float]]:
    """Quotes of one symbol as (ms, price, volume so far) → ticks as (ms, price, size)."""
    tape = Tape("yahoo")
    ticks = [tape.tick(Quote("A", ms * MILLISECOND, price, volume)) for ms, price, volume in quotes]
    return [(tick.ts // MILLISECOND, tick.price, tick.size) for tick in ticks if tick is not None]


def test_tape_gives_a_trade_the_volume_since_the_quote_before() -> None:
    assert run((1, 10.0, 900.0), (2, 10.5, 950.0), (5, 10.5, 951.0)) == [(1, 10, 0), (2, 10.5, 50), (5, 10.5, 1)]


@pytest.mark.parametrize(
    "quote",
    [
        (2, 10.5, 950.0),  # told twice
        (1, 99.0, 999.0),  # older
        (2, 99.0, 999.0),  # another of the same time
        (3, 10.5, 950.0),  # only the bid or the ask has moved
    ],
)
def test_tape_leaves_out_what_is_no_new_trade(quote: tuple[int, float, float]) -> None:
    before, after = ((1, 10.0, 900.0), (2, 10.5, 950.0)), ((9, 11.0, 960.0),)
    assert run(*before, quote, *after) == run(*before, *after)


def test_tape_takes_every_new_time_where_there_is_no_volume() -> None:
    assert run((1, 1.08, 0.0), (2, 1.08, 0.0), (3, 1.09, 0.0)) == [(1, 1.08, 0), (2, 1.08, 0), (3, 1.09, 0)]


def test_tape_begins_a_new_day_with_its_volume_and_ignores_corrections() -> None:
    assert run((1, 10.0, 9_000.0), (2, 11.0, 300.0)) == [(1, 10.0, 0.0), (2, 11.0, 300.0)]
    assert run((1, 10.0, 9_000.0), (2, 11.0, 8_990.0), (3, 12.0, 9_001.0)) == [(1, 10, 0), (2, 11, 0), (3, 12, 11)]


def sizes_in(calendar: str, *quotes: tuple[str, float]) -> list[float]:
    """Quotes of one symbol as (time in UTC, volume so far) → sizes, NaN for what is no trade."""
    sessions = load_sessions(calendar)
    tape, sizes = Tape("yahoo", lambda symbol: sessions), []
    for place, (text, volume) in enumerate(quotes):
        tick = tape.tick(Quote("A", at(text) * SECOND, 10.0 + place, volume))
        sizes.append(tick.size if tick else math.nan)
    return sizes


@pytest.mark.parametrize("volume", [900.0, 1_500.0, 10.0])
def test_tape_begins_the_volume_anew_after_a_night(volume: float) -> None:
    """A thin symbol's day may soon have more than half of the day before, or all of it."""
    evening, bell = ("2024-05-08T19:59:00", 1_000.0), ("2024-05-08T20:00:05", 1_100.0)
    morning, next_one = ("2024-05-09T13:45:00", volume), ("2024-05-09T13:46:00", volume + 5)
    assert sizes_in("XNYS", evening, bell, morning, next_one) == [0.0, 100.0, volume, 5.0]


def test_tape_waits_for_a_morning_quote_that_has_a_volume_of_its_own() -> None:
    evening, stale = ("2024-05-08T19:59:00", 1_000.0), ("2024-05-09T13:31:00", 1_000.0)
    assert sizes_in("XNYS", evening, stale, ("2024-05-09T13:45:00", 900.0)) == [0.0, 0.0, 900.0]


def test_tape_goes_on_after_lunch_and_around_the_clock() -> None:
    before, after = ("2024-05-09T03:59:00", 1_000.0), ("2024-05-09T05:01:00", 1_500.0)
    assert sizes_in("XHKG", before, after) == [0.0, 500.0]
    assert sizes_in("24/7", before, ("2024-05-11T05:01:00", 1_500.0)) == [0.0, 500.0]


def test_tape_gives_nobody_the_volume_of_a_gap() -> None:
    tape, sizes = Tape("yahoo"), []
    for ms, volume, first in ((1, 100.0, True), (2, 110.0, False), (9, 500.0, True), (10, 507.0, False)):
        tick = tape.tick(Quote("A", ms * MILLISECOND, 1.0, volume, first))
        sizes.append(tick and tick.size)
    assert sizes == [0.0, 10.0, 0.0, 7.0]


def test_tape_keeps_the_quote_beside_the_trade() -> None:
    tick = Tape("yahoo:x").tick(Quote("A", 7 * MILLISECOND, 10.0, 5.0, bid=9.9, ask=10.1, bid_size=3.0, ask_size=4.0))
    assert tick == Tick(
        symbol="A", ts=7 * MILLISECOND, price=10.0, size=0.0, id=7,
        bid=9.9, ask=10.1, bid_size=3.0, ask_size=4.0, source="yahoo:x",
    )  # fmt: skip
    plain = Tape("yahoo").tick(Quote("A", 7, 10.0, 5.0))
    assert plain is not None
    assert math.isnan(plain.ask_size)


@given(steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=30), doubled=st.booleans())
def test_tape_counts_the_volume_of_a_day_once(steps: list[tuple[int, int]], doubled: bool) -> None:
    """Quotes with rising times and volumes, each perhaps told by a poll and by a stream."""
    ms, volume, quotes = 0, 1_000, []
    for step, traded in steps:
        ms, volume = ms + step + 1, volume + traded
        quotes += [(ms, float(volume), float(volume))] * (2 if doubled else 1)
    ticks = run(*quotes)
    assert sum(size for _, _, size in ticks) == quotes[-1][2] - quotes[0][2]
    assert sorted({ms for ms, _, _ in ticks}) == [ms for ms, _, _ in ticks]
