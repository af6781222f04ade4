"""Ticks from outside: reading JSON messages and finding the rows that can't be used, with the reason.

Reasons, as they stand in `rejects`: `malformed` (no JSON, no Arrow), `schema` (a field missing or of
a wrong type), `unknown_field`, `nan`, `not_positive`, `absurd`, `future`; `late` comes from the bars.
"""

import hashlib
import json
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from causal_alpha.columns import is_same, same
from causal_alpha.frames import Column, Floats, Frame, Ints, Labels
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import NO_ID, Tick

LARGEST = 1e12
"""Prices and sizes from here on are taken for errors; exact sums of turnover rely on it."""


QUOTE = ("bid", "ask", "bid_size", "ask_size")
_QUOTED_PRICES = frozenset({"bid", "ask"})


class Bad(NamedTuple):
    """A row that can't be used: its place, the reason, and what was expected."""

    row: int
    reason: str
    detail: str


_Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Millis = Annotated[int, msgspec.Meta(ge=0, le=9_223_372_036_854)]
_Number = Annotated[int, msgspec.Meta(gt=NO_ID, le=2**63 - 1)]


class _Trade(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What most feeds send: a trade without quotes, time and id as numbers."""

    symbol: _Symbol
    ts: _Millis
    price: float
    size: float
    id: _Number | None = None


class _WireTick(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """All that may be sent."""

    symbol: _Symbol
    ts: _Millis | str
    price: float
    size: float
    id: _Number | str | None = None
    bid: float | None = None
    ask: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None


_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What a message can make a decoder raise: text that is no UTF-8 is a ValueError, one `[` in another too deep."""

_decode_trade = msgspec.json.Decoder(_Trade).decode
_decode = msgspec.json.Decoder(_WireTick).decode


def parse_json(values: Sequence[bytes], source: str) -> tuple[Frame[Tick], Ints, list[Bad]]:
    """Ticks of JSON messages, one tick a message.

    Returns the frame of the readable ones, the place in `values` that each of its rows came from,
    and the messages that can't be read.

    >>> frame, places, bad = parse_json([b'{"symbol":"A","ts":1,"price":2,"size":3}', b'{'], "api")
    >>> frame.ints("ts").tolist(), places.tolist(), bad[0].reason
    ([1000000], [0], 'malformed')
    """
    if (trades := parse_trades(values, source)) is not None:
        return trades, np.arange(len(values)), []
    try:
        return _to_frame([_decode(value) for value in values], source), np.arange(len(values)), []
    except _UNREADABLE:  # at least one is: find out which
        pass
    bad: list[Bad] = []
    good, places = [], []
    for place, value in enumerate(values):
        try:
            row = _decode(value)
            _ts_ns(row.ts)
        except _UNREADABLE as error:
            bad.append(Bad(place, *_explain(value, error)))
        else:
            good.append(row)
            places.append(place)
    return _to_frame(good, source), np.asarray(places, dtype=np.int64), bad


def parse_trades(values: Sequence[bytes], source: str) -> Frame[Tick] | None:
    """What most feeds send: ticks without quotes, all of them readable, at half the cost. None for anything else.

    >>> parse_trades([b'{"symbol":"A","ts":1,"price":2,"size":3,"bid":1}'], "api") is None
    True
    """
    try:
        return _trades_to_frame([_decode_trade(value) for value in values], source)
    except _UNREADABLE:
        return None


def check_ticks(frame: Frame[Tick], record_ts: Ints | int, tolerance: int) -> list[Bad]:
    """The rows of a frame that can't be used, in order.

    `record_ts` is the time of the Kafka record that carried a row; a stamp more than `tolerance`
    ahead of it is from the future. All times in ns.
    """
    limits = np.broadcast_to(np.asarray(record_ts) + tolerance, len(frame))
    return [
        Bad(row, *_judge(next(frame.take(np.asarray([row])).rows()), int(limits[row])))
        for row in np.flatnonzero(~_usable(frame, limits)).tolist()
    ]


def all_usable(frame: Frame[Tick], limit: int) -> bool:
    """Whether `check_ticks` would find nothing in a frame that has rows; `limit` is the greatest time allowed.

    Extremes tell it in half as many calls of numpy, 1.5 us each. False may be a false alarm.
    """
    price, size, ts = frame.floats("price"), frame.floats("size"), frame.ints("ts")
    if not (price.min() > 0 and price.max() < LARGEST and size.min() >= 0 and size.max() < LARGEST):
        return False  # NaN is in no order
    if not (ts.min() > 0 and ts.max() <= limit):
        return False
    for name in QUOTE:
        quotes = frame.floats(name)
        if is_same(quotes):
            quotes = quotes[:1]
        low, high = np.fmin.reduce(quotes), np.fmax.reduce(quotes)  # NaN if the feed has none
        if low < 0 or (low == 0 and name in _QUOTED_PRICES) or high >= LARGEST:
            return False
    return "" not in frame.labels("symbol").names


def _usable(frame: Frame[Tick], limits: Ints) -> npt.NDArray[np.bool_]:
    price, size, ts = frame.floats("price"), frame.floats("size"), frame.ints("ts")
    usable: npt.NDArray[np.bool_] = (price > 0) & (price < LARGEST) & (size >= 0) & (size < LARGEST)
    usable &= (ts > 0) & (ts <= limits) & ~frame.labels("symbol").equals("")
    for name in QUOTE:
        quotes = frame.floats(name)
        usable &= ~((quotes < 0) | (quotes >= LARGEST))  # NaN: the feed has none
        if name in _QUOTED_PRICES:
            usable &= quotes != 0
    return usable


def tick_json(tick: Tick) -> bytes:
    """A tick as the JSON that `parse_json` reads, to the millisecond or, where needed, nanosecond."""
    return ticks_json(Frame.of(Tick, [tick]))[0]


def ticks_json(ticks: Frame[Tick]) -> list[bytes]:
    """Each row as `tick_json`."""
    columns: list[list[Any]] = [
        ticks.labels("symbol").tolist(),
        [_ts_json(ts) for ts in ticks.ints("ts").tolist()],
        ticks.floats("price").tolist(),
        ticks.floats("size").tolist(),
        [None if number == NO_ID else number for number in ticks.ints("id").tolist()],
        *([None if math.isnan(quote) else quote for quote in ticks.floats(name).tolist()] for name in QUOTE),
    ]
    return [msgspec.json.encode(_WireTick(*row)) for row in zip(*columns, strict=True)]


def _trades_to_frame(rows: list[_Trade], source: str) -> Frame[Tick]:
    n = len(rows)
    none = same(np.nan, n)
    columns: dict[str, Column] = {  # lists of plain values: tuples of rows would keep the garbage collector busy
        "symbol": Labels.of([row.symbol for row in rows]),
        "ts": np.fromiter([row.ts for row in rows], np.int64, n) * MILLISECOND,
        "price": np.fromiter([row.price for row in rows], np.float64, n),
        "size": np.fromiter([row.size for row in rows], np.float64, n),
        "id": _ids([row.id for row in rows]),
        "bid": none,
        "ask": none,
        "bid_size": none,
        "ask_size": none,
        "source": Labels.constant(source, n),
    }
    return Frame(Tick, columns)


def _to_frame(rows: list[_WireTick], source: str) -> Frame[Tick]:
    n = len(rows)
    columns: dict[str, Column] = {
        "symbol": Labels.of([row.symbol for row in rows]),
        "ts": _times([row.ts for row in rows]),
        "price": np.fromiter([row.price for row in rows], np.float64, n),
        "size": np.fromiter([row.size for row in rows], np.float64, n),
        "id": _ids([_hashed(row.id) for row in rows]),
        "bid": _quotes([row.bid for row in rows]),
        "ask": _quotes([row.ask for row in rows]),
        "bid_size": _quotes([row.bid_size for row in rows]),
        "ask_size": _quotes([row.ask_size for row in rows]),
        "source": Labels.constant(source, n),
    }
    return Frame(Tick, columns)


def _times(values: list[int | str]) -> Ints:
    if str in map(type, values):  # numpy would take "1" for a number
        return np.fromiter([_ts_ns(value) for value in values], np.int64, len(values))
    return np.fromiter(values, np.int64, len(values)) * MILLISECOND


def _quotes(values: list[float | None]) -> Floats:
    """None becomes NaN; it takes numpy 0.1 us to do so, hence the short way where there is nothing else."""
    n = len(values)
    return same(np.nan, n) if values.count(None) == n else np.asarray(values, dtype=np.float64)


_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)")


