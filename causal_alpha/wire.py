"""Columns on the wire: an Arrow IPC stream of one record batch, metadata beside it.

Arrays are made from and read as buffers: `pa.array` and `to_numpy` import pandas to see whether they were
given some.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from causal_alpha.columns import Column, Floats, Labels, column_kinds, to_column
from causal_alpha.errors import FrameError

ARROW_MAGIC = b"\xff\xff\xff\xff"
"""First bytes of an Arrow IPC stream: how a frame is told from a JSON tick."""

_OPTIONS = pa.ipc.IpcWriteOptions()
"""The defaults; without them pyarrow looks into the environment for each frame, a sixth of the work."""

_SMALL = 65_536
"""Bytes of the names in a column that are worth remembering."""


def encode(record: type[msgspec.Struct], columns: Mapping[str, Column], meta: Mapping[str, str]) -> bytes:
    """The stream; `meta` becomes the batch's custom metadata."""
    widths = tuple(
        column.shape[1] for column in columns.values() if not isinstance(column, Labels) and column.ndim == 2
    )
    schema = _schema(record, widths)
    batch = pa.RecordBatch.from_arrays([_to_arrow(column) for column in columns.values()], schema=schema)
    custom = {key.encode(): value.encode() for key, value in meta.items()}
    sink = pa.BufferOutputStream()
    writer = pa.ipc.RecordBatchStreamWriter(sink, schema, options=_OPTIONS)
    writer.write_batch(batch, custom_metadata=custom or None)
    writer.close()
    return sink.getvalue().to_pybytes()


def decode(record: type[msgspec.Struct], data: bytes) -> tuple[Mapping[str, Column], dict[str, str]]:
    """Columns and metadata. Raises FrameError (malformed, schema) and never trusts the bytes."""
    try:
        widths = _check_schema(record, data[: 8 + int.from_bytes(data[4:8], "little")])
        batch, custom = pa.ipc.RecordBatchStreamReader(data).read_next_batch_with_custom_metadata()
        batch.validate(full=True)
        columns = _columns(record, batch) if len(batch) else _no_rows(record, widths)
        meta = {key.decode(): value.decode() for key, value in custom.items()} if custom else {}
    except (pa.ArrowException, StopIteration, OSError, ValueError) as error:
        text = f"{type(error).__name__} {error}".splitlines()[0]
        raise FrameError(f"expected an Arrow stream of {record.__name__}, was {text}") from error
    return columns, meta


_ARROW: Mapping[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.uint8(),
    str: pa.dictionary(pa.int32(), pa.string()),
    bytes: pa.binary(),
}

_NUMBERS: Mapping[str, pa.DataType] = {
    np.dtype(np.int64).char: pa.int64(),
    np.dtype(np.int32).char: pa.int32(),
    np.dtype(np.float64).char: pa.float64(),
    np.dtype(np.bool_).char: pa.uint8(),
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


@lru_cache(maxsize=64)
def _check_schema(record: type[msgspec.Struct], head: bytes) -> tuple[int, ...]:
    """The widths of the vectors of `record` in a stream that begins with `head`. Raises FrameError if it isn't one.

    All frames of a topic begin with the same bytes, so that the schema is compared once and not for each.
    """
    schema = pa.ipc.read_schema(pa.py_buffer(head))
    vectors = sum(kind is tuple for kind in column_kinds(record).values())
    widths = tuple(kind.list_size for kind in schema.types if isinstance(kind, pa.FixedSizeListType)) if vectors else ()
    expected = _schema(record, widths if len(widths) == vectors else (1,) * vectors)
    if not schema.equals(expected):
        was = ", ".join(f"{name} {kind}" for name, kind in zip(schema.names, schema.types, strict=True))
        names = ", ".join(f"{name} {kind}" for name, kind in zip(expected.names, expected.types, strict=True))
        raise FrameError(f"columns of {record.__name__}: expected {names}, was {was}", reason="schema")
    return widths


@lru_cache(maxsize=512)
def _names_to_arrow(names: tuple[str, ...]) -> Any:
    return _bytes_to_arrow([name.encode() for name in names], pa.string())


@lru_cache(maxsize=4096)
def _constant_to_arrow(name: str, n: int) -> Any:
    return pa.DictionaryArray.from_arrays(_numbers_to_arrow(np.zeros(n, dtype=np.int32)), _names_to_arrow((name,)))


def _to_arrow(column: Column) -> Any:
    if isinstance(column, Labels):
        if len(column.names) == 1:
            return _constant_to_arrow(column.names[0], len(column))
        return pa.DictionaryArray.from_arrays(_numbers_to_arrow(column.codes), _names_to_arrow(column.names))
    if column.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(_numbers_to_arrow(column.reshape(-1)), column.shape[1])
    return _bytes_to_arrow(column.tolist(), pa.binary()) if column.dtype == object else _numbers_to_arrow(column)


def _numbers_to_arrow(column: npt.NDArray[Any]) -> Any:
    data: Any = np.ascontiguousarray(column)
    return pa.Array.from_buffers(_NUMBERS[column.dtype.char], len(column), [None, pa.py_buffer(data)])


def _bytes_to_arrow(values: Sequence[bytes], kind: pa.DataType) -> Any:
    ends: Any = np.zeros(len(values) + 1, dtype=np.int32)
    np.cumsum([len(value) for value in values], out=ends[1:])
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))])


