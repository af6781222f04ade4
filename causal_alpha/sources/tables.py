"""Batches of a file → frames of ticks or bars."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from causal_alpha.errors import SettingsError, SourceError
from causal_alpha.frames import Codes, Column, Floats, Frame, Ints, Labels
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.cells import Cells, to_floats, to_ids, to_labels, to_times
from causal_alpha.sources.layout import CLOSING, PRICES, QUOTE, Layout

BATCH = 65_536


class File:
    """A Parquet or CSV file, read in batches of at most 65,536 rows. Raises SourceError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        suffix = path.suffix.lower()
        if suffix not in (".parquet", ".csv"):
            raise SourceError(f"{path}: expected a .parquet or .csv file, was {suffix or 'no ending'}")
        self._csv = suffix == ".csv"
        try:
            if self._csv:
                with path.open("rb") as stream, pc_csv.open_csv(stream) as reader:
                    self.names: tuple[str, ...] = tuple(reader.schema.names)
            else:
                self.names = tuple(pq.read_schema(path).names)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"{path}: expected a readable file, was {error}") from error

    def batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows in order, only these columns; text, not yet numbers, where the file is a CSV."""
        columns = list(dict.fromkeys(columns))
        try:
            if self._csv:
                options = pc_csv.ConvertOptions(
                    include_columns=columns, column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
                )
                blocks = pc_csv.ReadOptions(block_size=4 * 1024 * 1024)
                with pc_csv.open_csv(self.path, read_options=blocks, convert_options=options) as reader:
                    for batch in reader:
                        yield from (batch.slice(first, BATCH) for first in range(0, len(batch), BATCH))
            else:
                with pq.ParquetFile(self.path) as file:
                    yield from file.iter_batches(BATCH, columns=columns)
        except (OSError, pa.ArrowException) as error:
            raise SourceError(f"{self.path}: expected rows, was {error}") from error


class TickReader:
    """Trades of a file's batches, in order. Keeps the last quote of each symbol and counts rows.

    A file without ids gets the row's number, from 0.
    """

    def __init__(self, layout: Layout, *, source: str, zone: str, symbol: str | None) -> None:
        self._layout, self._source, self._zone, self._symbol = layout, source, zone, symbol
        self._row = 0
        self._quotes: dict[str, Floats] = {}

    def read(self, batch: pa.RecordBatch) -> Frame[Tick]:
        cells, n = _Batch(batch, self._layout), batch.num_rows
        symbols = cells.symbols(self._symbol)
        quotes = np.stack([cells.floats(field) for field in QUOTE])
        trades = np.ones(n, dtype=np.bool_)
        if "kind" in self._layout:
            kinds = cells.labels("kind")
            trades = kinds.equals("T")
            quotes = self._carry(symbols, kinds.equals("Q"), quotes)
        numbers = np.arange(self._row, self._row + n)
        self._row += n
        columns: dict[str, Column] = {
            "symbol": symbols,
            "ts": cells.times("ts", self._zone),
            "price": cells.floats("price"),
            "size": cells.floats("size"),
            "id": to_ids(cells["id"]) if "id" in self._layout else numbers,
            **dict(zip(QUOTE, quotes, strict=True)),
            "source": Labels.constant(self._source, n),
        }
        frame = Frame.from_columns(Tick, columns)
        return frame if trades.all() else frame.take(trades)

    def _carry(self, symbols: Labels, quoted: npt.NDArray[np.bool_], quotes: Floats) -> Floats:
        """Bid, ask and their sizes (4, n) of the newest quote row at or before each row, by symbol."""
        unknown = np.full(len(QUOTE), np.nan)
        before = np.stack([self._quotes.get(name, unknown) for name in symbols.names], axis=1)
        order = np.argsort(symbols.codes, kind="stable")
        codes = symbols.codes[order]
        first = np.searchsorted(codes, codes)  # where the row's symbol begins
        newest = np.maximum.accumulate(np.where(quoted[order], np.arange(len(order)), -1))
        carried = np.empty_like(quotes)
        carried[:, order] = np.where(newest >= first, quotes[:, order][:, newest], before[:, codes])
        last = np.flatnonzero(np.diff(codes, append=-1))  # each symbol's last row
        self._quotes |= {symbols.names[codes[row]]: carried[:, order[row]] for row in last.tolist()}
        return carried


class BarReader:
    """Final bars of a file's batches. `stamped` says whether its times are bars' starts or ends.

    What the file doesn't have: volume is 0, VWAP the middle of high, low and close, trades 0. Prices that are
    no positive numbers give `no_data`.
    """

    def __init__(
        self, layout: Layout, *, source: str, zone: str, symbol: str | None, interval: str | None, stamped: str
    ) -> None:
        self._layout, self._source, self._zone, self._symbol = layout, source, zone, symbol
        self._interval, self._stamped = interval, stamped

    def read(self, batch: pa.RecordBatch) -> Frame[Bar]:
        cells, n = _Batch(batch, self._layout), batch.num_rows
        intervals = self._intervals(cells, n)
        prices = [self._price(cells, name) for name in PRICES]
        usable = np.logical_and.reduce([(price > 0) & np.isfinite(price) for price in prices])
        prices = [np.where(usable, price, np.nan) for price in prices]
        _, high, low, close = prices
        starts = cells.times("start", self._zone) - (widths(intervals) if self._stamped == "end" else 0)
        if off := np.flatnonzero((starts <= 0) | (starts % widths(intervals) != 0)).tolist():
            raise SourceError(
                f"times of bars: expected starts on the grid of {intervals.tolist()[off[0]]}, "
                f"was {np.datetime64(int(starts[off[0]]), 'ns')}"
            )
        typical = (high + low + close) / 3
        vwap = cells.floats("vwap")
        quality = Labels((~usable).astype(np.int32), ("ok", "no_data"))
        columns: dict[str, Column] = {
            "symbol": cells.symbols(self._symbol),
            "interval": intervals,
            "start": starts,
            **dict(zip(PRICES, prices, strict=True)),
            "volume": np.nan_to_num(cells.floats("volume")),
            "vwap": np.where(np.isfinite(vwap), vwap, typical),
            "trades": np.nan_to_num(cells.floats("trades")).astype(np.int64),
            "state": Labels.constant("final", n),
            "revision": np.zeros(n, dtype=np.int64),
            "quality": cells.labels("quality") if "quality" in self._layout else quality,
            **{name: cells.floats(name) for name in CLOSING},
            "source": Labels.constant(self._source, n),
        }
        return Frame.from_columns(Bar, columns)

    def ends(self, batch: pa.RecordBatch) -> Ints:
        """When the bars of a batch end (ns); needs the columns of times and intervals alone."""
        cells = _Batch(batch, self._layout)
        times = cells.times("start", self._zone)
        return times if self._stamped == "end" else times + widths(self._intervals(cells, len(times)))

    def _price(self, cells: "_Batch", name: str) -> Floats:
        if name in self._layout:
            return cells.floats(name)
        if "mid" in self._layout:
            return cells.floats("mid")
        return (cells.floats(f"bid_{name}") + cells.floats(f"ask_{name}")) / 2

    def _intervals(self, cells: "_Batch", n: int) -> Labels:
        if self._interval is not None:
            return Labels.constant(self._interval, n)
        if "interval" in self._layout:
            return cells.labels("interval")
        self._interval = _guess(cells.times("start", self._zone))
        return Labels.constant(self._interval, n)


class _Batch:
    """The columns of a batch by field."""

    def __init__(self, batch: pa.RecordBatch, layout: Layout) -> None:
        self._batch, self._layout = batch, layout

    def __getitem__(self, field: str) -> Cells:
        return self._batch.column(self._layout.columns[field])

    def floats(self, field: str) -> Floats:
        """The column, or NaN where the file has none."""
        return to_floats(self[field]) if field in self._layout else np.full(self._batch.num_rows, np.nan)

    def labels(self, field: str) -> Labels:
        return to_labels(self[field])

    def symbols(self, symbol: str | None) -> Labels:
        return Labels.constant(symbol, self._batch.num_rows) if symbol else self.labels("symbol")

    def times(self, field: str, zone: str) -> Ints:
        return to_times(self[field], self._layout.columns[field], zone)


def widths(intervals: Labels) -> Ints:
    """The length (ns) of each bar. Raises SourceError for a name that is no interval."""
    try:
        lengths = np.asarray([interval_ns(name) for name in intervals.names], dtype=np.int64)
    except SettingsError as error:
        raise SourceError(str(error)) from error
    codes: Codes = intervals.codes
    return lengths[codes] if len(codes) else np.empty(0, dtype=np.int64)


def _guess(starts: Ints) -> str:
    """The interval that is the least step between two times."""
    steps: Any = np.diff(np.unique(starts))
    step = int(steps.min()) if len(steps) else 0
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        if step and step % (unit * 1_000_000_000) == 0:
            guess = f"{step // (unit * 1_000_000_000)}{name}"
            widths(Labels.constant(guess, 1))
            return guess
    raise SourceError(f"interval: expected to find it from the times of the bars, their least step was {step} ns")
