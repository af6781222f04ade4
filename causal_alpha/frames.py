"""Columnar batches of records: numpy arrays in memory, Arrow IPC streams on the wire.

A `Frame` is to a record what a table is to a row. Columns follow from the record's annotations:

====================  ======================  =============================
annotation            in memory               on the wire
====================  ======================  =============================
``int``               int64 array             int64
``float``             float64 array           float64
``str``               `Labels`                dictionary<int32, string>
``bytes``             object array of bytes   binary
``tuple[float, ...]`` float64 array (n, k)    fixed_size_list<float64>[k]
====================  ======================  =============================

`meta` holds a few strings about the whole batch (a heartbeat, a watermark, an origin).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar, cast, get_type_hints

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from causal_alpha.errors import FrameError
from causal_alpha.records import Tick

R = TypeVar("R", bound=msgspec.Struct)
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int32]
Rows = npt.NDArray[Any]

ARROW_MAGIC = b"\xff\xff\xff\xff"
"""First bytes of an Arrow IPC stream: how a frame is told from a JSON tick."""

_SMALL = 65_536
"""Bytes of the names in a column that are worth remembering."""

_NO_META: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Labels:
    """Strings as codes into a tuple of distinct names.

    >>> labels = Labels.of(["a", "b", "a"])
    >>> labels.codes.tolist(), labels.names
    ([0, 1, 0], ('a', 'b'))
    """

    codes: Codes
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: Iterable[str]) -> "Labels":
        values = list(values)
        places = {name: place for place, name in enumerate(dict.fromkeys(values))}
        return cls(np.fromiter(map(places.__getitem__, values), np.int32, len(values)), tuple(places))

    @classmethod
    def constant(cls, value: str, n: int) -> "Labels":
        return cls(np.zeros(n, dtype=np.int32), (value,))

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[str]:
        names = self.names
        return [names[code] for code in self.codes.tolist()]

    def take(self, rows: Rows) -> "Labels":
        return Labels(self.codes[rows], self.names)

    def equals(self, name: str) -> npt.NDArray[np.bool_]:
        """Mask of the rows that carry `name`."""
        if name not in self.names:
            return np.zeros(len(self.codes), dtype=np.bool_)
        return cast("npt.NDArray[np.bool_]", self.codes == self.names.index(name))


Column = Labels | npt.NDArray[Any]


@cache
def column_kinds(record: type[msgspec.Struct]) -> Mapping[str, type]:
    """Column name → int, float, str, bytes or tuple, in the record's order."""
    hints = get_type_hints(record)
    kinds = {n: (tuple if str(hints[n]).startswith("tuple") else hints[n]) for n in record.__struct_fields__}
    return MappingProxyType(kinds)


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
        kinds = column_kinds(self.record)
        if tuple(self.columns) != tuple(kinds):
            raise FrameError(
                f"columns of {self.record.__name__}: expected {tuple(kinds)}, was {tuple(self.columns)}",
                reason="schema",
            )
        if len({len(column) for column in self.columns.values()}) > 1:
            sizes = {name: len(column) for name, column in self.columns.items()}
            raise FrameError(f"columns: expected one length, was {sizes}", reason="schema")

    # -- making ------------------------------------------------------------------------------

    @classmethod
    def of(cls, record: type[R], rows: Sequence[R], meta: Mapping[str, str] = _NO_META) -> "Frame[R]":
        """A frame of records; slow, for tests, examples and low rates."""
        columns = {
            name: _column(kind, [getattr(row, name) for row in rows]) for name, kind in column_kinds(record).items()
        }
        return cls(record, columns, meta)

    @classmethod
    def empty(cls, record: type[R], meta: Mapping[str, str] = _NO_META) -> "Frame[R]":
        return cls.of(record, [], meta)

    @classmethod
    def concat(cls, frames: Sequence["Frame[R]"], meta: Mapping[str, str] = _NO_META) -> "Frame[R]":
        """One frame of all rows in order; needs at least one frame."""
        first = frames[0]
        if len(frames) == 1:
            return cls(first.record, first.columns, meta or first.meta)
        columns = {name: _join([frame.columns[name] for frame in frames]) for name in first.columns}
        return cls(first.record, columns, meta)

    def take(self, rows: Rows, meta: Mapping[str, str] | None = None) -> "Frame[R]":
        """The rows chosen by a mask or by positions."""
        columns = {
            name: column.take(rows) if isinstance(column, Labels) else column[rows]
            for name, column in self.columns.items()
        }
        return Frame(self.record, columns, self.meta if meta is None else meta)

    # -- reading -----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def ints(self, name: str) -> Ints:
        return cast(Ints, self.columns[name])

    def floats(self, name: str) -> Floats:
        """A float column (n,) or, for a tuple field, a matrix (n, k)."""
        return cast(Floats, self.columns[name])

    def labels(self, name: str) -> Labels:
        return cast(Labels, self.columns[name])

    def blobs(self, name: str) -> npt.NDArray[np.object_]:
        return cast("npt.NDArray[np.object_]", self.columns[name])

    def rows(self) -> Iterator[R]:
        """Typed records, one at a time: convenient, and about a microsecond each."""
        columns = [
            map(tuple, column.tolist()) if kind is tuple else column.tolist()
            for kind, column in zip(column_kinds(self.record).values(), self.columns.values(), strict=True)
        ]
        names = tuple(self.columns)
        for values in zip(*columns, strict=True):
            yield self.record(**dict(zip(names, values, strict=True)))

    # -- wire --------------------------------------------------------------------------------

    def encode(self) -> bytes:
        """An Arrow IPC stream of one record batch, `meta` as its custom metadata."""
        widths = tuple(
            column.shape[1] for column in self.columns.values() if not isinstance(column, Labels) and column.ndim == 2
        )
        schema = _schema(self.record, widths)
        arrays = [_to_arrow(column, f.type) for column, f in zip(self.columns.values(), schema, strict=True)]
        meta = {key.encode(): value.encode() for key, value in self.meta.items()}
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema), custom_metadata=meta or None)
        return sink.getvalue().to_pybytes()

    @classmethod
    def decode(cls, record: type[R], data: bytes) -> "Frame[R]":
        """The frame in `data`. Raises FrameError (malformed, schema) and never trusts the bytes."""
        try:
            with pa.ipc.open_stream(data) as reader:
                _check_schema(record, reader.schema)
                batch, custom = reader.read_next_batch_with_custom_metadata()
                batch.validate(full=True)
                columns = {
                    name: _from_arrow(name, kind, array)
                    for (name, kind), array in zip(column_kinds(record).items(), batch.columns, strict=True)
                }
        except (pa.ArrowException, StopIteration, OSError, ValueError) as error:
            text = f"{type(error).__name__} {error}".splitlines()[0]
            raise FrameError(f"expected an Arrow stream of {record.__name__}, was {text}") from error
        meta = {key.decode(): value.decode() for key, value in custom.items()} if custom else {}
        return cls(record, columns, meta)


