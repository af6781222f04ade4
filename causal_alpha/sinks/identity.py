"""What sinks keep, and what makes a record the same one when it is written again: its id, its time, its revision.

Ids are deterministic, so that a replay of the log finds what it wrote before.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from causal_alpha.records import Bar, Features, Forecast, Reject, Score

ARCHIVED: Mapping[type[msgspec.Struct], str] = {
    Bar: "bars",
    Features: "features",
    Forecast: "forecasts",
    Score: "scores",
    Reject: "rejects",
}
"""What sinks keep, and under which name: that of the topic. Other records are left alone."""


def record_id(record: Any) -> str:
    """The id under which every sink keeps a record.

    >>> record_id(Features(symbol="A", interval="1s", start=7, close=1.0, values=(), feature_set="x"))
    'A|1s|7'
    """
    match record:
        case Bar() | Features():
            return f"{record.symbol}|{record.interval}|{record.start}"
        case Forecast() | Score():
            said_by = f"{record.horizon}|{record.family}|{record.version}"
            return f"{record.symbol}|{record.interval}|{record.start}|{said_by}"
        case Reject():
            return f"{record.topic}/{record.partition}/{record.offset}/{record.row}"
    raise TypeError(f"record: expected a kind that is archived, was {type(record).__name__}")


def record_time(record: Any) -> int:
    """The time that readers select by, in ns."""
    return int(record.ts if isinstance(record, Reject) else record.start)


def version(record: Any) -> tuple[int, int]:
    """Which of two records with one id is the newer, the greater: bars get revised, the others never change."""
    return (record.known_at, record.revision) if isinstance(record, Bar) else (0, 0)


def replaces(new: Any, old: Any) -> bool:
    """Whether `new` takes the place of `old`, which has the same id and came first.

    Of two words of one time on a bar the first stands, as windows have it; its own source may repeat it. What another
    source knows better comes as a revision, which says from when on it is known.
    """
    if version(new) == version(old) and isinstance(new, Bar):
        return bool(new.source == old.source)
    return version(new) >= version(old)


def is_final(record: msgspec.Struct) -> bool:
    """False for a forming bar, which no sink keeps."""
    return not (isinstance(record, Bar) and record.state == "forming")
