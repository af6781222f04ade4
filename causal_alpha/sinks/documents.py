"""Records as MongoDB documents and back. Times are UTC dates; what a date's ms would lose is kept as `…_ns` too."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import msgspec
from bson import DatetimeMS

from causal_alpha.actions import Action
from causal_alpha.columns import column_kinds
from causal_alpha.errors import FrameError, SinkError
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Bar, Features, Forecast, Reject, Score
from causal_alpha.sinks.identity import ARCHIVED, record_id

R = TypeVar("R", bound=msgspec.Struct)

_DATES = ("start", "made", "due", "ts", "known_at", "scored")
_OPTIONAL = ("bid", "ask", "bid_size", "ask_size", "buy_volume")
_EXACT: Mapping[type[msgspec.Struct], tuple[str, ...]] = {Reject: ("ts",)}
"""Fields that needn't lie on a millisecond: a foreign tick's stamp. Bars start on whole seconds."""

TIME: Mapping[type[msgspec.Struct], str] = {
    Bar: "start",
    Features: "start",
    Forecast: "start",
    Score: "start",
    Reject: "ts_ns",
}
"""The field that readers select and sort by."""


def stored_time(record: type[msgspec.Struct], ns: int) -> DatetimeMS | int:
    """A bound for `TIME[record]`, rounded up, so that `$gte` and `$lt` with it mean what they do in ns."""
    return ns if TIME[record].endswith("_ns") else DatetimeMS(-(-ns // MILLISECOND))


def to_document(record: Any) -> dict[str, Any]:
    """The record's fields under its deterministic `_id`. A bar without a quote has no fields for it.

    >>> row = Features(symbol="A", interval="1s", start=2_000_000, close=1.0, values=(2.0,), feature_set="x")
    >>> doc = to_document(row)
    >>> doc["_id"], int(doc["start"]), doc["values"]
    ('A|1s|2000000', 2, (2.0,))
    """
    document = {"_id": record_id(record), **msgspec.structs.asdict(record)}
    if isinstance(record, Bar):
        for name in _OPTIONAL:
            if math.isnan(document[name]):
                del document[name]
    for name in _EXACT.get(type(record), ()):
        document[f"{name}_ns"] = document[name]
    for name in _DATES:
        if name in document:
            document[name] = DatetimeMS(document[name] // MILLISECOND)
    return document


def from_document(record: type[R], document: Mapping[str, Any]) -> R:
    """The record in a document read with dates as `DatetimeMS`. Raises SinkError when it is none."""
    exact = _EXACT.get(record, ())
    try:
        found = {
            name: document[f"{name}_ns"]
            if name in exact
            else int(document[name]) * MILLISECOND
            if name in _DATES
            else kind(document[name] if name in document or name not in _OPTIONAL else math.nan)
            for name, kind in column_kinds(record).items()
        }
        return record(**found)
    except (KeyError, TypeError, ValueError) as error:
        name = ARCHIVED[record]
        raise SinkError(f"{name}: expected a {record.__name__}, was {document.get('_id')!r}: {error!r}") from error


def to_action(action: Action) -> dict[str, Any]:
    """A word on a split or dividend as a document; `from_action` is the inverse. Times are ns."""
    facts = asdict(action)
    return {"_id": f"{action.symbol}|{action.kind}|{action.date}|{action.known_at}", **facts}


def from_action(document: Mapping[str, Any]) -> Action:
    """Raises SinkError when it is none."""
    try:
        times = {name: int(document[name]) for name in ("date", "ts", "known_at")}
        return Action(symbol=document["symbol"], kind=document["kind"], value=float(document["value"]), **times)
    except (KeyError, TypeError, ValueError, FrameError) as error:
        raise SinkError(f"actions: expected an Action, was {document.get('_id')!r}: {error!r}") from error
