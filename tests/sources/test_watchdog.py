import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.calendar import load_sessions
from causal_alpha.intervals import SECOND
from causal_alpha.sessions import Sessions
from causal_alpha.sources.cadence import Cadence
from causal_alpha.sources.watchdog import Watchdog

ALWAYS = load_sessions("24/7")
HOUR = 3600 * SECOND
NOON = 1_715_184_000 * SECOND  # Wednesday 2024-05-08 16:00 UTC, noon in New York


def cadence(sessions: Sessions = ALWAYS, **arguments: float) -> Cadence:
    return Cadence(lambda symbol: sessions, **arguments)


def feed(made: Cadence, symbol: str, times: list[float], *, start: int = NOON, behind: float = 0.0) -> int:
    """Ticks at seconds after `start`, each arriving alone; gives the last arrival."""
    for time in times:
        ts = start + round(time * SECOND)
        made.push(symbol, np.array([ts]), ts + round(behind * SECOND))
    return start + round((times[-1] + behind) * SECOND)


def every(seconds: float, n: int = 60) -> list[float]:
    return [i * seconds for i in range(n)]


def test_cadence_is_the_prior_until_enough_is_known() -> None:
    made = cadence(prior=30.0)
    assert made.typical("A") == 30 * SECOND
    feed(made, "A", every(2.0, 16))
    assert made.typical("A") == 30 * SECOND
    feed(made, "A", [32.0])
    assert made.typical("A") == 2 * SECOND


def test_cadence_is_held_up_by_the_long_gaps_not_by_bursts() -> None:
    bursts = [burst * 10.0 + i * 0.01 for burst in range(20) for i in range(10)]
    made = cadence()
    feed(made, "A", bursts)
    assert 9 * SECOND < made.typical("A") < 10 * SECOND


def test_cadence_forgets_what_is_long_past() -> None:
    made = cadence()
    last = feed(made, "A", every(60.0, 100))
    feed(made, "A", [1.0 + i for i in range(300)], start=last)
    assert made.typical("A") == SECOND


def test_cadence_knows_how_far_a_feed_is_behind_once_it_has_heard_enough() -> None:
    made = cadence()
    feed(made, "A", [0.0], behind=1_700.0)  # seldom traded: its last trade was old when the feed was joined
    assert made.behind("A") == 0
    feed(made, "A", [2_000.0 + 10 * i for i in range(16)], behind=600.0)
    assert made.behind("A") == 600 * SECOND
    assert made.behind("B") == 0


def test_cadence_counts_no_nights() -> None:
    new_york = load_sessions("XNYS")
    made = cadence(new_york)
    for day in range(7):  # two ticks a day, five minutes before and after the bell
        feed(made, "A", [3.5 * 3600 + 3300, 22 * 3600 - 2 * 3600 + 900 + 900], start=NOON + day * 24 * HOUR)
    assert made.silence("A", NOON + 3 * HOUR, NOON + 22 * HOUR) == HOUR + HOUR // 2
    assert made.silence("A", NOON + 5 * HOUR, NOON + 20 * HOUR) == 0


def test_cadence_takes_ticks_of_one_frame_together_and_ignores_old_ones() -> None:
    made, single = cadence(), cadence()
    times = NOON + np.arange(40) * SECOND
    made.push("A", times[:30], int(times[29]))
    made.push("A", times[20:], int(times[-1]))
    feed(single, "A", every(1.0, 40))
    assert made.typical("A") == single.typical("A") == SECOND


@settings(max_examples=15)
@given(scale=st.sampled_from([0.1, 1.0, 30.0, 600.0]), seed=st.integers(0, 10_000))
def test_watchdog_is_quiet_about_a_feed_that_goes_on_as_it_did(scale: float, seed: int) -> None:
    times = np.cumsum(np.random.default_rng(seed).exponential(scale, 400)).tolist()
    made = cadence()
    dog = Watchdog(["A"], made, least=0.0)
    last = feed(made, "A", times[:200])
    for time in times[200:]:
        now = NOON + round(time * SECOND)
        assert not dog.mute(last, now)
        assert dog.mute_symbols(NOON, now) == {}
        last = feed(made, "A", [time])


@given(typical=st.sampled_from([2.0, 5.0, 60.0]), factor=st.sampled_from([3.0, 10.0]))
def test_connected_but_mute_feed_is_told_within_n_typical_gaps(typical: float, factor: float) -> None:
    """Case 9 of the peers' reference: alpaca-py's socket was connected and mute for hours."""
    made = cadence()
    dog = Watchdog(["A"], made, factor=factor, least=1.0)
    last = feed(made, "A", every(typical))
    limit = round(factor * typical * SECOND)
    assert not dog.mute(last, last + limit - 1)
    assert dog.mute(last, last + limit)