def _ts_ns(value: int | str) -> int:
    if isinstance(value, int):
        return value * MILLISECOND
    found = _RFC3339.fullmatch(value)
    if not found:
        raise ValueError(f"ts: expected milliseconds or RFC 3339 with a zone, was {value!r}")
    seconds = int(datetime.fromisoformat(found[1].upper() + found[3].upper()).timestamp())
    ns = seconds * SECOND + int((found[2] or "").ljust(9, "0"))
    if not 0 <= ns < 2**63:
        raise ValueError(f"ts: expected 1970 to 2262, was {value!r}")
    return ns


def _ts_json(ts: int) -> int | str:
    if ts % MILLISECOND == 0:
        return ts // MILLISECOND
    return f"{np.datetime64(ts, 'ns')}Z"


def _ids(values: list[int | None]) -> Ints:
    n = len(values)
    nones = values.count(None)
    if nones == n:
        return np.full(n, NO_ID)
    return np.fromiter([NO_ID if value is None else value for value in values] if nones else values, np.int64, n)


def _hashed(value: int | str | None) -> int | None:
    """A trade id as int64; text that is no number goes in by its hash, the same on every machine."""
    if not isinstance(value, str):
        return value
    if value.isascii() and value.isdigit() and len(value) <= 18:
        return int(value)
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "big") >> 1