def heartbeat(ts: int) -> Frame[Tick]:
    """A tick frame without rows: the source sends nothing more before `ts` (ns)."""
    return Frame(Tick, _EMPTY_TICKS, {"heartbeat": str(ts)})


def _column(kind: type, values: list[Any]) -> Column:
    if kind is str:
        return Labels.of(values)
    if kind is bytes:
        blobs = np.empty(len(values), dtype=object)
        blobs[:] = values
        return blobs
    if kind is tuple:
        matrix = np.asarray(values, dtype=np.float64)
        return matrix if matrix.ndim == 2 else np.empty((0, 1))  # Arrow knows no lists of length 0
    return np.asarray(values, dtype=np.int64 if kind is int else np.float64)


def _join(columns: Sequence[Column]) -> Column:
    first = columns[0]
    if not isinstance(first, Labels):
        arrays = cast("Sequence[npt.NDArray[Any]]", columns)
        if first.ndim == 2:
            arrays = [array for array in arrays if len(array)] or arrays[:1]
        return np.concatenate(arrays)
    every = cast("Sequence[Labels]", columns)
    if all(labels.names == first.names for labels in every):
        return Labels(np.concatenate([labels.codes for labels in every]), first.names)
    places: dict[str, int] = {}
    codes = []
    for labels in every:
        places_here = [places.setdefault(name, len(places)) for name in labels.names]
        codes.append(np.asarray(places_here, dtype=np.int32)[labels.codes] if len(labels) else labels.codes)
    return Labels(np.concatenate(codes), tuple(places))