def test_silent_overnight_feed_is_not_mute() -> None:
    """Case 9 of the peers' reference: after the bell there is nothing to hear, before it there was."""
    made = cadence(load_sessions("XNYS"))
    dog = Watchdog(["A"], made)
    closing = NOON + 4 * HOUR
    last = feed(made, "A", every(2.0), start=closing - 120 * SECOND)
    assert last == closing - 2 * SECOND
    for hours in (0.01, 1, 8, 17.49):
        assert not dog.mute(last, closing + round(hours * HOUR))
        assert dog.mute_symbols(NOON, closing + round(hours * HOUR)) == {}
    opening = closing + 17 * HOUR + HOUR // 2
    assert not dog.mute(last, opening + 17 * SECOND)
    assert dog.mute(last, opening + 18 * SECOND)  # with the two seconds before the bell, ten typical gaps


def test_friday_evening_is_not_mute_until_monday_nor_is_a_holiday() -> None:
    made = cadence(load_sessions("XNYS"))
    dog = Watchdog(["A"], made)
    friday = 1_732_908_600 * SECOND  # 2024-11-29 14:30 New York: closed since 13:00
    last = feed(made, "A", every(1.0), start=friday - 2 * HOUR)
    assert dog.mute(last, friday)
    assert not dog.mute(friday, friday + 2 * 24 * HOUR)


def test_watchdog_of_many_symbols_hears_their_silence_sooner() -> None:
    made = cadence()
    for symbol in "ABCDEFGHIJ":
        last = feed(made, symbol, every(10.0))
    dog = Watchdog("ABCDEFGHIJ", made, least=1.0)
    assert not dog.mute(last, last + 9 * SECOND)
    assert dog.mute(last, last + 10 * SECOND)
    assert not Watchdog("ABCDEFGHIJ", made, least=60.0).mute(last, last + 59 * SECOND)


def test_watchdog_of_crypto_and_stocks_hears_the_crypto_alone_at_night() -> None:
    new_york = load_sessions("XNYS")
    made = Cadence(lambda symbol: ALWAYS if symbol == "BTC-USD" else new_york)
    night = NOON + 8 * HOUR
    for symbol in ("A", "B", "C"):
        feed(made, symbol, every(1.0))
    last = feed(made, "BTC-USD", every(5.0), start=night)
    dog = Watchdog(["A", "B", "C", "BTC-USD"], made)
    assert not dog.mute(last, last + 49 * SECOND)
    assert dog.mute(last, last + 50 * SECOND)


def test_one_mute_symbol_is_told_while_the_others_go_on() -> None:
    made = cadence()
    feed(made, "A", every(1.0))
    now = feed(made, "B", every(1.0, 80))
    dog = Watchdog(["A", "B"], made)
    assert dog.mute_symbols(NOON, now) == {"A": NOON + 59 * SECOND}
    assert dog.mute_symbols(now - 5 * SECOND, now) == {}  # just joined again
    assert dog.mute_symbols(NOON, now - 2 * SECOND) == {}


def test_symbol_that_is_mute_from_the_bell_on_is_missed_since_the_bell() -> None:
    made = cadence(load_sessions("XNYS"))
    feed(made, "A", every(1.0), start=NOON)
    feed(made, "B", every(1.0), start=NOON)
    opening = NOON + 22 * HOUR - HOUR // 2
    now = feed(made, "B", every(1.0), start=opening)
    assert Watchdog(["A", "B"], made).mute_symbols(NOON, now) == {"A": opening}


def test_watchdog_knows_a_feed_that_never_said_a_word_by_its_prior() -> None:
    made = cadence(prior=30.0)
    dog = Watchdog(["A", "B"], made)
    assert not dog.mute(NOON, NOON + 149 * SECOND)
    assert dog.mute(NOON, NOON + 150 * SECOND)


def test_quotes_that_come_a_quarter_of_an_hour_late_open_and_close_late() -> None:
    made = cadence(load_sessions("XNYS"))
    opening, late = NOON - 2 * HOUR - HOUR // 2, 900.0
    yesterday = feed(made, "A", every(2.0), start=opening - 20 * HOUR, behind=late)
    dog = Watchdog(["A"], made)
    joined = opening - HOUR
    assert not dog.mute(max(yesterday, joined), opening + 900 * SECOND)
    assert dog.mute(joined, opening + 920 * SECOND)


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_cadence_holds_the_quantile_it_is_told(quantile: float) -> None:
    made = cadence(quantile=quantile)
    gaps = np.random.default_rng(3).permutation(np.arange(1.0, 101.0))
    feed(made, "A", [0.0, *np.cumsum(gaps).tolist()])
    assert made.typical("A") == pytest.approx(np.quantile(np.arange(1.0, 101.0), quantile) * SECOND, rel=1e-9)