def _explain(value: bytes, error: Exception) -> tuple[str, str]:
    text = str(error)
    if isinstance(error, UnicodeDecodeError | RecursionError):
        return "malformed", f"expected one JSON tick, was {text}"
    if isinstance(error, ValueError) and not isinstance(error, msgspec.MsgspecError):
        return "schema", text
    if "unknown field" in text:
        return "unknown_field", text
    if isinstance(error, msgspec.ValidationError):
        return "schema", text
    try:  # Python and pandas write NaN and Infinity, which JSON does not know
        row = json.loads(value)
        numbers = [field for field in row.values() if isinstance(field, float)] if isinstance(row, dict) else []
        if not all(math.isfinite(number) for number in numbers):
            return "nan", "expected finite numbers, was NaN or Infinity"
    except (ValueError, RecursionError):
        pass
    return "malformed", f"expected one JSON tick, was {text}"


def _judge(tick: Tick, limit: int) -> tuple[str, str]:
    if not tick.symbol:
        return "schema", "symbol: expected a name, was ''"
    for name in ("price", "size"):
        value = getattr(tick, name)
        if math.isnan(value):
            return "nan", f"{name}: expected a number, was NaN"
        if value < 0 or (value == 0 and name == "price"):
            return "not_positive", f"{name}: expected a positive number, was {value}"
        if value >= LARGEST:
            return "absurd", f"{name}: expected less than {LARGEST:g}, was {value}"
    if tick.ts <= 0:
        return "absurd", f"ts: expected ns since 1970, was {tick.ts}"
    if tick.ts > limit:
        return "future", f"ts: expected at most the Kafka record's time and tolerance {limit}, was {tick.ts}"
    quote = ", ".join(f"{name} {getattr(tick, name)}" for name in QUOTE)
    return "absurd", f"bid, ask and their sizes: expected positive numbers below {LARGEST:g}, was {quote}"
