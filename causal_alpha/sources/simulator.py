"""Synthetic data: final bars of the recent past, then trades, in time or as fast as possible."""

import time
from collections.abc import AsyncIterator, Iterator, Sequence

import numpy as np

from causal_alpha.errors import SourceError
from causal_alpha.frames import Floats, Frame, Labels, heartbeat
from causal_alpha.intervals import SECOND, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import Batch
from causal_alpha.sources.market import BLOCK, EPOCH, HOUR, Market
from causal_alpha.sources.pacing import STRIDE, Clock, Pace, cuts, strides

_WORDS = (
    *("ALFA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA", "JULIETT", "KILO", "LIMA"),
    *("MIKE", "NOVEMBER", "OSCAR", "PAPA", "QUEBEC", "ROMEO", "SIERRA", "TANGO", "UNIFORM", "VICTOR", "WHISKEY"),
    *("XRAY", "YANKEE", "ZULU"),
)
_MOST_TRADES = 2_000_000


def made_up_symbols(n: int) -> tuple[str, ...]:
    """Names that nobody takes for a real market.

    >>> made_up_symbols(2), made_up_symbols(28)[-1]
    (('SIM:ALFA', 'SIM:BRAVO'), 'SIM:BRAVO2')
    """
    rounds = [("" if i < len(_WORDS) else str(i // len(_WORDS) + 1)) for i in range(n)]
    return tuple(f"SIM:{_WORDS[i % len(_WORDS)]}{rounds[i]}" for i in range(n))


class Simulator:
    """A source of synthetic trades from event time `start` (ns) on; rows follow from the arguments alone.

    First come `history` final bars of each interval that end at or before `start`, fewer where that
    would take more than two million trades; then trades, `speed` event seconds a second, None as fast
    as possible. `length` (ns) ends the feed, None never. `due` is the reading of `clock` at which
    `start` is due, None for when the trades begin; with the wall clock and `due=start` the trades
    carry the present time. Overlapping runs of one seed agree on every trade and bar.
    """

    def __init__(
        self,
        seed: int = 7,
        symbols: Sequence[str] = made_up_symbols(8),
        rate: float = 50.0,
        *,
        start: int,
        length: int | None = None,
        speed: float | None = 1.0,
        intervals: Sequence[str] = ("1s", "1m"),
        history: int = 240,
        clock: Clock = time.monotonic_ns,
        due: int | None = None,
    ) -> None:
        if start < EPOCH:
            raise SourceError(f"simulator: expected a start from {EPOCH} ns (2024) on, was {start}")
        self.name = f"simulator:{seed}"
        self._market = Market(seed, tuple(symbols), rate)
        self._rate = rate
        self._start, self._length, self._speed = start, length, speed
        self._intervals, self._history = tuple(intervals), history
        self._clock, self._due = clock, due

    async def frames(self) -> AsyncIterator[Batch]:
        for interval in self._intervals:
            for bars in self._past(interval):
                yield bars
        yield heartbeat(self._start, self.name)
        pace = Pace(self._start, speed=self._speed, clock=self._clock, due=self._due)
        beat = self._start
        every = SECOND if self._speed is None else max(1, round(SECOND * min(self._speed, 1.0)))
        for ticks, end in self._trades():
            ts = ticks.ints("ts")
            async for first, last, now in cuts(ts, pace, apart=STRIDE):
                reached = int(ts[first]) if first < last else min(now, int(ts[first]))
                for quiet in strides(beat, reached):
                    beat = quiet
                    yield heartbeat(beat, self.name)
                reached = int(ts[last - 1]) if first < last else reached
                meta = heartbeat(reached, self.name).meta if reached >= beat + every else {}
                beat = reached if meta else beat
                if first < last or meta:
                    yield ticks.take(np.arange(first, last), meta)
            ended = self._length is not None and end >= self._start + self._length
            if ended or self._speed is None:  # else time itself brings heartbeats where there are no trades
                for quiet in strides(beat, end):
                    yield heartbeat(quiet, self.name)
                beat = end
                yield heartbeat(end, self.name)

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        """Bars of any stretch of time since 2024 that has no more than two million trades."""
        names = self._market.symbols
        unknown = [symbol for symbol in symbols if symbol not in names]
        if unknown or not symbols:
            raise SourceError(f"simulator: expected symbols out of {names}, was {tuple(unknown)}")
        width = interval_ns(interval)
        start = max(start, EPOCH)
        start += -start % width
        if (end - start) / SECOND * self._rate > _MOST_TRADES:
            raise SourceError(f"simulator: expected at most {_MOST_TRADES} trades, was {(end - start) // SECOND} s")
        frames = list(self._bars(interval, start, end + -end % width))
        if not frames:
            return Frame.empty(Bar)
        bars = Frame.concat(frames)
        codes = bars.labels("symbol").codes
        wanted = np.isin(codes, [names.index(symbol) for symbol in symbols])
        order = np.lexsort((bars.ints("start"), codes))
        return bars.take(order[wanted[order]])

    def _past(self, interval: str) -> Iterator[Frame[Bar]]:
        width = interval_ns(interval)
        end = self._start - self._start % width
        bars = min(self._history, int(_MOST_TRADES / self._rate * SECOND / width), (end - EPOCH) // width)
        frames = list(self._bars(interval, end - bars * width, end))
        for i, frame in enumerate(frames):
            yield frame.take(np.arange(len(frame)), {"closed": "1"}) if i == len(frames) - 1 else frame

    def _trades(self, start: int | None = None, end: int | None = None) -> Iterator[tuple[Frame[Tick], int]]:
        """Trades of [start, end) by blocks, each with the time up to which it is complete."""
        start = self._start if start is None else start
        if end is None and self._length is not None:
            end = self._start + self._length
        for index in range(start // BLOCK, 2**62 // BLOCK if end is None else -(-end // BLOCK)):
            ticks = self._market.block(index)
            ts = ticks.ints("ts")
            stop = (index + 1) * BLOCK if end is None else min(end, (index + 1) * BLOCK)
            inside = np.flatnonzero((ts >= start) & (ts < stop))
            yield (ticks if len(inside) == len(ts) else ticks.take(inside)), stop

    def _bars(self, interval: str, start: int, end: int) -> Iterator[Frame[Bar]]:
        """Final bars of [start, end), both multiples of the interval, by time then symbol; about an hour a frame."""
        width = interval_ns(interval)
        step = max(width, min(HOUR - HOUR % width, 1_000 // len(self._market.symbols) * width))
        price, _ = self._market.path(start // HOUR)
        close = np.exp(price[:, (start % HOUR) // SECOND]).round(2)
        for first in range(start, end, step):
            last = min(first + step, end)
            ticks = Frame.concat([ticks for ticks, _ in self._trades(first, last)])
            bars = _roll(ticks, interval, first, (last - first) // width, close)
            close = bars.floats("close")[-len(close) :]
            yield bars


def _roll(ticks: Frame[Tick], interval: str, start: int, n: int, close: Floats) -> Frame[Bar]:
    """`n` bars of every symbol from `start` on; `close` (symbols,) is carried over bars without a trade."""
    symbols = ticks.labels("symbol").names
    width = interval_ns(interval)
    place = (ticks.ints("ts") - start) // width * len(symbols) + ticks.labels("symbol").codes
    order = np.argsort(place, kind="stable")
    place, price, size = place[order], ticks.floats("price")[order], ticks.floats("size")[order]
    bid, ask = ticks.floats("bid")[order], ticks.floats("ask")[order]
    first = np.flatnonzero(np.diff(place, prepend=-1))
    cells = n * len(symbols)
    last, quote, bought = np.full(cells, np.nan), np.full((2, cells), np.nan), np.full(cells, np.nan)
    trades = np.bincount(place, minlength=cells)
    if len(first):
        newest = np.append(first[1:], len(price)) - 1
        last[place[first]] = price[newest]
        quote[:, place[first]] = bid[newest], ask[newest]
        bought[place[first]] = np.bincount(place, size * (price == ask), cells)[place[first]]
    grid = np.concatenate([close[None], last.reshape(n, -1)])
    row = np.maximum.accumulate(np.where(np.isnan(grid), 0, np.arange(n + 1)[:, None]))
    carried = np.take_along_axis(grid, row, axis=0)[1:].reshape(-1)
    columns = {name: carried.copy() for name in ("open", "high", "low", "vwap")}
    if len(first):
        columns["open"][place[first]] = price[first]
        columns["high"][place[first]] = np.maximum.reduceat(price, first)
        columns["low"][place[first]] = np.minimum.reduceat(price, first)
    volume = np.bincount(place, size, cells)
    turnover = np.bincount(place, size * price, cells)
    np.divide(turnover, volume, out=columns["vwap"], where=volume > 0)
    starts = start + np.repeat(np.arange(n), len(symbols)) * width
    return Frame.from_columns(
        Bar,
        {
            "symbol": Labels(np.tile(np.arange(len(symbols), dtype=np.int32), n), symbols),
            "interval": Labels.constant(interval, cells),
            "start": starts,
            "open": columns["open"],
            "high": columns["high"],
            "low": columns["low"],
            "close": carried,
            "volume": volume,
            "vwap": columns["vwap"],
            "trades": trades,
            "state": Labels.constant("final", cells),
            "revision": np.zeros(cells, dtype=np.int64),
            "quality": Labels((trades == 0).astype(np.int32), ("ok", "no_trade")),
            "source": Labels.constant(ticks.labels("source").names[0], cells),
            "bid": quote[0],
            "ask": quote[1],
            "buy_volume": bought,
            "known_at": starts + width,
        },
    )
