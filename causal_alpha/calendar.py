"""Which sessions a symbol has: an exchange's with holidays, half days and clock changes, the FX week, or all time.

===========  ===================================================================================
name         open
===========  ===================================================================================
`24/7`       always
`24/5`       Monday to Friday, UTC
`FX`         Sunday 17:00 to Friday 17:00 in New York, its clock changes included; no holidays
`XNYS+ext`   New York from 4:00 to 20:00, to 17:00 on half days: before, in and after the session
others       what `exchange_calendars` knows: ISO codes such as XNYS, XLON, XHKG, or CMES
===========  ===================================================================================

Exchanges are known from 1990 to 2049 or for the part of it that `exchange_calendars` knows; no clock is read.
"""

import logging
import re
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from causal_alpha.errors import SettingsError
from causal_alpha.exchanges import exchange_sessions
from causal_alpha.frames import Ints
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.sessions import FOREVER, Sessions

logger = logging.getLogger(__name__)

__all__ = [
    "ALWAYS",
    "AUTO",
    "FX",
    "WEEKDAYS",
    "Calendar",
    "Sessions",
    "calendar_of",
    "load_sessions",
    "regular_hours",
    "sessions_of",
]

ALWAYS = "24/7"
WEEKDAYS = "24/5"
FX = "FX"
STOCKS = "XNYS"
EXTENDED = "XNYS+ext"
AUTO = "*=auto"
"""The rules that give every symbol its `calendar_of`."""

_HOUR = 3600 * SECOND
_NEW_YORK = ZoneInfo("America/New_York")
_MONDAY = date(1969, 12, 29)
_WEEKS = 80 * 53
_SUFFIXES = {
    **{"T": "XTKS", "HK": "XHKG", "SS": "XSHG", "SZ": "XSHG", "KS": "XKRX", "KQ": "XKRX", "TW": "XTAI", "TWO": "XTAI"},
    **{"NS": "XBOM", "BO": "XBOM", "SI": "XSES", "KL": "XKLS", "BK": "XBKK", "JK": "XIDX", "PS": "XPHS", "SR": "XSAU"},
    **{"AX": "XASX", "XA": "XASX", "NZ": "XNZE", "JO": "XJSE", "IS": "XIST", "ME": "XMOS"},
    **{"L": "XLON", "IL": "XLON", "XC": "XLON", "AQ": "XLON", "IR": "XDUB", "PA": "XPAR", "NX": "XPAR", "AS": "XAMS"},
    **{"BR": "XBRU", "LS": "XLIS", "MC": "XMAD", "MI": "XMIL", "TI": "XMIL", "SW": "XSWX", "VI": "XWBO"},
    **{"DE": "XETR", "F": "XFRA", "SG": "XSTU", "DU": "XDUS", "HM": "XHAM", "HA": "XHAM", "BE": "XHAM", "MU": "XHAM"},
    **{"ST": "XSTO", "OL": "XOSL", "CO": "XCSE", "HE": "XHEL", "IC": "XICE", "TL": "XTAL", "RG": "XRIS", "VS": "XLIT"},
    **{"WA": "XWAR", "PR": "XPRA", "BD": "XBUD"},
    **{"TO": "XTSE", "V": "XTSE", "CN": "XTSE", "NE": "XTSE", "MX": "XMEX", "SA": "BVMF", "BA": "XBUE", "SN": "XSGO"},
    **{"CL": "XBOG", "A": "XNYS", "B": "XNYS"},  # BRK.B: a class of shares
}
"""What follows a symbol's last dot: Yahoo's exchanges as far as `exchange_calendars` can compute them."""
_INDICES = {
    **dict.fromkeys(("FTSE", "FTMC", "FTAS", "FTLC"), "XLON"),
    **dict.fromkeys(("GDAXI", "MDAXI", "SDAXI", "TECDAX"), "XETR"),
    **dict.fromkeys(("FCHI", "SBF120", "N100", "STOXX50E", "STOXX"), "XPAR"),
    **{"AEX": "XAMS", "BFX": "XBRU", "IBEX": "XMAD", "SSMI": "XSWX", "ATX": "XWBO", "ISEQ": "XDUB", "OSEAX": "XOSL"},
    **{"OMX": "XSTO", "OMXSPI": "XSTO", "OMXC25": "XCSE", "OMXH25": "XHEL", "N225": "XTKS", "TWII": "XTAI"},
    **dict.fromkeys(("HSI", "HSCE"), "XHKG"),
    **dict.fromkeys(("KS11", "KS200", "KQ11"), "XKRX"),
    **dict.fromkeys(("BSESN", "NSEI", "NSEBANK"), "XBOM"),
    **{"STI": "XSES", "KLSE": "XKLS", "JKSE": "XIDX", "AXJO": "XASX", "AORD": "XASX", "NZ50": "XNZE"},
    **{"GSPTSE": "XTSE", "MXX": "XMEX", "BVSP": "BVMF", "MERV": "XBUE", "IPSA": "XSGO"},
}
"""Yahoo's main indices from outside New York, without their `^`."""
_COIN = re.compile(
    r":|.-(USD[TC]?|BTC|ETH|PERP|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|MXN|MYR|NGN|NOK|NZD"
    r"|PHP|PKR|PLN|RUB|SEK|SGD|THB|TRY|TWD|UAH|VND|ZAR)$|.USDT$"
)


