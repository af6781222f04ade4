"""The default features as a live pandas user computes them: one frame a field, symbols side by side."""

import math
from collections.abc import Mapping
from typing import cast

import numpy as np
import pandas as pd

from causal_alpha.features import DEFAULT, FIELDS
from causal_alpha.frames import Floats


class PandasFeatures:
    """The last bars in frames of times × symbols; a new bar pushes the oldest one out, and all is computed anew."""

    def __init__(self, bars: Floats) -> None:
        self.frames = {name: pd.DataFrame(bars[place].T) for place, name in enumerate(FIELDS)}

    def push(self, bar: Floats) -> pd.DataFrame:
        """Take the next bar of all symbols, (fields, symbols); gives their vectors, a row a symbol."""
        for place, name in enumerate(FIELDS):
            rest = self.frames[name].iloc[1:]
            self.frames[name] = pd.concat([rest, pd.DataFrame(bar[place : place + 1])], ignore_index=True)
        return compute(self.frames)


def compute(bars: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The features of the last row of `bars`, which has at least as many as the longest look-back."""
    close, opening, high, low = (bars[name] for name in ("close", "open", "high", "low"))
    volume, turnover = bars["volume"], bars["volume"] * bars["vwap"]
    last = close.iloc[-1]
    returns = _log(close).diff()
    ranges, bodies = _log(high / low) ** 2, _log(close / opening) ** 2
    parkinson, garman_klass = ranges / (4 * math.log(2)), 0.5 * ranges - (2 * math.log(2) - 1) * bodies
    steps = close.diff().tail(14)
    gains, losses = steps.clip(lower=0).sum(), -steps.clip(upper=0).sum()
    window = close.tail(35)
    lines = window.ewm(span=12).mean() - window.ewm(span=26).mean()
    lowest, highest = low.tail(14).min(), high.tail(14).max()
    bid, ask, bid_size, ask_size = (bars[name].iloc[-1] for name in ("bid", "ask", "bid_size", "ask_size"))
    signed = 2 * bars["buy_volume"] - volume
    own = {
        **{f"return_{n}": np.log(last / close.iloc[-1 - n]) for n in (1, 2, 5, 10, 20)},
        "gap": np.log(opening.iloc[-1] / close.iloc[-2]),
        "leverage_5": returns.tail(5).mean().clip(upper=0),
        "ewma_variance": (returns.tail(30) ** 2).ewm(alpha=0.06).mean().iloc[-1],
        "parkinson_variance": parkinson.tail(20).mean(),
        "garman_klass_variance": garman_klass.tail(20).mean(),
        "har_short": parkinson.iloc[-1],
        "har_medium": parkinson.tail(5).mean(),
        "har_long": parkinson.tail(22).mean(),
        "volume_surprise": volume.iloc[-1] / volume.iloc[-21:-1].mean() - 1,
        "vwap_distance": np.log(last / bars["vwap"].iloc[-1]),
        "vwap_distance_20": np.log(last * volume.tail(20).sum() / turnover.tail(20).sum()),
        "rsi_14": 100 * gains / (gains + losses),
        "macd": lines.iloc[-1] / last,
        "macd_histogram": (lines.iloc[-1] - lines.ewm(span=9).mean().iloc[-1]) / last,
        "close_zscore": (last - close.tail(20).mean()) / close.tail(20).std(ddof=0),
        "range_position": (last - lowest) / (highest - lowest),
        "relative_spread": 2 * (ask - bid) / (ask + bid),
        "queue_imbalance": (bid_size - ask_size) / (bid_size + ask_size),
        "microprice_distance": np.log((bid * ask_size + ask * bid_size) / (bid_size + ask_size) / last),
        "flow_imbalance": signed.iloc[-1] / volume.iloc[-1],
        "flow_imbalance_20": signed.tail(20).sum() / volume.tail(20).sum(),
    }
    table = pd.DataFrame(own)
    table["market_return"] = table["return_1"].mean()
    table["market_volatility"] = table["return_1"].std(ddof=0)
    table["market_variance"] = table["har_short"].mean()
    table["relative_return"] = table["return_1"] - table["market_return"]
    return table[list(DEFAULT.names)]


def _log(frame: pd.DataFrame) -> pd.DataFrame:
    return cast(pd.DataFrame, np.log(frame))