_BUFFERS: Mapping[type, int] = {int: 2, float: 2, bool: 2, str: 2, bytes: 3, tuple: 3}
"""How many buffers Arrow has for a column; the first one says where it has nulls."""
_NUMPY: Mapping[type, Any] = {
    int: np.dtype(np.int64),
    float: np.dtype(np.float64),
    str: np.dtype(np.int32),
}


@cache
def _plan(record: type[msgspec.Struct]) -> tuple[tuple[str, type, int], ...]:
    """Columns, their kinds, and the place of their first buffer among those of a struct array."""
    kinds = column_kinds(record)
    firsts = accumulate((_BUFFERS[kind] for kind in kinds.values()), initial=1)  # 0: nulls of the struct itself
    return tuple(zip(kinds, kinds.values(), firsts, strict=False))


def _columns(record: type[msgspec.Struct], batch: Any) -> dict[str, Column]:
    """Views of a batch's memory. All buffers are asked for at once: a column as an object of its own costs 1.5 us."""
    n, buffers = len(batch), batch.to_struct_array().buffers()
    columns: dict[str, Column] = {}
    for place, (name, kind, first) in enumerate(_plan(record)):
        if buffers[first] is not None and (nulls := batch.column(place).null_count):
            raise FrameError(f"column {name}: expected no nulls, was {nulls}", reason="schema")
        if kind is bytes:
            columns[name] = to_column(bytes, batch.column(place).to_pylist())
        elif kind is tuple:
            columns[name] = _matrix(name, batch.column(place))
        elif kind is bool:
            columns[name] = np.frombuffer(buffers[first + 1], np.uint8, n) != 0
        else:
            numbers = np.frombuffer(buffers[first + 1], _NUMPY[kind], n)
            columns[name] = Labels(numbers, _names(name, batch.column(place).dictionary)) if kind is str else numbers
    return columns


@lru_cache(maxsize=64)
def _no_rows(record: type[msgspec.Struct], widths: tuple[int, ...]) -> Mapping[str, Column]:
    """The columns of a heartbeat and the like."""
    left = list(widths)
    columns = {
        name: np.empty((0, left.pop(0))) if kind is tuple else to_column(kind, [])
        for name, kind in column_kinds(record).items()
    }
    return MappingProxyType(columns)


def _matrix(name: str, array: Any) -> Floats:
    values = array.flatten()
    if values.null_count:
        raise FrameError(f"column {name}: expected no nulls, was {values.null_count}", reason="schema")
    numbers = np.frombuffer(values.buffers()[1], np.float64, len(values), values.offset * 8)
    return numbers.reshape(len(array), array.type.list_size)


def _names(column: str, dictionary: Any) -> tuple[str, ...]:
    """The names of a dictionary; a source sends the same ones again and again, so small ones are kept."""
    _, ends, text = dictionary.buffers()
    if dictionary.null_count or dictionary.offset or not ends or not text or ends.size + text.size > _SMALL:
        return _distinct(column, dictionary)
    return _few_names(column, len(dictionary), ends.to_pybytes(), text.to_pybytes())


@lru_cache(maxsize=512)
def _few_names(column: str, n: int, ends: bytes, text: bytes) -> tuple[str, ...]:
    return _distinct(column, pa.StringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(text)))


def _distinct(column: str, dictionary: Any) -> tuple[str, ...]:
    names = tuple(dictionary.to_pylist())
    if None in names or len(set(names)) < len(names):
        raise FrameError(f"column {column}: expected distinct names, was {names}", reason="schema")
    return names