def calendar_of(symbol: str) -> str:
    """The name of a symbol's calendar, by how it is written.

    `24/7`: `venue:name` (so the simulator's `SIM:ALFA`, too), pairs that end in a currency, as -USD, -GBP, -BTC
    or USDT, and `BTC-PERP` and the like. `FX`: Yahoo's currencies, which end in `=X`. `CMES`: its futures, which
    end in `=F`. Yahoo's suffixes and its `^` name exchanges and indices: `VOD.L` and `^FTSE` trade in London. All
    else trades in New York: `XNYS`; a suffix that nobody knows does, too, and a warning says so once.

    >>> [calendar_of(symbol) for symbol in ("spot:BTCUSDT", "BTC-USD", "EURUSD=X", "AAPL", "BRK-B", "VOD.L", "^N225")]
    ['24/7', '24/7', 'FX', 'XNYS', 'XNYS', 'XLON', 'XTKS']
    """
    if symbol.endswith("=X"):
        return FX
    if symbol.endswith("=F"):
        return "CMES"
    if _COIN.search(symbol):
        return ALWAYS
    _, dot, suffix = symbol.rpartition(".")
    if dot:
        return _SUFFIXES.get(suffix) or _unknown(suffix)
    return _INDICES.get(symbol[1:], STOCKS) if symbol.startswith("^") else STOCKS


@lru_cache(maxsize=1024)  # so that it is said once
def _unknown(suffix: str) -> str:
    logger.warning(
        "calendar: expected a suffix of Yahoo's that is known, was .%s: its symbols get the hours of New York, "
        "unless CAUSAL_ALPHA_CALENDARS says better, as in *.%s=24/7,*=auto",
        suffix,
        suffix,
    )
    return STOCKS


def sessions_of(symbol: str, rules: str = AUTO) -> str:
    """The name of a symbol's calendar by `rules`: `PATTERN=NAME,...`, the first pattern that matches wins.

    Patterns are those of a shell (`*`, `?`, `[AB]`); the name `auto` stands for `calendar_of`, which also
    answers where nothing matches. Raises SettingsError for rules that are none.

    >>> sessions_of("ACME", "SIM*=24/7,AC??=XNYS+ext,*=auto"), sessions_of("EURUSD=X", "*=X=24/5")
    ('XNYS+ext', '24/5')
    """
    for pattern, name in _parse(rules):
        if fnmatchcase(symbol, pattern):
            return calendar_of(symbol) if name == "auto" else name
    return calendar_of(symbol)


