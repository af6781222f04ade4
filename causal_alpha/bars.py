"""Time bars of one partition's ticks: a pure fold over the log.

`roll` gives the same bars however the log is cut into calls. Time is data: the watermark is the newest
event time minus the lateness, or a heartbeat; a bar is final once the watermark has passed its end, and
a tick for a bar that is already final is late.

Every accepted tick goes into one bar of each interval, so for the counts of a state
rows = in_bars + late + duplicates + rejected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from causal_alpha.book import Book, Parts, Trades
from causal_alpha.frames import Frame, Ints
from causal_alpha.ids import SeenIds
from causal_alpha.intervals import SECOND, interval_ns
from causal_alpha.keys import to_key
from causal_alpha.records import Bar, Tick
from causal_alpha.sums import slices

NEVER = -(2**62)
"""A watermark before all times."""
_NO_BARS: Frame[Bar] = Frame.empty(Bar)


@dataclass
class Counts:
    """Rows of a partition since its log began."""

    rows: int = 0
    in_bars: int = 0
    late: int = 0
    duplicates: int = 0
    rejected: int = 0

    def balanced(self) -> bool:
        """The conservation law: nothing vanishes."""
        return self.rows == self.in_bars + self.late + self.duplicates + self.rejected


@dataclass
class BarState:
    """Open bars, remembered ids and times of one partition. Made by `BarState.new`.

    `newest` is the newest event time, `watermark` the time before which all bars are final, in ns.
    """

    lateness: int
    books: dict[str, Book]
    symbols: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    seen: SeenIds = field(default_factory=SeenIds)
    watermark: int = NEVER
    newest: int = NEVER
    counts: Counts = field(default_factory=Counts)

    @classmethod
    def new(cls, intervals: Sequence[str], lateness: float) -> "BarState":
        """`intervals`: the finest first, the others multiples of it. `lateness` in seconds."""
        return cls(round(lateness * SECOND), {name: Book(interval_ns(name)) for name in intervals})

    @property
    def finest(self) -> Book:
        return next(iter(self.books.values()))


def roll(state: BarState, ticks: Frame[Tick], beats: Ints) -> Ints:
    """Fold usable ticks into the open bars; returns the positions of the late ones.

    `beats[i]` is the newest heartbeat (ns) that stood right before tick i in the log, else NEVER; the
    last one, `beats[len(ticks)]`, stood after the last tick.
    """
    ts = ticks.ints("ts")
    clock = np.empty(2 * len(ts) + 1, dtype=np.int64)  # beat, tick, beat, tick, ..., beat
    clock[0::2] = beats
    clock[1::2] = ts - state.lateness
    clock[0] = max(int(clock[0]), state.watermark)
    passed = np.maximum.accumulate(clock)
    state.watermark = int(passed[-1])

    if len(ts):
        state.newest = max(state.newest, int(ts.max()))
    width = state.finest.length
    late = ts - ts % width + width <= passed[0:-1:2]
    arrival = np.flatnonzero(~late)
    if len(arrival):
        _accept(state, ticks, arrival)
    state.counts.late += len(ts) - len(arrival)
    return np.flatnonzero(late)


def _accept(state: BarState, ticks: Frame[Tick], arrival: Ints) -> None:
    """Sort, drop duplicates, add to each book. `arrival`: the rows that are in time, in log order."""
    symbol = _places(ticks, "symbol", state.symbols)[arrival]
    ts, ids = ticks.ints("ts")[arrival], ticks.ints("id")[arrival]
    keys = to_key(symbol, ts, state.finest.length)
    order = _sorted(keys, ts, ids)
    fresh = state.seen.fresh(keys[order], ids[order], order)
    if not fresh.all():
        state.counts.duplicates += len(order) - int(fresh.sum())
        order = order[fresh]
    if not len(order):
        return
    rows = arrival[order]
    price, size = ticks.floats("price")[rows], ticks.floats("size")[rows]
    trades = Trades(
        symbol=symbol[order],
        ts=ts[order],
        id=ids[order],
        price=price,
        sizes=slices(size),
        turnover=slices(price * size),
        source=_places(ticks, "source", state.sources)[rows],
    )
    for book in state.books.values():
        book.add(Parts.of(trades, to_key(trades.symbol, trades.ts, book.length)))
    state.counts.in_bars += len(order)


def close(state: BarState) -> dict[str, Frame[Bar]]:
    """Take out the bars that the watermark has passed: interval → final bars by start and symbol."""
    frames = {}
    for interval, book in state.books.items():
        done = book.close(state.watermark)
        if book is state.finest:
            state.seen.forget(done.key)
        frames[interval] = _to_frame(state, interval, done, "final") if len(done) else _NO_BARS
    return frames


def forming(state: BarState) -> dict[str, Frame[Bar]]:
    """The open bars that changed since the last call: interval → bars so far."""
    news = {interval: book.changed() for interval, book in state.books.items()}
    return {name: _to_frame(state, name, parts, "forming") if len(parts) else _NO_BARS for name, parts in news.items()}


def dump(state: BarState) -> dict[str, Any]:
    """The state as plain data and arrays, for a snapshot."""
    keys, ids = state.seen.rows()
    return {
        "lateness": state.lateness,
        "books": {interval: _dump_book(book) for interval, book in state.books.items()},
        "symbols": list(state.symbols),
        "sources": list(state.sources),
        "keys": keys,
        "ids": ids,
        "watermark": state.watermark,
        "newest": state.newest,
        "counts": asdict(state.counts),
    }


def _dump_book(book: Book) -> dict[str, Any]:
    return {"length": book.length, "key": book.open.key, "ints": book.open.ints, "floats": book.open.floats}


def load(tree: Mapping[str, Any]) -> BarState:
    """The inverse of `dump`."""
    return BarState(
        lateness=tree["lateness"],
        books={
            interval: Book(book["length"], Parts(book["key"], book["ints"], book["floats"]))
            for interval, book in tree["books"].items()
        },
        symbols={name: place for place, name in enumerate(tree["symbols"])},
        sources={name: place for place, name in enumerate(tree["sources"])},
        seen=SeenIds.of_rows(tree["keys"], tree["ids"]),
        watermark=tree["watermark"],
        newest=tree["newest"],
        counts=Counts(**tree["counts"]),
    )


def _to_frame(state: BarState, interval: str, parts: Parts, status: str) -> Frame[Bar]:
    frame = parts.to_frame(
        interval=interval,
        length=state.books[interval].length,
        state=status,
        symbols=tuple(state.symbols),
        sources=tuple(state.sources),
    )
    starts = frame.ints("start")
    return frame if len(frame) < 2 or starts[0] == starts[-1] else frame.take(np.argsort(starts, kind="stable"))


def _places(ticks: Frame[Tick], name: str, places: dict[str, int]) -> Ints:
    labels = ticks.labels(name)
    mapped = [places.setdefault(word, len(places)) for word in labels.names]
    return np.asarray(mapped, dtype=np.int64)[labels.codes]


def _sorted(keys: Ints, ts: Ints, ids: Ints) -> Ints:
    """Rows by key, time, id; feeds mostly keep the last two in order, which makes it cheap."""
    order = np.argsort(keys, kind="stable")
    key, time, id_ = keys[order], ts[order], ids[order]
    right = (key[1:] > key[:-1]) | (time[1:] > time[:-1]) | ((time[1:] == time[:-1]) & (id_[1:] >= id_[:-1]))
    return order if right.all() else np.lexsort((ids, ts, keys))
