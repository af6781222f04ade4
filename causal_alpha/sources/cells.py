"""Cells of a file → numpy: whatever can't be read becomes NaN, or time 0, and is rejected later with its row."""

from datetime import datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute

from causal_alpha.errors import SourceError
from causal_alpha.frames import Floats, Ints, Labels
from causal_alpha.records import NO_ID

Cells: TypeAlias = Any
"""An Arrow array."""
pc: Any = pyarrow.compute  # its stubs know too few kinds of arrays

_UNITS = {"_s": 1_000_000_000, "_ms": 1_000_000, "_us": 1_000, "_ns": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))


def to_floats(cells: Cells) -> Floats:
    """float64; NaN for a null or text that is no number.

    >>> to_floats(pa.array(["1.5", "", "many"])).tolist()
    [1.5, nan, nan]
    """
    if pa.types.is_string(cells.type):
        try:
            cells = pc.cast(pc.if_else(pc.equal(cells, ""), None, cells), pa.float64())
        except pa.ArrowInvalid:
            return np.asarray([_number(cell) for cell in cells.to_pylist()], dtype=np.float64)
    floats: Floats = pc.cast(cells, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return floats


def to_labels(cells: Cells) -> Labels:
    """Names; the empty one for a null."""
    encoded = pc.fill_null(pc.cast(cells, pa.string()), "").dictionary_encode()
    return Labels(encoded.indices.to_numpy(zero_copy_only=False), tuple(encoded.dictionary.to_pylist()))


def to_ids(cells: Cells) -> Ints:
    """int64; NO_ID for a null. Raises SourceError for ids that are no integers."""
    try:
        ids: Ints = pc.fill_null(pc.cast(cells, pa.int64()), NO_ID).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(f"column of ids: expected integers, was {error}") from error
    return ids


def to_times(cells: Cells, name: str, zone: str) -> Ints:
    """int64 ns UTC; 0 for a null or text that is no time.

    Integers are in the unit that the column's `name` ends with (`_s`, `_ms`, `_us`, `_ns`), else ns.
    Times without a zone are of `zone`; of an hour that a clock change repeats, the first.

    >>> to_times(pa.array([1_550_068_920_000]), "exch_ts_ms", "UTC").tolist()
    [1550068920000000000]
    """
    if pa.types.is_string(cells.type):
        cells = _parse(cells, zone)
    if pa.types.is_date(cells.type):
        cells = pc.cast(cells, pa.timestamp("s")).cast(pa.timestamp("ns", "UTC"))  # a date is a day in UTC
    if pa.types.is_timestamp(cells.type):
        if cells.type.tz is None and zone != "UTC":  # UTC needs no data base of zones
            cells = pc.assume_timezone(cells, zone, ambiguous="earliest", nonexistent="latest")
        cells = pc.cast(pc.cast(cells, pa.timestamp("ns", cells.type.tz)), pa.int64())
        unit = 1
    elif pa.types.is_integer(cells.type):
        unit = next((unit for suffix, unit in _UNITS.items() if name.lower().endswith(suffix)), 1)
    else:
        raise SourceError(f"column {name}: expected times, was {cells.type}")
    times: Ints = pc.fill_null(pc.cast(cells, pa.int64()), 0).to_numpy(zero_copy_only=False)
    return times * unit


def _parse(cells: Cells, zone: str) -> Cells:
    """Text as integers, or as RFC 3339 with or without a zone."""
    for kind in (pa.int64(), pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return pc.cast(cells, kind)
        except pa.ArrowInvalid:
            continue
    return pa.array([_time(cell, zone) for cell in cells.to_pylist()], pa.int64()).cast(pa.timestamp("ns", "UTC"))


def _time(cell: str | None, zone: str) -> int | None:
    try:
        time = datetime.fromisoformat(cell or "")
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=ZoneInfo(zone))
    return (time - _EPOCH) // timedelta(microseconds=1) * 1_000


def _number(cell: str | None) -> float:
    try:
        return float(cell or "nan")
    except ValueError:
        return float("nan")