@lru_cache(maxsize=64)
def _parse(rules: str) -> tuple[tuple[str, str], ...]:
    """Patterns and names. A pattern may contain `=`: the last one parts it from the name."""
    parts = [rule.strip().rpartition("=") for rule in rules.split(",") if rule.strip()]
    if any(not pattern or not name for pattern, _, name in parts):
        raise SettingsError(f"calendars: expected PATTERN=NAME,... such as SIM*=24/7,*=auto, was {rules!r}")
    return tuple((pattern.strip(), name.strip()) for pattern, _, name in parts)


@lru_cache(maxsize=128)
def load_sessions(name: str, *, cache: Path | None = None) -> Sessions:
    """The sessions of calendar `name`. Raises SettingsError for a name that is none.

    `cache` is a folder: an exchange computed once is read from there, by this and every later process, until
    `exchange_calendars` has another version. A folder that can't be read or written costs time, nothing else.
    """
    if name == ALWAYS:
        return Sessions(name, _frozen([-FOREVER]), _frozen([FOREVER - 1]))
    if name == WEEKDAYS:
        mondays = (_MONDAY - date(1970, 1, 1)).days * DAY + np.arange(_WEEKS) * 7 * DAY
        return Sessions(name, _frozen(mondays), _frozen(mondays + 5 * DAY))
    if name == FX:
        sundays = [_MONDAY + timedelta(days=7 * week - 1) for week in range(_WEEKS)]
        five = time(17)
        fridays = [sunday + timedelta(days=5) for sunday in sundays]
        return Sessions(name, _new_york(sundays, five), _new_york(fridays, five))
    if name == EXTENDED:
        return _extended(load_sessions("XNYS", cache=cache))
    opens, closes = exchange_sessions(name, cache=cache)
    return Sessions(name, _frozen(opens), _frozen(closes))


class Calendar:
    """The sessions of an exchange, for single times and intervals by name; times far off are no error.

    >>> Calendar("24/7").is_open(0)
    True
    """

    def __init__(self, name: str = "XNYS", *, cache: Path | None = None) -> None:
        self.name = name
        self.sessions = load_sessions(name, cache=cache)

    def is_open(self, ts: int) -> bool:
        """Whether `open <= ts < close` for a session, or for a part of it where there is a lunch break."""
        return bool(self.sessions.is_open(np.asarray(ts)))

    def next_open(self, ts: int) -> int:
        """The first time from `ts` on at which the exchange is open, `sessions.FOREVER` if none is known."""
        return self.sessions.next_open(ts)

    def bar_closes(self, ts: int, interval: str, n: int) -> Ints:
        """The ends of the next `n` bars that end after `ts`, shape (n,), see `Sessions.bar_closes`.

        A `1d` bar ends at midnight UTC.
        """
        return self.sessions.bar_closes(ts, interval_ns(interval), n)


def _frozen(times: Ints | list[int]) -> Ints:
    array = np.asarray(times, dtype=np.int64)
    array.setflags(write=False)
    return array


def _new_york(days: list[date], at: time) -> Ints:
    """ns UTC of a time of day there."""
    stamps = [int(datetime.combine(day, at, _NEW_YORK).timestamp()) for day in days]
    return _frozen(np.asarray(stamps, dtype=np.int64) * SECOND)


def _extended(regular: Sessions) -> Sessions:
    """New York's hours with those before and after the bell."""
    bells = regular.closes
    zones = [datetime.fromtimestamp(bell, _NEW_YORK).utcoffset() for bell in (bells // SECOND).tolist()]
    offsets = np.asarray([zone.total_seconds() for zone in zones if zone], dtype=np.int64) * SECOND
    midnights = bells - (bells + offsets) % DAY  # clocks change on Sundays, so all day it is one offset
    ends = np.where(bells - midnights < 16 * _HOUR, midnights + 17 * _HOUR, midnights + 20 * _HOUR)
    return Sessions(EXTENDED, _frozen(midnights + 4 * _HOUR), _frozen(ends))


def regular_hours(sessions: Sessions) -> Sessions:
    """Sessions without the hours before and after the bell, if they have any: 4:00 to 9:30, and four hours."""
    if sessions.name != EXTENDED:
        return sessions
    return Sessions(STOCKS, sessions.opens + 11 * _HOUR // 2, sessions.closes - 4 * _HOUR)
