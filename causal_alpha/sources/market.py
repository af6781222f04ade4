"""A made-up market: trades as a pure function of seed, symbols and time.

The log price of a symbol is a random walk with two-factor stochastic volatility (log variance is
the sum of a slow and a fast Ornstein-Uhlenbeck process), a U-shaped pattern over the UTC day, a
market factor common to all symbols, and jumps. Hours are drawn one after the other from 2024 on;
seconds within an hour are a bridge between its ends. Trades are a Poisson process on that path. So
any stretch of time can be made again, to the bit, without what came before it.
"""

from dataclasses import dataclass

import numpy as np

from causal_alpha.errors import SourceError
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import Tick

EPOCH = 1_704_067_200 * SECOND
"""2024-01-01, where every path begins."""
HOUR = 3600 * SECOND
BLOCK = 10 * SECOND
"""Trades are drawn in blocks of this length, aligned to UTC."""

_CHUNK = 1_000
_YEARLY_VOLATILITY = 0.45
_HOURLY = _YEARLY_VOLATILITY / np.sqrt(365 * 24)
_MARKET = 0.4  # share of the variance that all symbols have in common
_SLOW, _FAST = 0.97, 0.6  # hourly persistence of the two variance factors
_SLOW_WIDTH, _FAST_WIDTH = 0.5, 0.4  # their stationary deviations, in log variance
_JUMP = 2.6  # an hour jumps when a standard normal exceeds this: about once in nine days
_JUMP_SIZE = 0.012
_CENT = 100


def pattern(ts: Ints) -> Floats:
    """Activity over the UTC day, U-shaped with mean 1: busy at its ends, quiet at noon.

    >>> pattern(np.array([0, DAY // 2])).round(9).tolist()
    [1.8, 0.6]
    """
    return 0.6 + 1.2 * (2 * (ts % DAY) / DAY - 1) ** 2


