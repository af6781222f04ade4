"""Bar intervals: `1s`, `1m`, `5m`, `1h`, `1d`, and by activity `100tick`, `5000volume`, `1000000dollar`.

Lengths are int64 nanoseconds.
"""

import re
from functools import cache
from typing import NamedTuple

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


class Activity(NamedTuple):
    """How much a bar by activity holds: trades (`tick`), size (`volume`), or price times size (`dollar`)."""

    threshold: float
    unit: str


@cache
def activity(interval: str) -> Activity | None:
    """The rule of an interval by activity, None for one by time.

    >>> activity("100tick"), activity("1m")
    (Activity(threshold=100.0, unit='tick'), None)
    """
    found = re.fullmatch(r"([1-9][0-9]{0,14})(tick|volume|dollar)", interval)
    return Activity(float(found[1]), found[2]) if found else None


def end_of(interval: str, start: int, known_at: int) -> int:
    """When a bar ended (ns): one by activity when it was full."""
    return known_at if activity(interval) else start + interval_ns(interval)
