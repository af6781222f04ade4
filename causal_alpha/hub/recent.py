"""The newest records of every symbol and interval: what the archive may not have yet."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from causal_alpha.records import Bar, Features, Forecast, Score
from causal_alpha.sinks.identity import record_id, record_time, version

R = TypeVar("R", Bar, Features, Forecast, Score)


class Recent:
    """The last `keep[kind]` records of a symbol, interval and kind, in the order they came.

    >>> recent = Recent({Bar: 2})
    >>> bar = Bar(symbol="A", interval="1s", start=0, open=1, high=1, low=1, close=1, volume=1, vwap=1, trades=1)
    >>> recent.add(bar), recent.add(bar)
    (True, False)
    """

    def __init__(self, keep: Mapping[type[msgspec.Struct], int]) -> None:
        self._keep = keep
        self._kept: dict[tuple[type[msgspec.Struct], str, str], dict[str, Any]] = {}

    def add(self, record: Bar | Features | Forecast | Score) -> bool:
        """Keep a record. False if it, or a later revision of it, is here already."""
        kept = self._kept.setdefault((type(record), record.symbol, record.interval), {})
        key = record_id(record)
        known = kept.pop(key, None)
        if known is not None and version(record) <= version(known):
            kept[key] = known
            return False
        kept[key] = record
        if len(kept) > self._keep[type(record)]:
            del kept[next(iter(kept))]
        return True

    def merge(
        self, record: type[R], archived: list[R], *, symbol: str | None, interval: str, start: int, end: int, limit: int
    ) -> list[R]:
        """The newest `limit` of archived and kept records with `start <= start < end`, oldest first.

        Of two revisions the later one stays. `symbol` None: of all symbols.
        """
        merged = {record_id(row): row for row in archived}
        for key, row in self._of(record, symbol, interval):
            if start <= row.start < end and (key not in merged or version(row) > version(merged[key])):
                merged[key] = row
        return sorted(merged.values(), key=record_time)[-limit:]

    def intervals(self, symbol: str) -> set[str]:
        """Those of the bars kept of a symbol."""
        return {interval for kind, name, interval in self._kept if kind is Bar and name == symbol}

    def _of(self, record: type[R], symbol: str | None, interval: str) -> Iterator[tuple[str, R]]:
        if symbol is not None:
            yield from self._kept.get((record, symbol, interval), {}).items()
            return
        for (kind, _, name), kept in self._kept.items():
            if kind is record and name == interval:
                yield from kept.items()
