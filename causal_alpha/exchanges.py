"""The sessions of exchanges: computed by `exchange_calendars`, kept as files.

To compute one takes one to two seconds and loads pandas, to read it milliseconds. A file is named after all that its
content depends on: calendar, version of `exchange_calendars`, years.
"""

import logging
import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np

from causal_alpha.errors import SettingsError
from causal_alpha.frames import Ints

logger = logging.getLogger(__name__)

FIRST, LAST = "1990-01-01", "2049-12-31"
"""Sessions are computed from and to here, or as far as an exchange is known: no clock has a say."""

Pair = tuple[Ints, Ints]
"""Opening and closing times, rising, int64 ns UTC; a lunch break counts as closed."""


def exchange_sessions(name: str, *, cache: Path | None = None) -> Pair:
    """Opening and closing times of exchange `name`, from the folder `cache` or else computed and kept there.

    Raises SettingsError for a name that `exchange_calendars` doesn't know, or can't compute.
    """
    if cache is None:
        return compute(name)
    found = read(cache, name)
    if found is None:
        found = compute(name)
        keep(cache, name, found)
    return found


def path_of(cache: Path, name: str) -> Path:
    """The file that keeps exchange `name`."""
    return cache / f"{name.replace('/', '-')}_{FIRST[:4]}-{LAST[:4]}_{version('exchange_calendars')}.npy"


def read(cache: Path, name: str) -> Pair | None:
    """What `keep` kept, None if there is nothing, or nothing usable."""
    try:
        times = np.load(path_of(cache, name), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    usable = isinstance(times, np.ndarray) and times.dtype == np.int64 and times.ndim == 2 and len(times) == 2
    if not usable or not (np.diff(times.T.reshape(-1)) >= 0).all():
        return None
    return times[0], times[1]


def keep(cache: Path, name: str, sessions: Pair) -> None:
    """Write the file whole or not at all; a folder that takes none is no error."""
    file = path_of(cache, name)
    part = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            np.save(stream, np.stack(sessions))
        part.replace(file)
    except OSError as error:
        logger.warning("calendar %s: expected to keep it in %s, was %s", name, cache, error)
        with suppress(OSError):
            part.unlink()


def compute(name: str) -> Pair:
    """The times by `exchange_calendars`."""
    import exchange_calendars as xc  # noqa: PLC0415  loads pandas
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415

    try:
        known = type(xc.get_calendar(name, start="2024-01-01", end="2024-12-31"))
        first, last = known.bound_min(), known.bound_max()
        start, end = max(FIRST, str(first or "")[:10]), min(LAST, str(last or "9999")[:10])
        calendar = xc.get_calendar(name, start=start, end=end)
    except InvalidCalendarName:
        raise SettingsError(f"calendar: expected an exchange code such as XNYS, 24/7 or FX, was {name!r}") from None
    except (ValueError, NotImplementedError) as error:  # some calendars fail on some versions of pandas
        raise SettingsError(f"calendar {name}: expected exchange_calendars to know it, was {error!r:.200}") from error
    opens, closes = calendar.opens_nanos, calendar.closes_nanos
    has_break = calendar.break_starts_nanos != np.iinfo(np.int64).min  # NaT
    return (
        np.sort(np.concatenate([opens, calendar.break_ends_nanos[has_break]])),
        np.sort(np.concatenate([closes, calendar.break_starts_nanos[has_break]])),
    )
