"""Daily bars of a Parquet file: columns symbol, date, open, high, low, close, adj_close, volume.

Open, high and low are brought to the scale of `adj_close` row by row. Its level is restated with later dividends,
so nothing but ratios within a window may be used of it; features and truths do (`causal_alpha.models.inputs`).
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causal_alpha.errors import SourceError
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar

COLUMNS = ("symbol", "date", "open", "high", "low", "close", "adj_close", "volume")


def read_daily(path: Path) -> tuple[Frame[Bar], list[str]]:
    """The bars in the file's order, `start` at midnight UTC of the session's date, and what was left out.

    Left out, each with a line that says so: rows with a price that isn't above 0 or a high below the low, and what
    comes again for the same symbol and date. Raises SourceError for a file that isn't one of daily bars, or has
    no row that can be used.
    """
    if not path.is_file():
        raise SourceError(f"{path}: expected a Parquet file, was no file")
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{path}: expected a Parquet file, was {error}") from error
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise SourceError(f"{path}: expected columns {', '.join(COLUMNS)}, was without {', '.join(missing)}")
    if not table.num_rows:
        raise SourceError(f"{path}: expected rows, was none")
    symbols = [str(name) for name in table.column("symbol").to_pylist()]
    start = _midnights(table.column("date"), path)
    prices = {name: _numbers(table.column(name), name, path) for name in COLUMNS[2:]}
    bad = _bad(prices)
    left_out = [_describe(row, symbols, start, prices) for row in np.flatnonzero(bad).tolist()]
    if bad.all():
        raise SourceError(f"{path}: expected prices above 0 and low <= high, was {left_out[0]}")
    again = _again(symbols, start, bad)
    left_out += [f"again: {_describe(row, symbols, start, prices)}" for row in np.flatnonzero(again).tolist()]
    factor = prices["adj_close"] / np.where(bad, 1.0, prices["close"])
    bars = Frame.from_columns(
        Bar,
        {
            "symbol": Labels.of(symbols),
            "interval": Labels.constant("1d", len(symbols)),
            "start": start,
            "open": prices["open"] * factor,
            "high": prices["high"] * factor,
            "low": prices["low"] * factor,
            "close": prices["adj_close"],
            "volume": prices["volume"],
            "vwap": np.full(len(symbols), np.nan),
            "trades": np.zeros(len(symbols), dtype=np.int64),
            "source": Labels.constant(f"replay:{path.name}", len(symbols)),
        },
    )
    return bars.take(~bad & ~again), left_out


def session_start(day: date) -> int:
    """Midnight UTC of a date in ns, the `start` of its daily bar.

    >>> session_start(date(1970, 1, 2)) == DAY
    True
    """
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000


def _midnights(column: "pa.ChunkedArray[Any]", path: Path) -> Ints:
    try:
        if pa.types.is_temporal(column.type):
            days: Any = pc.cast(column, pa.timestamp("ns"), safe=False)
        else:
            days = pc.strptime(column, format="%Y-%m-%d", unit="ns")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(f"{path}: expected dates such as 2018-01-02, was {column.type}: {error}") from error
    if days.null_count:
        raise SourceError(f"{path}: expected a date in every row, was none in {days.null_count}")
    stamps: Ints = np.asarray(days.cast(pa.int64()).to_numpy(), dtype=np.int64)
    return stamps // DAY * DAY


def _numbers(column: "pa.ChunkedArray[Any]", name: str, path: Path) -> Floats:
    try:
        return np.asarray(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(f"{path}: expected numbers in {name}, was {column.type}") from error


def _bad(prices: dict[str, Floats]) -> npt.NDArray[np.bool_]:
    bad = ~(prices["volume"] >= 0) | (prices["high"] < prices["low"])
    for name in ("open", "high", "low", "close", "adj_close"):
        bad |= ~(np.isfinite(prices[name]) & (prices[name] > 0))
    return np.asarray(bad)


def _again(symbols: list[str], start: Ints, bad: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Rows whose symbol and date a usable row before them has."""
    labels = Labels.of(symbols)
    order = np.lexsort((np.arange(len(start)), bad, start, labels.codes))
    same = (np.diff(labels.codes[order]) == 0) & (np.diff(start[order]) == 0)
    again = np.zeros(len(start), dtype=np.bool_)
    again[order[1:]] = same
    return again & ~bad


def _describe(row: int, symbols: list[str], start: Ints, prices: dict[str, Floats]) -> str:
    day = datetime.fromtimestamp(int(start[row]) // 1_000_000_000, tz=UTC).date()
    return f"{symbols[row]} {day}: " + ", ".join(f"{name} {values[row]:g}" for name, values in prices.items())
