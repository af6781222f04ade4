"""Columnar batches of records: numpy arrays in memory, Arrow IPC streams on the wire.

A `Frame` is to a record what a table is to a row. Columns follow from the record's annotations:

====================  ======================  =============================
annotation            in memory               on the wire
====================  ======================  =============================
``int``               int64 array             int64
``float``             float64 array           float64
``bool``              bool array              uint8
``str``               `Labels`                dictionary<int8 to int32, string>
``bytes``             object array of bytes   binary
``tuple[float, ...]`` float64 array (n, k)    fixed_size_list<float64>[k]
====================  ======================  =============================

Columns that are NaN in every row, as a record's default is, are left out on the wire, and any column whose
field has a default may be.

`meta` holds a few strings about the whole batch (a heartbeat, a watermark, an origin).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from types import MappingProxyType
from typing import Generic, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt

from causal_alpha import wire
from causal_alpha.columns import (
    Codes,
    Column,
    Floats,
    Ints,
    Labels,
    Rows,
    column_kinds,
    default_column,
    join,
    pick,
    to_column,
    to_values,
)
from causal_alpha.errors import FrameError
from causal_alpha.records import Tick
from causal_alpha.wire import ARROW_MAGIC

__all__ = ["ARROW_MAGIC", "Codes", "Column", "Floats", "Frame", "Ints", "Labels", "gap", "heartbeat"]

R = TypeVar("R", bound=msgspec.Struct)

PART = 2_000_000
"""Bytes of a part of a frame: a quarter of what a message may hold, as rows are measured without their names."""
_NO_META: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Frame(Generic[R]):
    """An immutable batch of records, column by column.

    >>> frame = Frame.of(Tick, [Tick(symbol="A", ts=1, price=2.0, size=3.0)])
    >>> frame.floats("price").tolist(), len(frame), next(iter(frame.rows())).symbol
    ([2.0], 1, 'A')
    >>> Frame.decode(Tick, frame.encode()).floats("size").tolist()
    [3.0]
    """

    record: type[R]
    columns: Mapping[str, Column]
    meta: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names, columns = self.record.__struct_fields__, self.columns
        if tuple(columns) != names:
            raise FrameError(
                f"columns of {self.record.__name__}: expected {names}, was {tuple(columns)}",
                reason="schema",
            )
        if len(set(map(len, columns.values()))) > 1:
            sizes = {name: len(column) for name, column in columns.items()}
            raise FrameError(f"columns: expected one length, was {sizes}", reason="schema")

    # -- making ------------------------------------------------------------------------------

    @classmethod
    def of(cls, record: type[R], rows: Sequence[R], meta: Mapping[str, str] = _NO_META) -> "Frame[R]":
        """A frame of records; slow, for tests, examples and low rates."""
        columns = {
            name: to_column(kind, [getattr(row, name) for row in rows]) for name, kind in column_kinds(record).items()
        }
        return cls(record, columns, meta)

    @classmethod
    def from_columns(
        cls, record: type[R], columns: Mapping[str, Column], meta: Mapping[str, str] = _NO_META
    ) -> "Frame[R]":
        """A frame of columns by name, in any order; those left out take the record's default.

        >>> Frame.from_columns(Tick, {"symbol": Labels.constant("A", 2), "ts": np.array([1, 2]),
        ...                    "price": np.ones(2), "size": np.ones(2)}).labels("source").tolist()
        ['foreign', 'foreign']
        """
        n = len(next(iter(columns.values())))
        if unknown := columns.keys() - column_kinds(record).keys():
            raise FrameError(
                f"columns of {record.__name__}: expected its fields, was {sorted(unknown)}", reason="schema"
            )
        every = {
            name: columns[name] if name in columns else default_column(record, name, n) for name in column_kinds(record)
        }
        return cls(record, every, meta)

    @classmethod
    def empty(cls, record: type[R], meta: Mapping[str, str] = _NO_META) -> "Frame[R]":
        return cls.of(record, [], meta)

    @classmethod
    def concat(cls, frames: Sequence["Frame[R]"], meta: Mapping[str, str] = _NO_META) -> "Frame[R]":
        """One frame of all rows in order; needs at least one frame."""
        first = frames[0]
        if len(frames) == 1:
            return cls(first.record, first.columns, meta) if meta else first
        columns = {name: join([frame.columns[name] for frame in frames]) for name in first.columns}
        return cls(first.record, columns, meta)

    def take(self, rows: Rows, meta: Mapping[str, str] | None = None) -> "Frame[R]":
        """The rows chosen by a mask or by positions."""
        columns = {
            name: column.take(rows) if isinstance(column, Labels) else pick(column, rows)
            for name, column in self.columns.items()
        }
        return Frame(self.record, columns, self.meta if meta is None else meta)

    def parts(self, last: str = "", size: int = PART) -> Iterator["Frame[R]"]:
        """The frame in parts of about `size` bytes, which fit into a Kafka message; at least one.

        `last` is a word of `meta` that only the last part says.

        >>> rows = [Tick(symbol="A", ts=ts, price=2.0, size=3.0) for ts in range(4)]
        >>> [(len(part), part.meta) for part in Frame.of(Tick, rows, {"heartbeat": "9"}).parts("heartbeat", 150)]
        [(2, {}), (2, {'heartbeat': '9'})]
        """
        cuts = _cuts(self.columns.values(), len(self), size)
        if not cuts:
            yield self
            return
        others = {word: text for word, text in self.meta.items() if word != last}
        for first, end in pairwise([0, *cuts, len(self)]):
            yield self.take(np.arange(first, end), self.meta if end == len(self) else others)

    # -- reading -----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def ints(self, name: str) -> Ints:
        return cast(Ints, self.columns[name])

    def floats(self, name: str) -> Floats:
        """A float column (n,) or, for a tuple field, a matrix (n, k)."""
        return cast(Floats, self.columns[name])

    def flags(self, name: str) -> npt.NDArray[np.bool_]:
        return cast("npt.NDArray[np.bool_]", self.columns[name])

    def labels(self, name: str) -> Labels:
        return cast(Labels, self.columns[name])

    def blobs(self, name: str) -> npt.NDArray[np.object_]:
        return cast("npt.NDArray[np.object_]", self.columns[name])

    def rows(self) -> Iterator[R]:
        """Typed records, one at a time: convenient, and about a microsecond each.

        Every NaN is `math.nan` itself, so that equal records compare equal.
        """
        columns = [to_values(column) for column in self.columns.values()]
        names = tuple(self.columns)
        for values in zip(*columns, strict=True):
            yield self.record(**dict(zip(names, values, strict=True)))

    # -- wire --------------------------------------------------------------------------------

    def encode(self) -> bytes:
        """An Arrow IPC stream of one record batch, `meta` as its custom metadata."""
        return wire.encode(self.record, self.columns, self.meta)

    @classmethod
    def decode(cls, record: type[R], data: bytes) -> "Frame[R]":
        """The frame in `data`. Raises FrameError (malformed, schema) and never trusts the bytes."""
        columns, meta = wire.decode(record, data)
        return cls(record, columns, meta)


def _cuts(columns: Iterable[Column], n: int, size: int) -> list[int]:
    """Where to cut n rows so that each part has about `size` bytes."""
    fixed = 0
    blobs = np.zeros(n, dtype=np.int64)
    for column in columns:
        if isinstance(column, Labels):
            fixed += 4
        elif column.dtype == object:
            blobs += [len(blob) for blob in column.tolist()]
        else:
            fixed += column.dtype.itemsize * (column.shape[1] if column.ndim == 2 else 1)
    if n * fixed + int(blobs.sum()) <= size:
        return []
    part = (np.cumsum(blobs + fixed) - 1) // size
    return (np.flatnonzero(np.diff(part)) + 1).tolist()


def heartbeat(ts: int, source: str = "") -> Frame[Tick]:
    """A tick frame without rows: `source` is alive, and sends nothing more before `ts` (ns).

    Without a source it only moves time: nobody vouches for a feed.
    """
    return Frame(Tick, _EMPTY_TICKS, {"heartbeat": str(ts)} | ({"source": source} if source else {}))


def gap(source: str, symbols: Sequence[str], start: int, end: int) -> Frame[Tick]:
    """A tick frame without rows: `source` may have missed trades of `symbols` in `[start, end)` (ns).

    Bars of that time that are still open become `partial`, or `no_data` where nothing came at all. Say
    it as soon as it is known, so that bars don't close before; `end` may lie in the future.
    """
    facts = {"source": source, "symbols": tuple(symbols), "start": start, "end": end}
    return Frame(Tick, _EMPTY_TICKS, {"gap": msgspec.json.encode(facts).decode()})


_EMPTY_TICKS: Mapping[str, Column] = Frame.empty(Tick).columns
