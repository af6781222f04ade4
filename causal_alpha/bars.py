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
from causal_alpha.columns import is_same, pick, same
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import NEVER
from causal_alpha.keys import group_starts, key_order, start_of, symbol_of, to_key
from causal_alpha.liveness import Beat, Gap, Sign
from causal_alpha.records import Bar, Tick
from causal_alpha.sums import Slices, slices

__all__ = ["NEVER", "BarState", "Beat", "Counts", "Gap", "Rolled", "Rules", "Sign", "forming", "roll"]

_NO_BARS: Frame[Bar] = Frame.empty(Bar)


class Rolled(NamedTuple):
    """What a batch brought: interval → final bars by start, then revised ones; and the ticks that came too late."""

    bars: dict[str, Frame[Bar]]
    late: Ints


class Accepted(NamedTuple):
    """Trades and their rows in the batch."""

    trades: Trades
    rows: Ints


_NOBODY = Accepted(Trades.joined([]), np.empty(0, dtype=np.int64))


def roll(state: BarState, ticks: Frame[Tick], signs: Sequence[Sign] = ()) -> Rolled:
    """Fold usable ticks into the state, and what sources said between them, in log order."""
    ts = ticks.ints("ts")
    passed = _passed(state, ts, signs)
    _listen(state, ts, passed, signs)
    before, state.watermark = state.watermark, int(passed[-1])
    late, gone = _late(state, ts, passed)
    on_time, behind = _accept(state, ticks, late, gone)
    news: dict[str, list[Frame[Bar]]] = {interval: [] for interval in state.books}
    parts = _parts(on_time.trades, state.finest.length) if len(on_time.rows) else None
    for interval, book in state.books.items():
        if parts is not None:
            book.add(parts if book is state.finest else parts.coarser(state.finest.length, book.length))
        too_late = _add(book, behind, passed) if len(behind.rows) else behind
        final = close(state, interval)
        if len(final):
            news[interval].append(_to_frame(state, interval, final))
        if len(too_late.rows):
            for bars, known in revise(state, interval, too_late.trades, passed[too_late.rows]):
                news[interval].append(_to_frame(state, interval, bars, "revised", known))
    for interval, active in state.activity.items():
        for some in (on_time, behind):
            active.add(some.trades, passed[some.rows])
        news[interval] = _full(state, interval, before)
    forget(state)
    state.counts.late += len(gone)
    frames = {interval: Frame.concat(parts) if parts else _NO_BARS for interval, parts in news.items()}
    return Rolled(frames, gone)


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


def _late(state: BarState, ts: Ints, passed: Ints) -> tuple[Ints, Ints]:
    """The rows whose bar of the finest interval was over when they came; those of them whose bar can't change any more.

    `passed` as `_passed` gives it.
    """
    rows = np.flatnonzero(ts < passed[:-1])
    if not len(rows):
        return rows, rows
    end, now = (ts[rows] // state.finest.length + 1) * state.finest.length, passed[rows]
    return rows[end <= now], rows[end + state.rules.correction <= now]


def _accept(state: BarState, ticks: Frame[Tick], late: Ints, gone: Ints) -> tuple[Accepted, Accepted]:
    """Bring all rows but those `gone` together by bar, drop duplicates. Returns those not `late`, and the others."""
    if len(gone) == len(ticks):
        return _NOBODY, _NOBODY
    keys = to_key(_codes(ticks, "symbol", state.symbol), ticks.ints("ts"), state.finest.length)
    rows = key_order(keys)
    if len(gone):
        kept = np.ones(len(ticks), dtype=np.bool_)
        kept[gone] = False
        rows = rows[kept[rows]]
    keys, ids = keys.take(rows), ticks.ints("id").take(rows)
    fresh = state.seen.fresh(keys, ids, group_starts(keys))
    if not fresh.all():
        state.counts.duplicates += len(rows) - int(np.count_nonzero(fresh))
        rows, keys, ids = rows[fresh], keys[fresh], ids[fresh]
    state.counts.in_bars += len(rows)
    if not len(late):
        return _accepted(state, ticks, rows, keys, ids), _NOBODY
    is_behind = np.zeros(len(ticks), dtype=np.bool_)
    is_behind[late] = True
    is_behind = is_behind[rows]
    on_time, behind = np.flatnonzero(~is_behind), np.flatnonzero(is_behind)
    return (
        _accepted(state, ticks, rows[on_time], keys[on_time], ids[on_time]),
        _accepted(state, ticks, rows[behind], keys[behind], ids[behind]),
    )


def _accepted(state: BarState, ticks: Frame[Tick], rows: Ints, keys: Ints, ids: Ints) -> Accepted:
    ts, price, size = ticks.ints("ts").take(rows), ticks.floats("price").take(rows), ticks.floats("size").take(rows)
    quote, sums = _measure(ticks, rows, price, size)
    trades = Trades(
        symbol=symbol_of(keys),
        ts=ts,
        id=ids,
        price=price,
        size=size,
        quote=quote,
        sums=sums,
        source=pick(_codes(ticks, "source", state.source), rows),
        ordered=_in_order(keys, ts, ids),
    )
    return Accepted(trades, rows)


def _measure(ticks: Frame[Tick], rows: Ints, price: Floats, size: Floats) -> tuple[Floats, Slices]:
    """The quotes and sums of `Trades`."""
    n = len(rows)
    quotes = [pick(ticks.floats(name), rows) for name in ("bid", "ask", "bid_size", "ask_size")]
    if all(np.isnan(values[:1] if is_same(values) else values).all() for values in quotes):
        sums = slices(np.stack([size, price * size]))
        return same(np.nan, 4, n), sums.reshape(8, n)
    quote = np.stack(quotes)
    middle = (quote[0] + quote[1]) / 2
    bought = size * (1.0 + (price > middle) - (price < middle))  # twice: no quote is half a buy, too
    return quote, slices(np.stack([size, price * size, bought])).reshape(12, n)


def _parts(trades: Trades, length: int) -> Parts:
    keys = to_key(trades.symbol, trades.ts, length)
    return Parts.of(trades, keys, group_starts(keys))


def _add(book: Book, behind: Accepted, passed: Ints) -> Accepted:
    """Add the trades whose bar was open when they came; returns the others."""
    late = (behind.trades.ts // book.length + 1) * book.length <= passed[behind.rows]
    if late.all():
        return behind
    book.add(_parts(behind.trades.take(~late), book.length))
    return Accepted(behind.trades.take(late), behind.rows[late])


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
    codes = np.asarray([code(word) for word in labels.names], dtype=np.int64)
    if len(codes) == 1:
        return same(codes[0], len(labels))
    if (codes == np.arange(len(codes))).all():  # one source alone has the same names in the same order
        return labels.codes.astype(np.int64)
    return codes.take(labels.codes)


def _in_order(keys: Ints, ts: Ints, ids: Ints) -> bool:
    """Whether the trades of each bar stand by time, then id."""
    later = ts[1:] > ts[:-1]
    if not later.all():
        later |= (keys[1:] > keys[:-1]) | ((ts[1:] == ts[:-1]) & (ids[1:] >= ids[:-1]))
    return bool(later.all())
