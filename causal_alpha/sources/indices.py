"""Real history for a first start: twenty years of daily bars of two indices, as the package `arch` carries them."""

import importlib.util
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from causal_alpha.errors import MissingExtraError, SourceError
from causal_alpha.frames import Frame, Labels
from causal_alpha.intervals import DAY
from causal_alpha.records import Bar
from causal_alpha.sources.base import Batch

FILES = MappingProxyType({"^GSPC": "sp500", "^IXIC": "nasdaq"})
"""Symbols as Yahoo writes them, and the package's names of their files; 1999 to 2018."""


class Indices:
    """A source of the daily bars with `start <= bar.start < end` (ns): of all symbols, by time.

    `vwap` is the typical price, for the files have none. Raises MissingExtraError without the package, SourceError
    for files that aren't what they were.
    """

    name = "arch"

    def __init__(self, *, start: int = 0, end: int = 2**62, folder: Path | None = None) -> None:
        self._folder = folder or _installed()
        self._start, self._end = start, end

    async def frames(self) -> AsyncIterator[Batch]:
        bars = await self.history(tuple(FILES), "1d", self._start, self._end)
        yield bars.take(np.argsort(bars.ints("start"), kind="stable"))

    async def history(self, symbols: Sequence[str], interval: str, start: int, end: int) -> Frame[Bar]:
        """Final bars with `start <= bar.start < end` (ns), by symbol then time."""
        if interval != "1d":
            raise SourceError(f"{self.name}: expected the interval 1d, was {interval}")
        unknown = sorted(set(symbols) - set(FILES))
        if unknown:
            raise SourceError(f"{self.name}: expected some of {', '.join(FILES)}, was {', '.join(unknown)}")
        bars = Frame.concat([Frame.empty(Bar), *(self._read(symbol) for symbol in sorted(set(symbols)))])
        kept = (bars.ints("start") >= start) & (bars.ints("start") < end)
        return bars.take(kept)

    def _read(self, symbol: str) -> Frame[Bar]:
        file = self._folder / FILES[symbol] / f"{FILES[symbol]}.csv.gz"
        try:
            table = pa.csv.read_csv(file)
            days: Any = pc.strptime(table.column("Date"), format="%m/%d/%Y", unit="ns")
            start = np.asarray(days.cast(pa.int64()).to_numpy(), dtype=np.int64)
            names = ("Open", "High", "Low", "Close", "Volume")
            columns = {name.lower(): table.column(name).cast(pa.float64()).to_numpy() for name in names}
        except (OSError, KeyError, pa.ArrowInvalid) as error:
            raise SourceError(f"{file}: expected daily bars, was {error}") from error
        n = len(start)
        about = {
            "symbol": Labels.constant(symbol, n),
            "interval": Labels.constant("1d", n),
            "start": start,
            "vwap": (columns["high"] + columns["low"] + columns["close"]) / 3,
            "trades": np.zeros(n, dtype=np.int64),
            "source": Labels.constant(self.name, n),
            "known_at": start + DAY,
        }
        return Frame.from_columns(Bar, {**columns, **about})


def _installed() -> Path:
    """The package's data; its code isn't imported."""
    found = importlib.util.find_spec("arch")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("arch", extra="train")
    return Path(found.submodule_search_locations[0]) / "data"