_ARROW: Mapping[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.dictionary(pa.int32(), pa.string()),
    bytes: pa.binary(),
}


@cache
def _schema(record: type[msgspec.Struct], widths: tuple[int, ...]) -> pa.Schema:
    left = list(widths)
    return pa.schema(
        [
            pa.field(name, pa.list_(pa.float64(), left.pop(0)) if kind is tuple else _ARROW[kind])
            for name, kind in column_kinds(record).items()
        ]
    )


def _check_schema(record: type[msgspec.Struct], schema: pa.Schema) -> None:
    vectors = sum(kind is tuple for kind in column_kinds(record).values())
    widths = tuple(kind.list_size for kind in schema.types if isinstance(kind, pa.FixedSizeListType)) if vectors else ()
    expected = _schema(record, widths if len(widths) == vectors else (1,) * vectors)
    if not schema.equals(expected):
        was = ", ".join(f"{name} {kind}" for name, kind in zip(schema.names, schema.types, strict=True))
        names = ", ".join(f"{name} {kind}" for name, kind in zip(expected.names, expected.types, strict=True))
        raise FrameError(f"columns of {record.__name__}: expected {names}, was {was}", reason="schema")


@lru_cache(maxsize=512)
def _names_to_arrow(names: tuple[str, ...]) -> Any:
    return pa.array(names, pa.string())


@lru_cache(maxsize=4096)
def _constant_to_arrow(name: str, n: int) -> Any:
    codes: Any = pa.array(np.zeros(n, dtype=np.int32))
    return pa.DictionaryArray.from_arrays(codes, _names_to_arrow((name,)))


def _to_arrow(column: Column, kind: pa.DataType) -> Any:
    if isinstance(column, Labels):
        if len(column.names) == 1:
            return _constant_to_arrow(column.names[0], len(column))
        codes: Any = pa.array(column.codes)
        return pa.DictionaryArray.from_arrays(codes, _names_to_arrow(column.names))
    if column.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(pa.array(column.reshape(-1)), column.shape[1])
    return pa.array(column, kind)


def _names(dictionary: Any) -> tuple[str, ...]:
    """The names of a dictionary; a source sends the same ones again and again, so small ones are kept."""
    if dictionary.null_count or dictionary.nbytes > _SMALL:
        return tuple(dictionary.to_pylist())
    _, ends, text = dictionary.buffers()
    return _few_names(len(dictionary), dictionary.offset, bytes(ends or b""), bytes(text or b""))


@lru_cache(maxsize=512)
def _few_names(n: int, offset: int, ends: bytes, text: bytes) -> tuple[str, ...]:
    if not n:
        return ()
    array = pa.StringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(text), offset=offset)
    return tuple(str(name) for name in array.to_pylist())


def _from_arrow(name: str, kind: type, array: Any) -> Column:
    if array.null_count:
        raise FrameError(f"column {name}: expected no nulls, was {array.null_count}", reason="schema")
    if kind is str:
        names = _names(array.dictionary)
        if None in names or len(set(names)) < len(names):
            raise FrameError(f"column {name}: expected distinct names, was {names}", reason="schema")
        return Labels(array.indices.to_numpy(zero_copy_only=True), names)
    if kind is tuple:
        values = array.flatten()
        if values.null_count:
            raise FrameError(f"column {name}: expected no nulls, was {values.null_count}", reason="schema")
        return cast(Floats, values.to_numpy(zero_copy_only=True)).reshape(len(array), array.type.list_size)
    if kind is bytes:
        return _column(bytes, array.to_pylist())
    return cast(Column, array.to_numpy(zero_copy_only=True))


_EMPTY_TICKS: Mapping[str, Column] = Frame.empty(Tick).columns
