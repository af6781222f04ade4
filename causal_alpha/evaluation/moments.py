"""Moments of a file of trades and quotes: what could be known ten times a second, and where the middle went next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq

from causal_alpha.errors import SourceError
from causal_alpha.frames import Floats, Ints
from causal_alpha.intervals import MILLISECOND, SECOND

pc: Any = pyarrow.compute  # its stubs know too few kinds of arrays

COLUMNS = ("symbol", "kind", "recv_ts_ns", "price", "qty", "buyer_is_maker", "bid", "bid_qty", "ask", "ask_qty")
EVERY = 100 * MILLISECOND
MEMORY = 60
"""Seconds of moves that make the usual one."""


@dataclass(frozen=True)
class Moments:
    """One symbol's, in order of time: `ts` (n,) ns, `inputs` (n, 3) as `models.direction.INPUTS`, `scale` (n,) the
    root mean square of a second's move in the last minute, `move` (n,) the next second's, NaN at the end.
    """

    symbol: str
    ts: Ints
    inputs: Floats
    scale: Floats
    move: Floats

    def take(self, rows: Any) -> "Moments":
        return Moments(self.symbol, self.ts[rows], self.inputs[rows], self.scale[rows], self.move[rows])


def read_moments(path: Path, every: int = EVERY) -> list[Moments]:
    """Those of each symbol of a Parquet file, by the receiver's clock: a row counts once it had been received.

    Raises SourceError for a file without these columns or with less than two minutes of quotes.
    """
    try:
        table = pq.read_table(path, columns=list(COLUMNS))
    except (OSError, pa.ArrowException, KeyError) as error:
        raise SourceError(f"{path}: expected trades and quotes in columns {', '.join(COLUMNS)}, was {error}") from error
    table = table.sort_by("recv_ts_ns")
    names = sorted(str(name) for name in pc.unique(table.column("symbol")).to_pylist())
    found = [_moments(name, table.filter(pc.equal(table.column("symbol"), name)), every) for name in names]
    kept = [one for one in found if one is not None]
    if not kept:
        raise SourceError(f"{path}: expected two minutes of quotes of a symbol, was less")
    return kept


def _moments(symbol: str, table: Any, every: int) -> Moments | None:
    kind = np.asarray(table.column("kind").to_pylist())
    quoted, traded = kind == "Q", kind == "T"
    ts = table.column("recv_ts_ns").to_numpy()

    def floats(name: str, rows: Any) -> Floats:
        column: Floats = pc.cast(table.column(name), pa.float64()).to_numpy()[rows]
        return column

    quote_ts, trade_ts = ts[quoted], ts[traded]
    if not len(quote_ts) or quote_ts[-1] - quote_ts[0] < 2 * MEMORY * SECOND:
        return None
    bid, ask = floats("bid", quoted), floats("ask", quoted)
    bid_size, ask_size = floats("bid_qty", quoted), floats("ask_qty", quoted)
    middle = np.log((bid + ask) / 2)
    moments = np.arange(quote_ts[0] + (MEMORY + 1) * SECOND, quote_ts[-1], every)

    def at(times: Ints) -> Ints:
        """The newest quote at or before each time."""
        return np.searchsorted(quote_ts, times, side="right") - 1

    now = at(moments)
    size = floats("qty", traded)
    signed = np.where(floats("buyer_is_maker", traded) > 0, -size, size)
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(np.stack([signed, size], axis=1), axis=0)])
    since = sums[np.searchsorted(trade_ts, moments, side="right")]
    since = since - sums[np.searchsorted(trade_ts, moments - SECOND, side="right")]
    flow = np.where(since[:, 1] > 0, since[:, 0] / np.where(since[:, 1] > 0, since[:, 1], 1), 0.0)
    steps = [middle[at(moments - k * SECOND)] - middle[at(moments - (k + 1) * SECOND)] for k in range(MEMORY)]
    scale = np.sqrt(np.mean(np.square(steps), axis=0))
    move = np.where(moments + SECOND <= quote_ts[-1], middle[at(moments + SECOND)] - middle[now], np.nan)
    imbalance = (bid_size - ask_size) / (bid_size + ask_size)
    momentum = np.clip(steps[0] / np.where(scale > 0, scale, np.nan), -5, 5)
    return Moments(symbol, moments, np.stack([imbalance[now], flow, momentum], axis=1), scale, move)
