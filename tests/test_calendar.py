from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.calendar import _SUFFIXES, Calendar, calendar_of
from causal_alpha.errors import SettingsError
from causal_alpha.intervals import DAY, SECOND, interval_ns

NEW_YORK = ZoneInfo("America/New_York")
NYSE = Calendar("XNYS")


def ns(year: int, month: int, day: int, hour: int = 0, minute: int = 0, zone: object = NEW_YORK) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=zone).timestamp()) * SECOND  # type: ignore[arg-type]


def local(times: np.ndarray) -> list[str]:
    return [f"{datetime.fromtimestamp(ts / SECOND, NEW_YORK):%m-%d %H:%M}" for ts in times.tolist()]


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


@pytest.mark.parametrize("name", sorted(set(_SUFFIXES.values())))
def test_calendars_of_all_suffixes_exist(name: str) -> None:
    assert Calendar(name).next_open(ns(2024, 5, 8)) < ns(2024, 5, 9, 23)


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
    with pytest.raises(SettingsError, match="calendar XNYS: expected a time from"):
        NYSE.is_open(0)
    with pytest.raises(SettingsError, match="expected a"):
        NYSE.bar_closes(2**62, "1m", 1)


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
        ("GBPUSD=X", "24/5"),
        ("MSFT", "XNYS"),
        ("BRK-B", "XNYS"),
        ("BF.B", "XNYS"),
        ("7203.T", "XTKS"),
        ("ES=F", "24/5"),
        ("^GSPC", "XNYS"),
        ("USDT", "XNYS"),
    ],
)
def test_calendar_of_follows_how_a_symbol_is_written(symbol: str, name: str) -> None:
    assert calendar_of(symbol) == name


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
