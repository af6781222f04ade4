"""Bar intervals: `1s`, `1m`, `5m`, `1h`, `1d`. Lengths are int64 nanoseconds."""

import re
from functools import cache

from causal_alpha.errors import SettingsError

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
DAY = 86_400 * SECOND
NEVER = -(2**62)
"""A time before all times."""
_UNITS = {"s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND, "d": DAY}


@cache
def interval_ns(interval: str) -> int:
    """Length of an interval in nanoseconds, from 1 s to 1 d, a divisor of the day.

    >>> interval_ns("5m")
    300000000000
    >>> interval_ns("7m")
    Traceback (most recent call last):
    ...
    causal_alpha.errors.SettingsError: interval: expected a divisor of one day, such as 1s, 1m, 5m, 1h, 1d, was '7m'
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", interval)
    length = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 0 < length <= DAY or DAY % length:
        raise SettingsError(f"interval: expected a divisor of one day, such as 1s, 1m, 5m, 1h, 1d, was {interval!r}")
    return length
