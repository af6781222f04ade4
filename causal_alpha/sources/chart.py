"""Yahoo's chart answers (v8, JSON) → quotes, bars, splits and dividends.

Prices of bars are adjusted for the splits until now, not for dividends.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from math import prod
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from causal_alpha.actions import Action, Kind
from causal_alpha.errors import FrameError, SourceError
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar
from causal_alpha.sources.tape import Quote

FETCHED: Mapping[str, str] = {
    **{interval: interval for interval in ("1m", "2m", "5m", "15m", "1d")},
    **dict.fromkeys(("30m", "1h"), "15m"),
}
"""Our intervals → Yahoo's. Its hours start with the session, half past, and its half hours are wrong at times."""


def read_chart(symbol: str, payload: Any) -> Mapping[str, Any]:
    """The one result of an answer. Raises SourceError with Yahoo's own words if there is none."""
    chart = payload.get("chart") if isinstance(payload, dict) else None
    if isinstance(chart, dict) and chart.get("error"):
        error = chart["error"]
        raise SourceError(f"yahoo: expected data of {symbol}, was {error.get('description') or error}")
    try:
        result = payload["chart"]["result"][0]
        result["meta"]["exchangeTimezoneName"]
    except (KeyError, IndexError, TypeError) as error:
        raise SourceError(f"yahoo: expected a chart of {symbol}, was {str(payload)[:200]}") from error
    found: Mapping[str, Any] = result
    return found


