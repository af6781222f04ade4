"""A market made from a seed: as a frame, as JSON messages, and as the bars that pandas makes of it."""

from collections.abc import Iterator

import msgspec
import numpy as np
import pandas as pd

from causal_alpha.frames import Frame, Labels
from causal_alpha.intervals import MILLISECOND, SECOND, interval_ns
from causal_alpha.records import Tick

SYMBOLS = tuple(f"S{number:03d}" for number in range(100))
INTERVALS = ("1s", "1m")
RATE = 5_000
"""Ticks a second of event time, all symbols together."""
START = 1_700_000_040 * SECOND
"""A whole minute, in the past: a stamp ahead of Kafka's own time would be rejected."""


def make_ticks(count: int, seed: int = 1) -> Frame[Tick]:
    """`count` trades of 100 symbols in event order, stamped to the millisecond, with ids that rise."""
    rng = np.random.default_rng(seed)
    symbol = rng.integers(0, len(SYMBOLS), count)
    walk = np.cumsum(rng.normal(0, 1e-4, count))
    return Frame.from_columns(
        Tick,
        {
            "symbol": Labels(symbol.astype(np.int32), SYMBOLS),
            "ts": START + np.arange(count) * 1000 // RATE * MILLISECOND,
            "price": np.round((20 + symbol) * np.exp(walk), 2),
            "size": np.round(rng.lognormal(3, 1, count), 3),
            "id": np.arange(count) + 1,
            "bid": np.full(count, np.nan),
            "ask": np.full(count, np.nan),
            "source": Labels.constant("benchmark", count),
        },
    )


def as_json(ticks: Frame[Tick]) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of a message for each tick, as a foreign producer writes them."""
    names = ("symbol", "ts", "price", "size", "id")
    columns = [ticks.columns[name].tolist() for name in names]
    columns[1] = (ticks.ints("ts") // MILLISECOND).tolist()
    for row in zip(*columns, strict=True):
        yield row[0].encode(), msgspec.json.encode(dict(zip(names, row, strict=True)))


def as_frames(ticks: Frame[Tick], rows: int) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of a message for each run of `rows` ticks."""
    for first in range(0, len(ticks), rows):
        yield b"", ticks.take(np.arange(first, min(first + rows, len(ticks)))).encode()


def oracle(ticks: Frame[Tick]) -> pd.DataFrame:
    """The bars by interval, symbol and start (ns), from a plain pandas group-by."""
    rows = pd.DataFrame({"symbol": ticks.labels("symbol").tolist(), "ts": ticks.ints("ts")})
    rows["price"], rows["size"] = ticks.floats("price"), ticks.floats("size")
    rows["turnover"] = rows["price"] * rows["size"]
    parts = []
    for interval in INTERVALS:
        rows["start"] = rows["ts"] - rows["ts"] % interval_ns(interval)
        bars = rows.groupby(["symbol", "start"]).agg(
            open=("price", "first"),
            high=("price", "max"),
            low=("price", "min"),
            close=("price", "last"),
            volume=("size", "sum"),
            turnover=("turnover", "sum"),
            trades=("price", "size"),
        )
        bars["vwap"] = bars.pop("turnover") / bars["volume"]
        parts.append(bars)
    return pd.concat(parts, keys=INTERVALS, names=["interval"]).sort_index()
