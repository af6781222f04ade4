"""Bars of random walks, for checks that want some of everything."""

import numpy as np

from causal_alpha.features import FIELDS
from causal_alpha.frames import Floats


def walk(symbols: int, times: int, seed: int) -> Floats:
    """Bars of shape (len(FIELDS), symbols, times) with trades in each, ranges, quotes and a buying side.

    >>> walk(2, 3, seed=7).shape, bool(np.isfinite(walk(2, 3, seed=7)).all())
    ((12, 2, 3), True)
    """
    rng = np.random.default_rng(seed)
    shape = (symbols, times)
    close = 20.0 * np.arange(1, symbols + 1)[:, None] * np.exp(np.cumsum(rng.normal(0, 0.01, shape), axis=1))
    opening = close * np.exp(rng.normal(0, 0.003, shape))
    high = np.maximum(opening, close) * np.exp(np.abs(rng.normal(0, 0.002, shape)))
    low = np.minimum(opening, close) * np.exp(-np.abs(rng.normal(0, 0.002, shape)))
    volume = rng.integers(1, 1000, shape).astype(np.float64)
    columns = {
        "open": opening,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
        "vwap": low + (high - low) * rng.random(shape),
        "trades": rng.integers(1, 50, shape).astype(np.float64),
        "bid": close * (1 - 0.001 * rng.random(shape)),
        "ask": close * (1 + 0.001 * rng.random(shape)),
        "bid_size": rng.integers(1, 100, shape).astype(np.float64),
        "ask_size": rng.integers(1, 100, shape).astype(np.float64),
        "buy_volume": volume * rng.random(shape),
    }
    return np.stack([columns[name] for name in FIELDS])


def untraded(bars: Floats, time: int, until: int) -> Floats:
    """The bars, with nobody trading in `[time, until)`: prices stand at the close before, volume is 0."""
    quiet = bars.copy()
    close = bars[FIELDS.index("close"), :, time - 1, None]
    for name in ("open", "high", "low", "close", "vwap"):
        quiet[FIELDS.index(name), :, time:until] = close
    for name in ("volume", "trades", "buy_volume"):
        quiet[FIELDS.index(name), :, time:until] = 0.0
    for name in ("bid", "ask", "bid_size", "ask_size"):
        place = FIELDS.index(name)
        quiet[place, :, time:until] = bars[place, :, time - 1, None]
    return quiet