def read_quote(symbol: str, payload: Any) -> Quote:
    """The newest price in a chart's meta. Raises SourceError."""
    meta = read_chart(symbol, payload)["meta"]
    try:
        return Quote(
            symbol,
            int(meta["regularMarketTime"]) * SECOND,
            float(meta["regularMarketPrice"]),
            float(meta.get("regularMarketVolume") or 0),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(f"yahoo: expected a price and time of {symbol}, was {str(meta)[:200]}") from error


def read_actions(symbol: str, payload: Any) -> tuple[Action, ...]:
    """The splits and dividends of a chart that reaches until now, by date. Raises SourceError.

    Yahoo counts dividends in the shares of today: here they are what was paid for a share of their own day. An
    action is said to be known from the midnight on with which its ex-date begins at the exchange, as ex-dates
    are made public before; one that is seen later in truth says so by `actions.reconcile`.
    """
    result = read_chart(symbol, payload)
    try:
        zone, events = ZoneInfo(result["meta"]["exchangeTimezoneName"]), result.get("events") or {}
        splits = [
            _action(symbol, "split", event, float(event["numerator"]) / float(event["denominator"]), zone)
            for event in (events.get("splits") or {}).values()
        ]
        paid = [
            _action(symbol, "dividend", event, float(event["amount"]), zone)
            for event in (events.get("dividends") or {}).values()
        ]
        shares = [prod(split.value for split in splits if split.date > dividend.date) for dividend in paid]
        paid = [replace(one, value=one.value * more) for one, more in zip(paid, shares, strict=True)]
    except (
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        ArithmeticError,
        FrameError,
        ZoneInfoNotFoundError,
    ) as error:
        raise SourceError(f"yahoo: expected splits and dividends of {symbol}, was {error!r}") from error
    return tuple(sorted((*splits, *paid), key=lambda action: (action.date, action.kind == "dividend")))


def _action(symbol: str, kind: Kind, event: Any, value: float, zone: ZoneInfo) -> Action:
    """`date` of an event is the opening of its session, in seconds."""
    day = datetime.fromtimestamp(int(event["date"]), zone).date()
    date = int(np.datetime64(day, "ns").astype(np.int64))
    midnight = int(datetime.combine(day, datetime.min.time(), zone).timestamp()) * SECOND
    return Action(symbol=symbol, kind=kind, date=date, ts=midnight, value=value, known_at=midnight)


def read_bars(symbol: str, payload: Any, interval: str, now: int) -> Frame[Bar]:
    """The bars of a chart that ended at or before `now` (ns), by time.

    A minute in which Yahoo has no price has no bar. VWAP is an estimate, the mean of high, low and
    close weighted by volume, for Yahoo has none; trades are 0 for the same reason. Raises SourceError.
    """
    result = read_chart(symbol, payload)
    try:
        times = np.asarray(result.get("timestamp") or [], dtype=np.int64) * SECOND
        quote = result["indicators"]["quote"][0] if len(times) else {}
        columns = {
            name: np.asarray([np.nan if value is None else value for value in quote.get(name, [])], dtype=np.float64)
            for name in ("open", "high", "low", "close", "volume")
        }
        if any(len(values) != len(times) for values in columns.values()):
            raise ValueError(f"{len(times)} times, {', '.join(f'{len(v)} {k}' for k, v in columns.items())}")
        fetched = interval_ns(FETCHED[interval])
        starts = _days(times, result["meta"]["exchangeTimezoneName"]) if fetched == DAY else times
    except (KeyError, IndexError, TypeError, ValueError, ZoneInfoNotFoundError) as error:
        raise SourceError(f"yahoo: expected a chart of {symbol}, was {error!r}") from error
    priced = np.logical_and.reduce([columns[name] > 0 for name in ("open", "high", "low", "close")])
    # Yahoo ends a chart with the last trade, stamped by its own time: not a bar
    rows = np.flatnonzero(priced & (starts % fetched == 0))
    rows = rows[np.unique(starts[rows], return_index=True)[1]]
    bars = _regroup(starts[rows], {name: values[rows] for name, values in columns.items()}, interval_ns(interval))
    return _frame(symbol, interval, *bars, now=now)


def _days(times: Ints, zone: str) -> Ints:
    """Midnight UTC of the exchange's own dates."""
    dates = [datetime.fromtimestamp(ts, ZoneInfo(zone)).date() for ts in (times // SECOND).tolist()]
    return np.asarray(dates, dtype="datetime64[D]").astype("datetime64[ns]").astype(np.int64)


def _regroup(starts: Ints, columns: Mapping[str, Floats], width: int) -> tuple[Ints, dict[str, Floats]]:
    """Bars of `width` ns out of shorter or equal ones, sorted by time."""
    slots = starts - starts % width
    first = np.flatnonzero(np.diff(slots, prepend=-1))
    volume = np.nan_to_num(columns["volume"])
    typical = (columns["high"] + columns["low"] + columns["close"]) / 3
    if not len(first):
        return slots, {**columns, "vwap": typical}
    last = np.append(first[1:], len(slots)) - 1
    sums = np.add.reduceat(volume, first)
    plain = np.add.reduceat(typical, first) / (last - first + 1)
    turnover = np.add.reduceat(typical * volume, first)
    return slots[first], {
        "open": columns["open"][first],
        "high": np.maximum.reduceat(columns["high"], first),
        "low": np.minimum.reduceat(columns["low"], first),
        "close": columns["close"][last],
        "volume": sums,
        "vwap": np.divide(turnover, sums, out=plain, where=sums > 0),
    }


def _frame(symbol: str, interval: str, starts: Ints, columns: Mapping[str, Floats], *, now: int) -> Frame[Bar]:
    ends = starts + interval_ns(interval)
    ended: npt.NDArray[np.bool_] = ends <= now
    n = len(starts)
    frame = Frame.from_columns(
        Bar,
        {
            "symbol": Labels.constant(symbol, n),
            "interval": Labels.constant(interval, n),
            "start": starts,
            **{name: columns[name] for name in ("open", "high", "low", "close", "volume", "vwap")},
            "trades": np.zeros(n, dtype=np.int64),
            "state": Labels.constant("final", n),
            "revision": np.zeros(n, dtype=np.int64),
            "quality": Labels.constant("ok", n),
            "source": Labels.constant("yahoo", n),
            "known_at": ends,
        },
    )
    return frame.take(ended)


def windows(start: int, end: int, interval: str) -> list[tuple[int, int]]:
    """[start, end) in pieces that Yahoo answers in one go: it gives a week of minutes at a time.

    >>> len(windows(0, 30 * DAY, "1m")), len(windows(0, 30 * DAY, "1d"))
    (5, 1)
    """
    step = 7 * DAY if FETCHED[interval] == "1m" else end - start
    return list(pairwise([*range(start, end, step), end]))
