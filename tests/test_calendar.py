import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.calendar import _INDICES, _SUFFIXES, Calendar, _unknown, calendar_of, load_sessions, sessions_of
from causal_alpha.errors import SettingsError
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.sessions import FOREVER
from causal_alpha.sources.simulator import made_up_symbols
from tests.conftest import ROOT

NEW_YORK = ZoneInfo("America/New_York")
NYSE = Calendar("XNYS")


def ns(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: object = NEW_YORK) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp()) * SECOND  # type: ignore[arg-type]


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def local(times: np.ndarray, zone: ZoneInfo = NEW_YORK) -> list[str]:
    return [f"{datetime.fromtimestamp(ts / SECOND, zone):%m-%d %H:%M}" for ts in times.tolist()]


def bars_between(name: str, first: str, last: str, zone: str, interval: str = "1h") -> list[str]:
    """Local starts of the bars of [first, last), times of `zone`."""
    place = ZoneInfo(zone)
    start, end = (
        int(datetime.fromisoformat(text).replace(tzinfo=place).timestamp()) * SECOND for text in (first, last)
    )
    return local(load_sessions(name).bar_starts(start, end, interval_ns(interval)), place)


@pytest.mark.parametrize(
    ("day", "closing"),
    [
        ((2024, 3, 8), (16, 0)),
        ((2024, 3, 11), (16, 0)),  # the first day of summer time
        ((2024, 11, 1), (16, 0)),
        ((2024, 11, 4), (16, 0)),  # the first day of winter time
        ((2024, 11, 29), (13, 0)),  # the day after Thanksgiving
        ((2024, 12, 24), (13, 0)),
    ],
)
def test_calendar_follows_new_york_clocks(day: tuple[int, int, int], closing: tuple[int, int]) -> None:
    opening = ns(*day, 9, 30)
    bell = ns(*day, *closing)
    assert [NYSE.is_open(ts) for ts in (opening - 1, opening, bell - 1, bell)] == [False, True, True, False]
    assert NYSE.next_open(ns(*day, 3)) == opening
    assert NYSE.next_open(opening + 5) == opening + 5


def test_calendar_skips_weekends_and_holidays() -> None:
    assert not NYSE.is_open(ns(2024, 7, 4, 12))
    assert NYSE.next_open(ns(2024, 7, 3, 13)) == ns(2024, 7, 5, 9, 30)  # a half day, then Independence Day
    assert NYSE.next_open(ns(2024, 3, 8, 16)) == ns(2024, 3, 11, 9, 30)


def test_bar_closes_of_minutes_cross_a_half_day_and_a_weekend() -> None:
    closes = NYSE.bar_closes(ns(2024, 11, 29, 12, 58), "1m", 4)
    assert local(closes) == ["11-29 12:59", "11-29 13:00", "12-02 09:31", "12-02 09:32"]


def test_bar_closes_of_minutes_cross_the_clock_changes() -> None:
    assert local(NYSE.bar_closes(ns(2024, 3, 8, 15, 59), "1m", 2)) == ["03-08 16:00", "03-11 09:31"]
    assert local(NYSE.bar_closes(ns(2024, 11, 1, 15, 59), "1m", 2)) == ["11-01 16:00", "11-04 09:31"]


def test_bar_closes_of_hours_keep_to_the_grid_around_open_and_close() -> None:
    closes = NYSE.bar_closes(ns(2024, 7, 2, 15, 20), "1h", 3)  # 9:30 lies in the bar from 9:00 to 10:00
    assert local(closes) == ["07-02 16:00", "07-03 10:00", "07-03 11:00"]


def test_bar_closes_of_days_end_at_midnight_utc_and_skip_holidays() -> None:
    closes = NYSE.bar_closes(ns(2024, 7, 3, zone=UTC), "1d", 3)
    assert closes.tolist() == [ns(2024, 7, day + 1, zone=UTC) for day in (3, 5, 8)]