@dataclass(frozen=True)
class _Hours:
    """`_CHUNK` hours of n symbols: log price and log variance at their ends, and what moves them.

    Shapes: price, variance (_CHUNK + 1, n); deviation, move, jump (_CHUNK, n); slow, fast (n,) at the end.
    """

    index: int
    price: Floats
    variance: Floats
    deviation: Floats
    move: Floats
    jump: Floats
    slow: Floats
    fast: Floats

    @classmethod
    def draw(cls, index: int, price: Floats, slow: Floats, fast: Floats, random: np.random.Generator) -> "_Hours":
        draws = random.standard_normal((_CHUNK, len(price) + 1, 5))
        own = draws[:, 1:]
        variance = np.empty((_CHUNK + 1, len(price)))
        variance[0] = slow + fast
        to_slow = _SLOW_WIDTH * np.sqrt(1 - _SLOW**2) * own[:, :, 0]
        to_fast = _FAST_WIDTH * np.sqrt(1 - _FAST**2) * own[:, :, 1]
        for i in range(_CHUNK):
            slow, fast = _SLOW * slow + to_slow[i], _FAST * fast + to_fast[i]
            variance[i + 1] = slow + fast
        move = np.sqrt(_MARKET) * draws[:, :1, 2] + np.sqrt(1 - _MARKET) * own[:, :, 2]
        jump = np.where(np.abs(own[:, :, 3]) > _JUMP, _JUMP_SIZE * own[:, :, 4], 0.0)
        busy = np.sqrt(pattern((index + np.arange(_CHUNK)) * HOUR + HOUR // 2))
        deviation = _HOURLY * busy[:, None] * np.exp((variance[:-1] + variance[1:]) / 4)
        steps = np.concatenate([price[None], deviation * move + jump])
        return cls(index, np.cumsum(steps, axis=0), variance, deviation, move, jump, slow, fast)


class _Walk:
    """The hours in order; going back starts again at the epoch (a millisecond a thousand hours)."""

    def __init__(self, seed: int, n: int) -> None:
        self._seed, self._n = seed, n
        self._restart()

    def _restart(self) -> None:
        self._random = np.random.default_rng([self._seed, 0])
        first = self._random.standard_normal((self._n, 3))
        price, slow, fast = np.log(100.0) + 0.8 * first[:, 2], _SLOW_WIDTH * first[:, 0], _FAST_WIDTH * first[:, 1]
        self._hours = _Hours.draw(EPOCH // HOUR, price, slow, fast, self._random)

    def at(self, index: int) -> tuple[_Hours, int]:
        """The chunk that hour `index` is in, and its place there."""
        if index < self._hours.index:
            self._restart()
        while index >= self._hours.index + _CHUNK:
            last = self._hours
            self._hours = _Hours.draw(last.index + _CHUNK, last.price[-1], last.slow, last.fast, self._random)
        return self._hours, index - self._hours.index


class Market:
    """Trades of made-up symbols. `rate` is trades a second over all symbols, averaged over a day.

    >>> market = Market(seed=7, symbols=("SIM:ALFA",), rate=1.0)
    >>> block = market.block(EPOCH // BLOCK)
    >>> block.labels("source").names
    ('simulator:7',)
    """

    def __init__(self, seed: int, symbols: tuple[str, ...], rate: float) -> None:
        if seed < 0 or not symbols or len(set(symbols)) < len(symbols) or not 0 < rate < 1e7:
            raise SourceError(
                "simulator: expected a seed >= 0, distinct symbols and 0 < rate < 10 million trades/s, "
                f"was seed {seed}, {len(symbols)} symbols ({len(set(symbols))} distinct), rate {rate}"
            )
        self.symbols = symbols
        self.source = f"simulator:{seed}"
        self._seed = seed
        weights = 1 / np.arange(1, len(symbols) + 1) ** 0.7  # some names trade more than others
        self._rates = rate * weights / weights.sum()
        self._walk = _Walk(seed, len(symbols))
        self._path: tuple[int, Floats, Floats] | None = None

    def path(self, hour: int) -> tuple[Floats, Floats]:
        """Log price (symbols, 3601) at each second of an hour, and log variance (symbols, 3600)."""
        if self._path is None or self._path[0] != hour:
            self._path = (hour, *self._draw_path(hour))
        return self._path[1:]

    def block(self, index: int) -> Frame[Tick]:
        """The trades of `[index * BLOCK, (index + 1) * BLOCK)`, sorted by time.

        Ids count up within a symbol and block, from the block's start in microseconds.
        """
        start = index * BLOCK
        if start < EPOCH:
            raise SourceError(f"simulator: expected a time from {EPOCH} ns (2024) on, was {start}")
        random = np.random.default_rng([self._seed, 2, index])
        seconds = BLOCK // SECOND
        counts = random.poisson(self._rates * seconds * pattern(np.asarray([start])))
        n = int(counts.sum())
        symbol = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        number = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
        offset = random.integers(0, BLOCK // 1000, n)
        offset = offset[np.lexsort((offset, symbol))]
        side, wobble, odd = random.random(n) < 0.5, random.exponential(size=n), random.random(n) < 0.6
        order = np.argsort(offset, kind="stable")
        symbol, number, offset = symbol[order], number[order], offset[order] * 1000

        price, variance = self.path(start // HOUR)
        at = offset / SECOND + (start % HOUR) // SECOND
        second = at.astype(np.int64)
        left, right = price[symbol, second], price[symbol, second + 1]
        middle = np.exp(left + (at - second) * (right - left))
        half = middle * 1e-4 * np.exp(variance[symbol, second] / 2)
        bid = np.floor((middle - half) * _CENT) / _CENT
        ask = np.ceil((middle + half) * _CENT) / _CENT
        size = np.where(odd, np.ceil(40 * wobble), 100 * np.ceil(1.5 * wobble))
        return Frame.from_columns(
            Tick,
            {
                "symbol": Labels(symbol, self.symbols),
                "ts": start + offset,
                "price": np.where(side, ask, bid),
                "size": size,
                "id": start // 1000 + number,
                "bid": bid,
                "ask": ask,
                "source": Labels.constant(self.source, n),
            },
        )

    def _draw_path(self, index: int) -> tuple[Floats, Floats]:
        hours, i = self._walk.at(index)
        random = np.random.default_rng([self._seed, 1, index])
        n = len(self.symbols)
        draw = random.standard_normal((n + 1, 3600))
        share = np.linspace(0.0, 1.0, 3600, endpoint=False)
        variance = hours.variance[i][:, None] + share * (hours.variance[i + 1] - hours.variance[i])[:, None]
        weight = np.exp(variance) * pattern(index * HOUR + np.arange(3600) * SECOND)
        weight /= weight.sum(axis=1, keepdims=True)
        step = np.sqrt(weight) * (np.sqrt(_MARKET) * draw[0] + np.sqrt(1 - _MARKET) * draw[1:])
        step += weight * (hours.move[i][:, None] - step.sum(axis=1, keepdims=True))  # meets the hour's end
        step *= hours.deviation[i][:, None]
        step[np.arange(n), random.integers(0, 3600, n)] += hours.jump[i]
        return hours.price[i][:, None] + np.concatenate([np.zeros((n, 1)), np.cumsum(step, axis=1)], axis=1), variance
