"""Prices across splits and dividends: raw ones stay as they were traded, adjusted ones are computed as of a time.

A bar before an ex-date is multiplied by the factor of each action that was known, and had come, at `as_of`. A split of
`value` new shares for an old one divides prices and multiplies sizes. A dividend multiplies prices by
1 − dividend / last close before it, the total-return factor of CRSP's and Yahoo's adjusted prices. So a return across
an ex-date is a total return, and what became known later changes nothing in an earlier view.

Nothing is ever inferred from prices: a stock whose price tenfolds in a week has done so.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from causal_alpha.actions import Action, effective
from causal_alpha.errors import FrameError
from causal_alpha.frames import Column, Floats, Frame, Ints
from causal_alpha.intervals import DAY, activity, interval_ns
from causal_alpha.records import Bar

PRICES = ("open", "high", "low", "close", "vwap", "bid", "ask")
SIZES = ("volume", "bid_size", "ask_size", "buy_volume")


def adjust(bars: Frame[Bar], actions: Iterable[Action], as_of: int) -> Frame[Bar]:
    """The same bars with prices and sizes as one sees them who looks back at `as_of` (ns).

    Symbols and intervals may be mixed, in any order; rows keep their places. Raises FrameError for a dividend
    that is not below the close before it.
    """
    prices, shares = np.ones(len(bars)), np.ones(len(bars))
    for rows, steps in _groups(bars, actions, np.full(len(bars) + 1, as_of)):
        prices[rows], shares[rows] = _back(steps.prices), _back(steps.shares)
    return _scaled(bars, prices, shares)


def unsplit(bars: Frame[Bar], actions: Iterable[Action], as_of: int) -> Frame[Bar]:
    """Raw bars out of those of a feed that had adjusted them for its splits, and only for these, by `as_of` (ns).

    The inverse of `adjust` where there are no dividends.
    """
    shares = np.ones(len(bars))
    splits = [action for action in actions if action.kind == "split"]
    for rows, steps in _groups(bars, splits, np.full(len(bars) + 1, as_of)):
        shares[rows] = _back(steps.shares)
    return _scaled(bars, shares, 1 / shares)


def ratios(bars: Frame[Bar], actions: Iterable[Action], as_of: Ints | int) -> Floats:
    """Each close over the close before it in terms of today's shares, dividends paid out again; shape (n,).

    NaN for the first bar of a symbol and interval. Row i sees what was known at `as_of[i]` (ns), or all at one time.
    """
    known = np.append(np.broadcast_to(np.asarray(as_of, dtype=np.int64), len(bars)), 0)
    close, result = bars.floats("close"), np.full(len(bars), np.nan)
    for rows, steps in _groups(bars, actions, known):
        result[rows[1:]] = close[rows[1:]] / (close[rows[:-1]] * steps.prices[1:-1])
    return result


def rescale(window: Floats, fields: Sequence[str], prices: Floats, shares: Floats, newest: Ints | int = 0) -> Floats:
    """History (fields, symbols, width), oldest first, in terms of today's shares: a new array.

    `fields` names the first axis. The prices of symbol i are multiplied by `prices[i]`, its sizes by `shares[i]`
    (1 / v and v for a split of v), but for its `newest[i]` last bars, which are in today's terms already.
    """
    width = window.shape[2]
    old = np.arange(width) < width - np.broadcast_to(np.asarray(newest), len(prices))[:, None]
    scaled = window.copy()
    for names, factors in ((PRICES, prices), (SIZES, shares)):
        places = [place for place, field in enumerate(fields) if field in names]
        scaled[places] *= np.where(old, factors[:, None], 1.0)
    return scaled


def adjust_windows(
    windows: Floats,
    fields: Sequence[str],
    symbols: Sequence[str],
    starts: Ints,
    ends: Ints,
    length: int,
    actions: Mapping[str, Sequence[Action]],
) -> Floats:
    """Windows (fields, n, W) of raw bars, each row as one sees it at its `ends` (n,); a copy where one changes.

    `symbols` names the rows, `starts` (n, W) are those of their bars, 0 before the first, `length` is that of a bar.
    """
    adjusted = windows
    for row, symbol in enumerate(symbols):
        known = actions.get(symbol)
        if not known or not any(starts[row, 0] <= one.ts <= ends[row] for one in known):
            continue
        if adjusted is windows:
            adjusted = windows.copy()
        as_of = np.full(starts.shape[1] + 1, ends[row])
        try:
            steps = _steps(starts[row], length, windows[fields.index("close"), row], known, as_of)
        except FrameError:  # an impossible dividend: the row stays as it was traded, the others go on
            continue
        own = windows[:, row : row + 1]
        adjusted[:, row] = rescale_bars(own, fields, _back(steps.prices), _back(steps.shares))[:, 0]
    return adjusted


def rescale_bars(window: Floats, fields: Sequence[str], prices: Floats, shares: Floats) -> Floats:
    """A window (fields, n, W) with the prices and sizes of bar k times `prices[k]` and `shares[k]`: a new array."""
    scaled = window.copy()
    for names, factors in ((PRICES, prices), (SIZES, shares)):
        scaled[[place for place, field in enumerate(fields) if field in names]] *= factors
    return scaled


class _Steps(NamedTuple):
    """What history is multiplied by between bars k - 1 and k of a symbol, shapes (n + 1,); n is after the last."""

    prices: Floats
    shares: Floats


def _groups(bars: Frame[Bar], actions: Iterable[Action], as_of: Ints) -> Iterator[tuple[Ints, _Steps]]:
    """Rows of a symbol and interval in time, and the steps between them. `as_of`: by row, and for after the last."""
    of_symbol = defaultdict(list)
    for action in actions:
        of_symbol[action.symbol].append(action)
    symbol, interval, starts = bars.labels("symbol"), bars.labels("interval"), bars.ints("start")
    group = symbol.codes.astype(np.int64) * len(interval.names) + interval.codes
    order = np.lexsort((starts, group))
    for rows in np.split(order, np.flatnonzero(np.diff(group[order])) + 1) if len(order) else []:
        name, width = symbol.names[symbol.codes[rows[0]]], interval.names[interval.codes[rows[0]]]
        length = 1 if activity(width) else interval_ns(width)  # a bar by activity has the terms of its first trade
        known = np.append(as_of[rows], as_of[-1])
        yield rows, _steps(starts[rows], length, bars.floats("close")[rows], of_symbol.get(name, []), known)


def _steps(starts: Ints, length: int, close: Floats, actions: Sequence[Action], as_of: Ints) -> _Steps:
    steps = _Steps(np.ones(len(starts) + 1), np.ones(len(starts) + 1))
    words = defaultdict(list)
    for action in sorted(actions, key=lambda action: (action.date, action.kind == "dividend")):
        words[action.key].append(action)
    for spoken in words.values():
        times = {(action.date if length == DAY else action.ts) for action in spoken}
        for time in times:
            after = starts >= time if length == DAY else starts + length > time
            place = int(np.argmax(after)) if after.any() else len(starts)
            said = effective(spoken, int(as_of[place]))
            if place and said and (said[0].date if length == DAY else said[0].ts) == time:
                _apply(said[0], steps, place, close)
    return steps


def _apply(action: Action, steps: _Steps, place: int, close: Floats) -> None:
    if action.kind == "split":
        steps.shares[place] *= action.value
        steps.prices[place] /= action.value
        return
    priced = close[:place][np.isfinite(close[:place])]
    if not len(priced):
        return
    before = priced[-1] / steps.shares[place]
    if action.value >= before:
        raise FrameError(
            f"dividend of {action.symbol}: expected less than the close before it, {before}, was {action.value}",
            reason="schema",
        )
    steps.prices[place] *= 1 - action.value / before


def _back(steps: Floats) -> Floats:
    """The factor of each bar: the product of all steps after it."""
    factors: Floats = np.multiply.accumulate(steps[:0:-1])[::-1]
    return factors


def _scaled(bars: Frame[Bar], prices: Floats, shares: Floats) -> Frame[Bar]:
    columns: dict[str, Column] = {name: bars.floats(name) * prices for name in PRICES}
    columns |= {name: bars.floats(name) * shares for name in SIZES}
    return Frame(Bar, {**bars.columns, **columns}, bars.meta)