def test_bar_closes_leave_out_a_lunch_break() -> None:
    tokyo = Calendar("XTKS")
    noon = datetime(2024, 5, 8, 11, 29, tzinfo=ZoneInfo("Asia/Tokyo"))
    first = int(noon.timestamp()) * SECOND
    hour_of_break = int(timedelta(hours=1, minutes=1).total_seconds()) * SECOND
    minute = 60 * SECOND
    assert tokyo.bar_closes(first, "1m", 2).tolist() == [first + minute, first + hour_of_break + minute]
    assert not tokyo.is_open(first + 30 * minute)


def test_calendars_of_all_suffixes_exist() -> None:
    from exchange_calendars import get_calendar_names

    assert {*_SUFFIXES.values(), *_INDICES.values(), calendar_of("ES=F")} <= set(get_calendar_names())


@given(
    ts=st.integers(ns(1995, 1, 1), ns(2025, 12, 1)),
    interval=st.sampled_from(["1s", "1m", "5m", "1h", "1d"]),
    n=st.integers(1, 40),
)
def test_bar_closes_rise_on_the_grid_and_go_on_from_one_another(ts: int, interval: str, n: int) -> None:
    width = interval_ns(interval)
    closes = NYSE.bar_closes(ts, interval, n)
    assert len(closes) == n
    assert closes[0] > ts
    assert (np.diff(closes) > 0).all()
    assert not (closes % width).any()
    assert NYSE.bar_closes(int(closes[0]), interval, n)[: n - 1].tolist() == closes[1:].tolist()
    assert all(NYSE.next_open(end - width) < end for end in closes.tolist())


