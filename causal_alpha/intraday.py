"""Bars shorter than a day of a Parquet or CSV file, in the layouts that a replay takes (`sources.layout`)."""

from pathlib import Path
from typing import Literal

import numpy as np

from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame, Ints
from causal_alpha.records import Bar
from causal_alpha.sources.layout import find_layout
from causal_alpha.sources.tables import BarReader, File


def read_intraday(
    path: Path,
    interval: str,
    *,
    symbol: str | None = None,
    stamped: Literal["start", "end"] = "start",
    zone: str = "UTC",
) -> tuple[Frame[Bar], list[str]]:
    """The bars in the file's order, and what was left out, a line each: what comes again for a symbol and start.

    A bar without a price stays one without: nothing is made up for it. Raises SourceError for a file that has no
    bars of this interval.
    """
    if not path.is_file():
        raise SourceError(f"{path}: expected a file of bars, was no file")
    file = File(path)
    layout = find_layout(file.names, {}, symbol=symbol is not None)
    if layout.kind != "bars":
        raise SourceError(f"{path}: expected bars, was ticks")
    reader = BarReader(
        layout, source=f"replay:{path.name}", zone=zone, symbol=symbol, interval=interval, stamped=stamped
    )
    pieces = [reader.read(batch) for batch in file.batches(list(layout.columns.values()))]
    if not any(map(len, pieces)):
        raise SourceError(f"{path}: expected rows, was none")
    bars = Frame.concat(pieces)
    again = _again(bars)
    names, starts = bars.labels("symbol").tolist(), bars.ints("start")
    left_out = [f"again: {names[row]} {np.datetime64(int(starts[row]), 'ns')}" for row in again.tolist()]
    kept = np.ones(len(bars), dtype=np.bool_)
    kept[again] = False
    return bars.take(kept), left_out


def _again(bars: Frame[Bar]) -> Ints:
    """Rows whose symbol and start a row before them has."""
    codes, start = bars.labels("symbol").codes, bars.ints("start")
    order = np.lexsort((np.arange(len(bars)), start, codes))
    same = (np.diff(codes[order]) == 0) & (np.diff(start[order]) == 0)
    return np.sort(order[1:][same])
