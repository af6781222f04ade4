"""A market made from a seed: as a frame, as messages, and as the bars that pandas makes of it.

It is shaped like a feed. 50 symbols trade by Zipf's law, and ids number the trades in the order in which
they arrive. Event times mostly rise with them, but 2 % of the trades are stamped up to `JITTER` before
their place, 1 % come twice, and 0.5 % come far too late. These are 70 to 90 s behind their own symbol,
so that every contender's rule refuses them: ours and Quix Streams' (the bar is over, by the time of all
symbols or of its own), Bytewax' (older than its key's watermark). What is jittered is in time for all.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec
import numpy as np
import pandas as pd

from causal_alpha.frames import Frame, Ints, Labels
from causal_alpha.intervals import MILLISECOND, SECOND, interval_ns
from causal_alpha.records import Tick

SYMBOLS = tuple(f"S{number:03d}" for number in range(50))
INTERVAL = "1m"
LENGTH = interval_ns(INTERVAL)
LATENESS = 5
"""Seconds that every contender waits for ticks out of order."""
SPACING = 10
"""Milliseconds of event time from one trade to the next, all symbols together."""
JITTER = 2 * SECOND
LATE = 70 * SECOND, 90 * SECOND
JITTERED_SHARE, LATE_SHARE, TWICE_SHARE = 0.02, 0.005, 0.01
AGAIN_AFTER = 20
"""A trade's second copy comes at most so many trades later."""
START = 1_700_000_040 * SECOND
"""A whole minute, in the past: a stamp ahead of Kafka's own time would be rejected."""

ClosedBy = Literal["end", "stream", "symbol"]
"""What closes a bar: the end of the ticks, or a time beyond it and the lateness, any symbol's or its own."""


def make_ticks(count: int, *, spacing: int = SPACING, seed: int = 7) -> Frame[Tick]:
    """`count` trades in the order of their arrival, stamped to the millisecond."""
    rng = np.random.default_rng(seed)
    once = round(count / (1 + TWICE_SHARE))
    weights = 1 / np.arange(1, len(SYMBOLS) + 1)
    symbol = rng.choice(len(SYMBOLS), once, p=weights / weights.sum())
    ts = START + np.arange(once) * spacing * MILLISECOND
    jittered = rng.random(once) < JITTERED_SHARE
    ts[jittered] -= _milliseconds(rng, 1, JITTER, int(jittered.sum()))
    newest = pd.Series(ts).groupby(symbol).cummax().groupby(symbol).shift()
    late = (rng.random(once) < LATE_SHARE) & newest.notna().to_numpy()
    ts[late] = newest[late].to_numpy().astype(np.int64) - _milliseconds(rng, *LATE, int(late.sum()))

    again = rng.choice(np.flatnonzero(~late), count - once, replace=False)
    place = np.concatenate([np.arange(once), again + rng.integers(1, AGAIN_AFTER, len(again)) + 0.5])
    rows = np.concatenate([np.arange(once), again])[np.argsort(place, kind="stable")]
    walk = np.cumsum(rng.normal(0, 1e-4, once))
    return Frame.from_columns(
        Tick,
        {
            "symbol": Labels(symbol[rows].astype(np.int32), SYMBOLS),
            "ts": ts[rows],
            "price": np.round((20 + symbol) * np.exp(walk), 2)[rows],
            "size": np.round(rng.lognormal(3, 1, once), 3)[rows],
            "id": rows + 1,
            "source": Labels.constant("benchmark", len(rows)),
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


def in_time(ticks: Frame[Tick]) -> pd.DataFrame:
    """The trades that belong into bars: each once, none after its bar is over. In order of time and id."""
    rows = pd.DataFrame({"symbol": ticks.labels("symbol").tolist(), "ts": ticks.ints("ts"), "id": ticks.ints("id")})
    rows["price"], rows["size"] = ticks.floats("price"), ticks.floats("size")
    rows["start"] = rows["ts"] - rows["ts"] % LENGTH
    before = rows["ts"].cummax().shift(fill_value=0) - LATENESS * SECOND
    kept = rows[(rows["start"] + LENGTH > before) & ~rows.duplicated(["symbol", "id"])]
    return kept.sort_values(["ts", "id"])


def oracle(ticks: Frame[Tick], closed_by: ClosedBy = "end") -> pd.DataFrame:
    """The bars by symbol and start (ns), from a plain pandas group-by. Those that stay open are left out."""
    rows = in_time(ticks)
    rows["turnover"] = rows["price"] * rows["size"]
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
    if closed_by != "end":
        newest = rows.groupby("symbol")["ts"].max()
        if closed_by == "stream":
            newest[:] = newest.max()
        closed = newest.reindex(bars.index.get_level_values("symbol")).to_numpy() - LATENESS * SECOND
        bars = bars[bars.index.get_level_values("start") + LENGTH <= closed]
    return bars.sort_index()


def _milliseconds(rng: np.random.Generator, low: int, high: int, count: int) -> Ints:
    """Whole milliseconds, in ns, from (low, high]; both in ns."""
    drawn: Ints = rng.integers(low // MILLISECOND + 1, high // MILLISECOND + 1, count) * MILLISECOND
    return drawn
