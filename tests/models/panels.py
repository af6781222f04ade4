"""A made-up panel whose variance persists, moves with the market and can be forecast."""

import numpy as np

from causal_alpha.dataset import Dataset
from causal_alpha.frames import Floats, Frame, Labels
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar


def bars(symbols: int = 6, sessions: int = 700, seed: int = 7, first: int = 0) -> Frame[Bar]:
    """Daily bars of `symbols` names over `sessions` days, by day then symbol."""
    rng = np.random.default_rng(seed)
    market, own = np.zeros(sessions), np.zeros((sessions, symbols))
    for day in range(1, sessions):
        market[day] = 0.95 * market[day - 1] + 0.15 * rng.standard_normal()
        own[day] = 0.9 * own[day - 1] + 0.2 * rng.standard_normal(symbols)
    deviation = 0.012 * np.exp(market[:, None] + own)
    path = deviation[:, :, None] / np.sqrt(16) * rng.standard_normal((sessions, symbols, 16))
    night = 0.3 * deviation * rng.standard_normal((sessions, symbols))
    walk = np.cumsum(path, axis=2)
    close = np.cumsum(night + walk[:, :, -1], axis=0) + np.log(50)
    opened = close - walk[:, :, -1]
    high = opened + np.maximum(walk.max(axis=2), 0)
    low = opened + np.minimum(walk.min(axis=2), 0)
    volume = 1e6 * np.exp(0.5 * (market[:, None] + own) + 0.2 * rng.standard_normal((sessions, symbols)))
    n = sessions * symbols
    prices: dict[str, Floats] = {"open": opened, "high": high, "low": low, "close": close}
    return Frame.from_columns(
        Bar,
        {
            "symbol": Labels.of([f"S{place:02d}" for place in range(symbols)] * sessions),
            "interval": Labels.constant("1d", n),
            "start": np.repeat(first + np.arange(sessions, dtype=np.int64) * DAY, symbols),
            "volume": volume.ravel(),
            "vwap": np.full(n, np.nan),
            "trades": np.zeros(n, dtype=np.int64),
        }
        | {name: np.exp(column).ravel() for name, column in prices.items()},
    )


def dataset(symbols: int = 6, sessions: int = 700, seed: int = 7) -> Dataset:
    return Dataset.from_bars(bars(symbols, sessions, seed))
