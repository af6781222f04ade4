"""Time bars of one partition's ticks: a pure fold over the log.

`roll` gives the same bars however the log is cut into calls. Time is data: the watermark is the newest
event time minus the lateness, or a heartbeat. Once it has passed a bar's end the bar is final; a tick
that comes later makes a new revision of it, or is too late when it comes after the correction window.

Every accepted tick goes into one bar of each interval, so for the counts of a state
rows = in_bars + late + duplicates + rejected.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from causal_alpha.barstate import BarState, Counts, Rules
from causal_alpha.book import PARTIAL, QUALITY, Book, Parts, Trades
from causal_alpha.closing import close, forget, revise
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import NEVER
from causal_alpha.keys import group_starts, key_order, slot_of, start_of, symbol_of, to_key
from causal_alpha.liveness import Beat, Gap, Sign
from causal_alpha.records import Bar, Tick
from causal_alpha.sums import Slices, slices

__all__ = ["NEVER", "BarState", "Beat", "Counts", "Gap", "Rolled", "Rules", "Sign", "forming", "roll"]

_NO_BARS: Frame[Bar] = Frame.empty(Bar)
_NO_TRADES = Trades.joined([])


class Rolled(NamedTuple):
    """What a batch brought: interval → final bars by start, then revised ones; and the ticks that came too late."""

    bars: dict[str, Frame[Bar]]
    late: Ints


def roll(state: BarState, ticks: Frame[Tick], signs: Sequence[Sign] = ()) -> Rolled:
    """Fold usable ticks into the state, and what sources said between them, in log order."""
    ts = ticks.ints("ts")
    passed = _passed(state, ts, signs)
    _listen(state, ts, passed, signs)
    before, state.watermark = state.watermark, int(passed[-1])
    width = state.finest.length
    gone = ts - ts % width + (width + state.rules.correction) <= passed[:-1]
    arrival = np.flatnonzero(~gone)
    trades, rows = _accept(state, ticks, arrival)
    news: dict[str, list[Frame[Bar]]] = {interval: [] for interval in state.books}
    for interval, book in state.books.items():
        late = _add(book, trades, passed[rows])
        final = close(state, interval)
        if len(final):
            news[interval].append(_to_frame(state, interval, final))
        if len(late):
            for bars, known in revise(state, interval, trades.take(late), passed[rows[late]]):
                news[interval].append(_to_frame(state, interval, bars, "revised", known))
    for interval, active in state.activity.items():
        active.add(trades, passed[rows])
        news[interval] = _full(state, interval, before)
    forget(state)
    state.counts.late += len(ts) - len(arrival)
    frames = {interval: Frame.concat(parts) if parts else _NO_BARS for interval, parts in news.items()}
    return Rolled(frames, np.flatnonzero(gone))


def _full(state: BarState, interval: str, before: int) -> list[Frame[Bar]]:
    """The bars by activity that are full, counted whenever the watermark passes an edge of the finest interval."""
    width = state.finest.length
    edge = state.watermark // width * width
    if edge <= before:
        return []
    bars, starts = state.activity[interval].close(edge)
    if not len(bars):
        return []
    known = (bars.last_ts // width + 1) * width
    missed = state.feeds.missed(symbol_of(bars.key), bars.first_ts // width, bars.last_ts // width + 1, state.symbols)
    bars.ints[QUALITY, missed] = PARTIAL
    frame = _frame(state, bars, Labels.constant(interval, len(bars)), starts, known, "final")
    return [frame.take(np.argsort(starts, kind="stable"))]


def forming(state: BarState) -> Frame[Bar]:
    """The open bars of all intervals that changed since the last call, as they are so far."""
    news = [(interval, book.length, book.changed()) for interval, book in state.books.items()]
    sizes = [len(parts) for _, _, parts in news]
    if not any(sizes):
        return _NO_BARS
    bars = Parts.side_by_side([parts for _, _, parts in news])
    places = np.repeat(np.arange(len(news), dtype=np.int32), sizes)
    lengths = np.asarray([length for _, length, _ in news])[places]
    start = start_of(bars.key, lengths)
    intervals = Labels(places, tuple(interval for interval, _, _ in news))
    return _frame(state, bars, intervals, start, start + lengths, "forming")


def _passed(state: BarState, ts: Ints, signs: Sequence[Sign]) -> Ints:
    """The watermark before each tick and, last, after all of them."""
    clock = np.empty(len(ts) + 1, dtype=np.int64)
    clock[0] = state.watermark
    clock[1:] = ts
    if len(ts):
        state.newest = max(state.newest, int(ts.max()))
    clock[1:] -= state.rules.lateness
    for sign in signs:
        if isinstance(sign, Beat):
            clock[sign.row] = max(int(clock[sign.row]), sign.ts)
    passed: Ints = np.maximum.accumulate(clock)
    return passed


def _listen(state: BarState, ts: Ints, passed: Ints, signs: Sequence[Sign]) -> None:
    """Remember who spoke and what was missed, as far as it concerns bars that were open then."""
    width, now = state.finest.length, state.watermark
    for sign in signs:
        if sign.row:
            now = max(now, int(passed[sign.row - 1]), int(ts[sign.row - 1]) - state.rules.lateness)
        if isinstance(sign, Beat):
            now, slot = max(now, sign.ts), sign.ts // width
            if sign.source and (slot + 1) * width > now:
                state.feeds.hear(np.asarray([state.source(sign.source)]), np.asarray([slot]))
        elif (start := max(sign.start, now)) < sign.end:
            state.feeds.gaps.append((sign.symbols, start // width, -(-sign.end // width)))


def _accept(state: BarState, ticks: Frame[Tick], arrival: Ints) -> tuple[Trades, Ints]:
    """Bring the rows in time together by bar, drop duplicates. `arrival`: these rows, in log order.

    Returns the trades and their rows.
    """
    if not len(arrival):
        return _NO_TRADES, arrival
    whole = len(arrival) == len(ticks)
    symbol, ts = _codes(ticks, "symbol", state.symbol), ticks.ints("ts")
    keys = to_key(symbol, ts, state.finest.length)
    rows = key_order(keys) if whole else arrival[key_order(keys[arrival])]
    keys, ids = keys[rows], ticks.ints("id")[rows]
    fresh = state.seen.fresh(keys, ids, group_starts(keys))
    if not fresh.all():
        state.counts.duplicates += len(rows) - int(fresh.sum())
        rows, keys, ids = rows[fresh], keys[fresh], ids[fresh]
    state.counts.in_bars += len(rows)
    ts, price, size = ts[rows], ticks.floats("price")[rows], ticks.floats("size")[rows]
    quote, sums = _measure(ticks, rows, price, size)
    trades = Trades(
        symbol=symbol[rows],
        ts=ts,
        id=ids,
        price=price,
        size=size,
        quote=quote,
        sums=sums,
        source=_codes(ticks, "source", state.source)[rows],
        ordered=_in_order(keys, ts, ids),
    )
    return trades, rows


def _measure(ticks: Frame[Tick], rows: Ints, price: Floats, size: Floats) -> tuple[Floats, Slices]:
    """The quotes and sums of `Trades`."""
    n, bid = len(rows), ticks.floats("bid")[rows]
    if np.isnan(bid).all():
        sums = np.empty((4, 3, n))
        sums[:, :2] = slices(np.concatenate([size, price * size])).reshape(4, 2, n)
        sums[:, 2] = sums[:, 0]
        return np.full((4, n), np.nan), sums.reshape(12, n)
    quote = np.stack([bid, *(ticks.floats(name)[rows] for name in ("ask", "bid_size", "ask_size"))])
    middle = (quote[0] + quote[1]) / 2
    bought = size * (1.0 + (price > middle) - (price < middle))  # twice: no quote is half a buy, too
    return quote, slices(np.concatenate([size, price * size, bought])).reshape(12, n)


def _add(book: Book, trades: Trades, passed: Ints) -> Ints:
    """Add the trades whose bar was open when they came; returns the rows of the others."""
    keys = to_key(trades.symbol, trades.ts, book.length)
    late = (slot_of(keys) + 1) * book.length <= passed
    if late.any():
        keys, trades = keys[~late], trades.take(~late)
    if len(keys):
        book.add(Parts.of(trades, keys, group_starts(keys)))
    return np.flatnonzero(late)


def _to_frame(
    state: BarState, interval: str, parts: Parts, status: str = "final", known_at: Ints | None = None
) -> Frame[Bar]:
    length = state.books[interval].length
    starts = start_of(parts.key, length)
    known = starts + length if known_at is None else known_at
    frame = _frame(state, parts, Labels.constant(interval, len(parts)), starts, known, status)
    return frame if len(frame) < 2 or starts[0] == starts[-1] else frame.take(np.argsort(starts, kind="stable"))


def _frame(state: BarState, parts: Parts, interval: Labels, start: Ints, known_at: Ints, status: str) -> Frame[Bar]:
    """Bars of a state as records, in their order."""
    return parts.to_frame(
        interval=interval,
        start=start,
        known_at=known_at,
        state=status,
        symbols=tuple(state.symbols),
        sources=tuple(state.sources),
    )


def _codes(ticks: Frame[Tick], name: str, code: Callable[[str], int]) -> Ints:
    labels = ticks.labels(name)
    return np.asarray([code(word) for word in labels.names], dtype=np.int64)[labels.codes]


def _in_order(keys: Ints, ts: Ints, ids: Ints) -> bool:
    """Whether the trades of each bar stand by time, then id."""
    later = ts[1:] > ts[:-1]
    if not later.all():
        later |= (keys[1:] > keys[:-1]) | ((ts[1:] == ts[:-1]) & (ids[1:] >= ids[:-1]))
    return bool(later.all())
