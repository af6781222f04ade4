"""A small seeded market for tests and the demo: random walks as bars and forecasts, event time only."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np

from causal_alpha.frames import Floats, Frame, Labels
from causal_alpha.intervals import MILLISECOND, SECOND, interval_ns
from causal_alpha.records import LEVELS, Bar, Forecast

SYMBOLS = ("AAPL", "AMZN", "BTC-USD", "ETH-USD", "GOOG", "JPM", "META", "MSFT", "NVDA", "SPY", "TSLA", "XOM")
PRICES = np.asarray([187.2, 142.9, 61_250.0, 3_310.0, 139.8, 171.3, 352.1, 377.4, 495.2, 456.8, 239.7, 102.4])
SIGMA = 1.2e-4
"""Standard deviation of a log return over one second."""
_SCORES = np.asarray([NormalDist().inv_cdf(level) for level in LEVELS])


@dataclass
class Market:
    """`history` first, then `step` after `step`; `ts` (ns) is the event time reached."""

    ts: int
    seed: int = 7
    symbols: tuple[str, ...] = SYMBOLS
    price: Floats = field(default_factory=PRICES.copy)
    interval: tuple[str, ...] = ("1s", "1m")

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.source = f"simulator:{self.seed}"
        self.open: dict[str, dict[str, Any]] = {}

    def history(self, minutes: int, seconds: int) -> Iterator[Frame[Any]]:
        """Final bars and forecasts up to `ts`, a multiple of a minute."""
        n = len(self.symbols)
        returns = self.random.normal(0, SIGMA, (minutes * 60 + 1, n))
        paths = self.price * np.exp(np.cumsum(returns, axis=0) - returns.sum(axis=0))
        volumes = self.random.integers(1, 40, (minutes * 60, n)) * 10.0
        for interval, length in (("1s", 1), ("1m", 60)):
            rows = min(minutes * 60, seconds) if length == 1 else minutes
            first = self.ts - rows * length * SECOND
            for row in range(rows):
                at = minutes * 60 - (rows - row) * length
                span, volume = paths[at : at + length + 1], volumes[at : at + length].sum(axis=0)
                start = first + row * length * SECOND
                columns = [span[0], span.max(axis=0), span.min(axis=0), span[-1], volume, span.mean(axis=0)]
                yield self._bars(interval, start, columns, np.full(n, 3 * length), "final")
                if length == 60 or row % 5 == 4:
                    yield self._forecasts(interval, start, span[-1])
        for interval in self.interval:
            self._begin(interval)

    def step(self, milliseconds: int) -> Iterator[Frame[Any]]:
        """Trades for so long: forming bars, and final ones with their forecasts when an interval ends."""
        end = self.ts + milliseconds * MILLISECOND
        for interval in self.interval:
            book = self.open[interval]
            if end >= book["start"] + interval_ns(interval):
                yield self._bars(interval, book["start"], *self._book(book), "final")
                if interval == "1m" or (book["start"] // SECOND) % 5 == 4:
                    yield self._forecasts(interval, book["start"], self.price)
                self._begin(interval)
        self.ts = end
        n = len(self.symbols)
        self.price = self.price * np.exp(self.random.normal(0, SIGMA * math.sqrt(milliseconds / 1000), n))
        size = self.random.integers(1, 20, n) * 10.0
        for interval in self.interval:
            book = self.open[interval]
            book["high"], book["low"] = np.maximum(book["high"], self.price), np.minimum(book["low"], self.price)
            book["volume"] = book["volume"] + size
            book["turnover"] = book["turnover"] + size * self.price
            book["trades"] = book["trades"] + 1
            yield self._bars(interval, book["start"], *self._book(book), "forming")

    def _begin(self, interval: str) -> None:
        length = interval_ns(interval)
        start = self.ts // length * length + (length if self.open.get(interval) else 0)
        zeros = np.zeros(len(self.symbols))
        self.open[interval] = {
            "start": start,
            "open": self.price,
            "high": self.price,
            "low": self.price,
            "volume": zeros,
            "turnover": zeros,
            "trades": zeros.astype(np.int64),
        }

    def _book(self, book: dict[str, Any]) -> tuple[list[Floats], Any]:
        with np.errstate(invalid="ignore"):
            vwap = book["turnover"] / book["volume"]
        return [book["open"], book["high"], book["low"], self.price, book["volume"], vwap], book["trades"]

    def _bars(self, interval: str, start: int, columns: list[Floats], trades: Any, state: str) -> Frame[Bar]:
        n = len(self.symbols)
        values = {
            "symbol": Labels.of(self.symbols),
            "interval": Labels.constant(interval, n),
            "start": np.full(n, start, dtype=np.int64),
            **dict(zip(("open", "high", "low", "close", "volume", "vwap"), columns, strict=True)),
            "trades": np.asarray(trades, dtype=np.int64),
            "state": Labels.constant(state, n),
            "revision": np.zeros(n, dtype=np.int64),
            "quality": Labels.constant("ok", n),
            "source": Labels.constant(self.source, n),
        }
        return Frame.from_columns(Bar, values, {"ts": str(self.ts), "watermark": str(self.ts - SECOND)})

    def _forecasts(self, interval: str, start: int, price: Floats) -> Frame[Forecast]:
        length = interval_ns(interval)
        rows = []
        for symbol, last in zip(self.symbols, price.tolist(), strict=True):
            for horizon in (1, 5):
                variance = SIGMA**2 * (length / SECOND) * horizon
                rows.append(
                    Forecast(
                        symbol=symbol,
                        interval=interval,
                        start=start,
                        made=start + length,
                        horizon=horizon,
                        due=start + length * (1 + horizon),
                        price=last,
                        location=0.0,
                        variance=variance,
                        quantiles=tuple((last * np.exp(_SCORES * math.sqrt(variance))).tolist()),
                        family="ewma",
                        version="1",
                        feature_set="demo",
                        source=self.source,
                    )
                )
        return Frame.of(Forecast, rows)