@given(ts=st.integers(0, 2**61), interval=st.sampled_from(["1s", "1m", "1d"]))
def test_calendar_that_never_closes_has_every_bar(ts: int, interval: str) -> None:
    always, width = Calendar("24/7"), interval_ns(interval)
    assert always.is_open(ts)
    assert always.next_open(ts) == ts
    assert (always.bar_closes(ts, interval, 3) - ts // width * width).tolist() == [width, 2 * width, 3 * width]


def test_calendar_of_weekdays_is_closed_on_saturday() -> None:
    weekdays = Calendar("24/5")
    saturday = ns(2024, 6, 1, zone=UTC)
    assert weekdays.is_open(saturday - 1)
    assert not weekdays.is_open(saturday)
    assert weekdays.next_open(saturday) == saturday + 2 * DAY


def test_calendar_names_what_it_expected() -> None:
    with pytest.raises(SettingsError, match="expected an exchange code such as XNYS"):
        Calendar("NOWHERE")


@given(ts=st.integers(-(2**62), 2**62), interval=st.sampled_from(["1s", "1h", "1d"]))
def test_calendar_has_an_answer_for_every_time(ts: int, interval: str) -> None:
    for name in ("XNYS", "FX", "24/5", "24/7"):
        calendar = Calendar(name)
        assert calendar.is_open(ts) == (calendar.next_open(ts) == ts)
        closes = calendar.bar_closes(ts, interval, 3)
        assert closes[0] > ts
        assert (np.diff(closes) >= interval_ns(interval)).all()


def test_calendar_after_the_last_known_session_is_closed_and_bars_go_on_all_the_same() -> None:
    far = ns(2061, 5, 4, 12)
    assert not NYSE.is_open(far)
    assert NYSE.next_open(far) == FOREVER
    assert NYSE.bar_closes(far, "1h", 2).tolist() == [far + 3600 * SECOND, far + 7200 * SECOND]
    assert not len(NYSE.sessions.bar_starts(far, far + 9 * DAY, DAY))


def test_calendar_of_a_young_exchange_starts_with_it() -> None:
    assert Calendar("XSAU").next_open(ns(2023, 1, 6, 12)) > ns(2023, 1, 6, 12)  # Friday and Saturday off


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("binance:BTCUSDT", "24/7"),
        ("SIM:ALFA", "24/7"),
        ("ETH-USD", "24/7"),
        ("BTCUSDT", "24/7"),
        ("BTC-PERP", "24/7"),
        ("GBPUSD=X", "FX"),
        ("MSFT", "XNYS"),
        ("BRK-B", "XNYS"),
        ("BF.B", "XNYS"),
        ("7203.T", "XTKS"),
        ("ES=F", "CMES"),
        ("^GSPC", "XNYS"),
        ("USDT", "XNYS"),
        ("ITX.MC", "XMAD"),
        ("EQNR.OL", "XOSL"),
        ("NOKIA.HE", "XHEL"),
        ("000001.SZ", "XSHG"),
        ("D05.SI", "XSES"),
        ("^FTSE", "XLON"),
        ("^N225", "XTKS"),
        ("^GDAXI", "XETR"),
        ("^VIX", "XNYS"),
        ("FTSEMIB.MI", "XMIL"),
        ("BTC-GBP", "24/7"),
        ("ETH-BTC", "24/7"),
        ("DOGE-INR", "24/7"),
        ("BAC-PL", "XNYS"),  # preferred shares
        ("-GBP", "XNYS"),
    ],
)
def test_calendar_of_follows_how_a_symbol_is_written(symbol: str, name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert calendar_of(symbol) == name
    assert not caplog.records


def test_suffix_that_nobody_knows_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    _unknown.cache_clear()

    names = {calendar_of(symbol) for symbol in ("COMI.CA", "HRHO.CA", "ETEL.CA", "QNBK.QA")}

    assert names == {"XNYS"}
    assert [record.getMessage().partition(":")[2].partition(":")[0] for record in caplog.records] == [
        f" expected a suffix of Yahoo's that is known, was {suffix}" for suffix in (".CA", ".QA")
    ]


def test_calendars_of_all_suffixes_and_indices_can_be_computed() -> None:
    from exchange_calendars import get_calendar

    for name in sorted({*_SUFFIXES.values(), *_INDICES.values()}):
        assert len(get_calendar(name, start="2025-01-01", end="2025-03-31").opens_nanos) > 40, name


def test_docs_name_every_suffix_and_index() -> None:
    text = (ROOT / "docs" / "calendar.md").read_text()
    rows = [
        line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `X") or line.startswith("| `BVMF")
    ]
    said = {(word, row[0].strip(" `")) for row in rows for word in re.findall(r"`([.^]\w+)`", row[-1])}

    assert said == {(f".{suffix}", name) for suffix, name in _SUFFIXES.items()} | {
        (f"^{index}", name) for index, name in _INDICES.items()
    }


@pytest.mark.parametrize(
    ("symbol", "rules", "name"),
    [
        ("SIM:ALFA", "SIM*=24/7,*=auto", "24/7"),
        ("ACME", "SIM*=24/7,*=auto", "XNYS"),
        ("ACME", "ACME=XLON, *=24/7", "XLON"),
        ("acme", "ACME=XLON, *=24/7", "24/7"),
        ("AAPL", "*=XNYS+ext,AAPL=XLON", "XNYS+ext"),
        ("EURUSD=X", "EUR*=X=24/5,*=auto", "24/5"),
        ("VOD.L", "A?C=24/7", "XLON"),
        ("VOD.L", "", "XLON"),
    ],
)
def test_sessions_of_takes_the_first_rule_that_matches(symbol: str, rules: str, name: str) -> None:
    assert sessions_of(symbol, rules) == name


@pytest.mark.parametrize("rules", ["XNYS", "=XNYS", "A=", "A=24/7,,B"])
def test_sessions_of_refuses_rules_that_are_none(rules: str) -> None:
    with pytest.raises(SettingsError, match=r"calendars: expected PATTERN=NAME.*, was"):
        sessions_of("AAPL", rules)


def test_new_york_has_no_bars_on_thanksgiving_and_after_the_early_bell() -> None:
    """Case 4 of the peers' reference: early closes at 13:00 on 2024-11-29 and 2024-12-24."""
    week = bars_between("XNYS", "2024-11-27 12:00", "2024-12-02 11:00", "America/New_York")
    assert week == [
        *(f"11-27 {hour}:00" for hour in range(12, 16)),
        *("11-29 09:00", "11-29 10:00", "11-29 11:00", "11-29 12:00"),
        *("12-02 09:00", "12-02 10:00"),
    ]
    minutes = bars_between("XNYS", "2024-12-24 00:00", "2024-12-26 00:00", "America/New_York", "1m")
    assert (minutes[0], minutes[-1], len(minutes)) == ("12-24 09:30", "12-24 12:59", 210)


@pytest.mark.parametrize(
    ("first", "last", "opening"),
    [
        ("2024-03-08", "2024-03-09", "2024-03-08T14:30"),  # before New York's clocks change
        ("2024-03-11", "2024-03-12", "2024-03-11T13:30"),
        ("2024-11-01", "2024-11-02", "2024-11-01T13:30"),
        ("2024-11-04", "2024-11-05", "2024-11-04T14:30"),
    ],
)
def test_new_york_opens_by_its_own_clock_in_weeks_of_clock_changes(first: str, last: str, opening: str) -> None:
    starts = load_sessions("XNYS").bar_starts(utc(first), utc(last), 60 * SECOND)
    assert starts[0] == utc(opening)
    assert len(starts) == 390


@pytest.mark.parametrize(
    ("day", "opening"),
    [
        (
            "2024-03-28",
            "2024-03-28T08:00",
        ),  # then Easter, and the clocks change
        ("2024-04-02", "2024-04-02T07:00"),
        ("2024-10-25", "2024-10-25T07:00"),
        ("2024-10-28", "2024-10-28T08:00"),
    ],
)
def test_london_opens_by_its_own_clock_in_weeks_of_clock_changes(day: str, opening: str) -> None:
    starts = load_sessions("XLON").bar_starts(utc(day), utc(day) + DAY, 60 * SECOND)
    assert (starts[0], len(starts)) == (utc(opening), 510)


def test_london_and_new_york_are_an_hour_nearer_between_their_clock_changes() -> None:
    both = [
        load_sessions(name).is_open(utc("2024-03-13T00:00") + np.arange(24 * 60) * 60 * SECOND)
        for name in ("XNYS", "XLON")
    ]
    usual = [
        load_sessions(name).is_open(utc("2024-02-13T00:00") + np.arange(24 * 60) * 60 * SECOND)
        for name in ("XNYS", "XLON")
    ]
    assert ((both[0] & both[1]).sum(), (usual[0] & usual[1]).sum()) == (180, 120)


def test_london_is_closed_over_easter() -> None:
    assert not len(load_sessions("XLON").bar_starts(utc("2024-03-29"), utc("2024-04-02"), 60 * SECOND))


def test_hong_kong_has_a_lunch_break_half_days_and_typhoons() -> None:
    """Case 4 of the peers' reference: signal 8 closed the market all of 2023-07-17 and of 2024-09-06."""
    zone = "Asia/Hong_Kong"
    usual = ["09:00", "10:00", "11:00", "13:00", "14:00", "15:00"]
    assert bars_between("XHKG", "2024-09-05 00:00", "2024-09-10 00:00", zone) == [
        f"{day} {hour}" for day in ("09-05", "09-09") for hour in usual
    ]
    assert bars_between("XHKG", "2023-07-17 00:00", "2023-07-18 00:00", zone) == []
    half = bars_between("XHKG", "2024-12-24 00:00", "2024-12-27 00:00", zone, "1m")
    assert (half[0], half[-1], len(half)) == ("12-24 09:30", "12-24 11:59", 150)
    minutes = bars_between("XHKG", "2024-09-05 11:58", "2024-09-05 13:02", zone, "1m")
    assert minutes == ["09-05 11:58", "09-05 11:59", "09-05 13:00", "09-05 13:01"]


@pytest.mark.parametrize(
    ("monday", "opening", "closing"),
    [
        ("2024-03-04", "2024-03-03T22:00", "2024-03-08T22:00"),
        ("2024-03-11", "2024-03-10T21:00", "2024-03-15T21:00"),  # New York went to summer time that Sunday
        ("2024-10-28", "2024-10-27T21:00", "2024-11-01T21:00"),  # London has gone back, New York not yet
        ("2024-11-04", "2024-11-03T22:00", "2024-11-08T22:00"),
    ],
)
def test_fx_week_runs_from_sunday_to_friday_at_five_in_new_york(monday: str, opening: str, closing: str) -> None:
    fx = load_sessions("FX")
    edges = np.array([utc(opening) - 1, utc(opening), utc(closing) - 1, utc(closing)])
    assert fx.is_open(edges).tolist() == [False, True, True, False]
    starts = fx.bar_starts(utc(monday) - 2 * DAY, utc(monday) + 6 * DAY, 3600 * SECOND)
    assert (starts[0], starts[-1] + 3600 * SECOND, len(starts)) == (utc(opening), utc(closing), 120)


def test_fx_week_follows_every_hour_of_the_clock_changes() -> None:
    fx = load_sessions("FX")
    assert set(np.unique((fx.closes - fx.opens) // (3600 * SECOND)).tolist()) == {120}
    assert (fx.opens[1:] > fx.closes[:-1]).all()


def test_weekend_has_no_bars_but_around_the_clock() -> None:
    saturday, monday = utc("2024-06-01T21:00"), utc("2024-06-02T20:00")
    for name in ("XNYS", "XNYS+ext", "XLON", "FX", "24/5"):
        assert not len(load_sessions(name).bar_starts(saturday, monday, SECOND))
    always = load_sessions("24/7").bar_starts(saturday, saturday + 60 * SECOND, SECOND)
    assert always.tolist() == [saturday + second * SECOND for second in range(60)]


def test_futures_rest_at_the_weekend_and_end_early_on_independence_day() -> None:
    cmes = load_sessions("CMES")
    assert not cmes.is_open(np.array([utc("2024-06-01T12:00")]))[0]
    assert cmes.is_open(np.array([utc("2024-06-02T23:00")]))[0]  # Sunday evening in Chicago
    assert not cmes.is_open(np.array([utc("2024-07-04T18:00")]))[0]


def test_extended_hours_reach_from_four_to_eight_and_to_five_on_half_days() -> None:
    ext = load_sessions("XNYS+ext")
    days = {"2024-03-08": 20, "2024-03-11": 20, "2024-07-05": 20, "2024-11-29": 17, "2024-12-24": 17}
    for day, closing in days.items():
        date = datetime.fromisoformat(day)
        first, last = ns(date.year, date.month, date.day, 4), ns(date.year, date.month, date.day, closing)
        assert ext.is_open(np.array([first - 1, first, last - 1, last])).tolist() == [False, True, True, False]
    assert len(ext.opens) == len(NYSE.sessions.opens)
    assert ((ext.opens < NYSE.sessions.opens) & (ext.closes > NYSE.sessions.closes)).all()


def test_calendar_that_exchange_calendars_can_not_compute_says_so() -> None:
    """Its Tel Aviv fails on pandas 3."""
    with pytest.raises(SettingsError, match="calendar XTAE: expected exchange_calendars to know it, was ValueError"):
        load_sessions("XTAE")


def test_simulators_symbols_trade_around_the_clock() -> None:
    assert {sessions_of(symbol) for symbol in made_up_symbols(60)} == {"24/7"}


def test_importing_the_calendar_loads_no_pandas() -> None:
    import subprocess
    import sys

    code = "import sys, causal_alpha.calendar; sys.exit('pandas' in sys.modules or 'exchange_calendars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.market
def test_calendar_has_exactly_the_sessions_of_recorded_daily_bars(market: object) -> None:
    import pyarrow.parquet as pq

    days = pq.read_table(f"{market}/us_daily.parquet", columns=["date"])["date"].unique().to_numpy(zero_copy_only=False)
    starts = np.sort(days.astype("datetime64[ns]").astype(np.int64))
    closes = NYSE.bar_closes(int(starts[0]), "1d", len(starts))
    assert (closes - DAY).tolist() == starts.tolist()
