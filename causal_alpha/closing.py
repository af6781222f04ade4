"""Final bars, those in which nobody traded among them, and revisions by trades that come later."""

from collections.abc import Iterator

import numpy as np

from causal_alpha.barstate import BarState
from causal_alpha.book import (
    ASK_SIZE,
    BID,
    CLOSE,
    NO_DATA,
    NO_TRADE,
    OK,
    PARTIAL,
    QUALITY,
    REVISION,
    SOURCE,
    TRADES,
    Book,
    Parts,
    Trades,
)
from causal_alpha.frames import Ints
from causal_alpha.intervals import NEVER
from causal_alpha.keys import group_starts, slot_of, symbol_of, to_key
from causal_alpha.liveness import Mask
from causal_alpha.roster import Cells, Hours


def close(state: BarState, interval: str) -> Parts:
    """Take out the bars of an interval that the watermark has passed. The finest interval comes first."""
    book, roster = state.books[interval], state.rosters[interval]
    edge = state.watermark // book.length * book.length
    if edge <= book.closed_to:
        return Parts.empty()
    done = book.close(edge)
    if len(done):
        if book is state.finest:
            state.feeds.hear(done.ints[SOURCE], slot_of(done.key))
        done.ints[QUALITY] = OK
    first = book.closed_to
    if first == NEVER:
        first = int(slot_of(done.key).min()) * book.length if len(done) else edge
    book.closed_to = edge

    quote = done.floats[BID : ASK_SIZE + 1]
    traded = Cells(symbol_of(done.key), slot_of(done.key), done.floats[CLOSE], quote, done.ints[SOURCE])
    blanks = Parts.empty()
    opened = traded.slot * (book.length // state.finest.length)
    for hours, codes in state.members.values():
        mine = np.flatnonzero(np.isin(traded.symbol, codes)) if len(state.members) > 1 else np.arange(len(done))
        absent, fresh = roster.call(np.asarray(codes), hours, first, edge, book.length, traded.take(mine))
        done.ints[QUALITY, mine[fresh]] = PARTIAL
        if book is not state.finest:
            opened[mine] = _opened(hours, traded.slot[mine], book.length, state.finest.length)
        for part in absent:
            key = to_key(part.symbol, part.slot * book.length, book.length)
            quality = np.where(_fed(state, book, key, part.source), NO_TRADE, NO_DATA)
            blanks = blanks.joined(Parts.blank(key, part.close, part.quote, part.source, quality))
    if len(done):
        done.ints[QUALITY, _holed(state, book, done, opened)] = PARTIAL
        if state.rules.correction:
            book.closed = book.closed.joined(done.copy())  # revisions change it in place
    return done.joined(blanks)


def revise(state: BarState, interval: str, trades: Trades, passed: Ints) -> Iterator[tuple[Parts, Ints]]:
    """Add trades to bars that were final when the watermark stood at `passed`.

    Yields bars and from when on (ns) each is known: the end of the first bar of the interval whose windows can
    hold the trade. Trades of one bar known from the same time on make one revision.
    """
    book = state.books[interval]
    keys = to_key(trades.symbol, trades.ts, book.length)
    known = (passed // book.length + 1) * book.length
    order = np.lexsort((trades.id, trades.ts, known, keys))
    keys, known = keys[order], known[order]
    first = np.flatnonzero((np.diff(keys, prepend=-1) != 0) | (np.diff(known, prepend=-1) != 0))
    parts = Parts.of(trades.take(order), keys, first)
    parts.ints[REVISION] = parts.ints[TRADES]
    fed = np.logical_and.reduceat(_fed(state, book, keys, trades.source[order]), first)
    parts.ints[QUALITY] = np.where(fed, OK, PARTIAL)  # counts only where the bar was final without a trade
    begins = group_starts(parts.key)
    turns = np.arange(len(parts)) - np.repeat(begins, np.diff(np.append(begins, len(parts))))
    for turn in range(int(turns.max()) + 1):
        now = np.flatnonzero(turns == turn)
        yield book.revise(parts.take(now)), known[first[now]]


def forget(state: BarState) -> None:
    """Drop what no tick can change any more."""
    end = state.watermark - state.rules.correction
    for book in state.books.values():
        book.forget(end)
    width = state.finest.length
    state.seen.forget(end // width)
    first = (end // state.longest - 1) * state.longest // width
    if state.feeds.gaps:
        for active in state.activity.values():  # their bars may stay open for longer than a gap is remembered
            _doubt(state, active.open, first)
    state.feeds.forget(first)


def _doubt(state: BarState, bars: Parts, end: int) -> None:
    """Mark open bars by activity in which trades from before slot `end` may be missing."""
    first = bars.first_ts // state.finest.length
    bars.ints[QUALITY, state.feeds.missed(symbol_of(bars.key), first, np.full(len(bars), end), state.symbols)] = PARTIAL


def _fed(state: BarState, book: Book, key: Ints, source: Ints) -> Mask:
    """Whether the feed was there, so that no trade means no trade."""
    first, end = _span(state, book, key)
    return state.feeds.alive(source, first, end) & ~state.feeds.missed(symbol_of(key), first, end, state.symbols)


def _holed(state: BarState, book: Book, bars: Parts, opened: Ints) -> Mask:
    """Whether trades of a bar may be missing. `opened`: the slot in which its market was first open."""
    first, end = _span(state, book, bars.key)
    missed = state.feeds.missed(symbol_of(bars.key), first, end, state.symbols)
    return missed | state.feeds.joined(bars.ints[SOURCE], opened, end)


def _opened(hours: Hours, slots: Ints, length: int, width: int) -> Ints:
    """The slot of `width` ns in which a market was first open in each bar of `length` ns, the bar's first if in none.

    A feed that is silent all night has not joined midway by speaking when the market opens.
    """
    bars, place = np.unique(slots, return_inverse=True)
    starts = bars * length
    for row, start in enumerate(starts.tolist()):
        starts[row] = next(iter(hours.bar_starts(start, start + length, width)), start)
    return starts[place] // width


def _span(state: BarState, book: Book, key: Ints) -> tuple[Ints, Ints]:
    """First and end of bars as slots of the finest interval."""
    ratio = book.length // state.finest.length
    first = slot_of(key) * ratio
    return first, first + ratio
