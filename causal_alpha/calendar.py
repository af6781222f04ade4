"""When an exchange is open, and which bars it has: holidays, half days, daylight saving time.

Sessions come from `exchange_calendars`, imported when a calendar is first made. Times are int64 ns UTC.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

import numpy as np

from causal_alpha.errors import SettingsError
from causal_alpha.frames import Ints
from causal_alpha.intervals import DAY, interval_ns

ALWAYS = "24/7"
WEEKDAYS = "24/5"
_FIRST = "1990-01-01"
_SUFFIXES = {
    **{"L": "XLON", "DE": "XETR", "PA": "XPAR", "AS": "XAMS", "BR": "XBRU", "MI": "XMIL", "SW": "XSWX", "ST": "XSTO"},
    **{"T": "XTKS", "HK": "XHKG", "SS": "XSHG", "KS": "XKRX", "TW": "XTAI", "NS": "XBOM", "AX": "XASX", "TO": "XTSE"},
}


def calendar_of(symbol: str) -> str:
    """The name of a symbol's calendar, by how it is written.

    `24/7`: `venue:name`, pairs that end in -USD, -USDT, -USDC, -EUR or USDT, and `BTC-PERP` and the like.
    `24/5`: Yahoo's currencies and futures, which end in `=X` and `=F`. Yahoo's suffixes name some
    exchanges: `VOD.L` trades in London. All else trades in New York: `XNYS`.

    >>> [calendar_of(symbol) for symbol in ("spot:BTCUSDT", "BTC-USD", "EURUSD=X", "AAPL", "BRK-B", "VOD.L")]
    ['24/7', '24/7', '24/5', 'XNYS', 'XNYS', 'XLON']
    """
    if symbol.endswith(("=X", "=F")):
        return WEEKDAYS
    if re.search(r":|-(USD[TC]?|EUR|PERP)$|.USDT$", symbol):
        return ALWAYS
    return _SUFFIXES.get(symbol.rpartition(".")[2], "XNYS") if "." in symbol else "XNYS"


class Calendar:
    """The opening times of an exchange, by its ISO code, or `24/7`, `24/5` (Monday to Friday, UTC).

    Known from 1990 or the exchange's first session to a year ahead; other times raise SettingsError.

    >>> Calendar("24/7").is_open(0)
    True
    """

    def __init__(self, name: str = "XNYS") -> None:
        self.name = name
        self._sessions = None if name == ALWAYS else _sessions(name)

    def is_open(self, ts: int) -> bool:
        """Whether `open <= ts < close` for a session, or for a part of it where there is a lunch break."""
        if self._sessions is None:
            return True
        opens, _ = self._sessions
        return bool(opens[self._next(ts)] <= ts)

    def next_open(self, ts: int) -> int:
        """The first time from `ts` on at which the exchange is open: `ts` itself if it is open then."""
        if self._sessions is None:
            return ts
        opens, _ = self._sessions
        return max(ts, int(opens[self._next(ts)]))

    def bar_closes(self, ts: int, interval: str, n: int) -> Ints:
        """The ends of the next `n` bars that end after `ts`, shape (n,).

        Bars lie on the UTC grid of the interval; those that share time with a session exist. So a
        bar that is cut by the closing bell still ends on the grid, and a `1d` bar at midnight UTC.
        """
        width = interval_ns(interval)
        first = ts - ts % width
        if self._sessions is None:
            return first + width * np.arange(1, n + 1)
        return np.fromiter(islice(self._bar_starts(first, width), n), dtype=np.int64, count=n) + width

    def _bar_starts(self, start: int, width: int) -> Iterator[int]:
        """Starts of the bars from `start` (on the grid) on."""
        assert self._sessions is not None
        opens, closes = self._sessions
        for session in range(self._next(start), len(opens)):
            opening, close = int(opens[session]), int(closes[session])
            start = max(start, opening - opening % width)
            while start < close:
                yield start
                start += width
        raise SettingsError(f"calendar {self.name}: expected bars before {closes[-1]} ns, was a later one")

    def _next(self, ts: int) -> int:
        """The place of the session that `ts` is in, or else of the one after it."""
        assert self._sessions is not None
        opens, closes = self._sessions
        place = int(np.searchsorted(closes, ts, side="right"))
        if ts < opens[0] - DAY or place == len(closes):
            raise SettingsError(f"calendar {self.name}: expected a time from {opens[0]} to {closes[-1]} ns, was {ts}")
        return place


@lru_cache(maxsize=16)
def _sessions(name: str) -> tuple[Ints, Ints]:
    """Opening and closing times, a break counting as closed. Takes about a second the first time."""
    import exchange_calendars as xc  # noqa: PLC0415
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415

    try:
        calendar = xc.get_calendar(name, start=_FIRST)
    except InvalidCalendarName:
        raise SettingsError(f"calendar: expected an exchange code such as XNYS, 24/7 or 24/5, was {name!r}") from None
    except ValueError:  # known for some later years only
        calendar = xc.get_calendar(name)
    opens, closes = calendar.opens_nanos, calendar.closes_nanos
    has_break = calendar.break_starts_nanos != np.iinfo(np.int64).min  # NaT
    return (
        np.sort(np.concatenate([opens, calendar.break_ends_nanos[has_break]])),
        np.sort(np.concatenate([closes, calendar.break_starts_nanos[has_break]])),
    )
