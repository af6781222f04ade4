"""Columns on the wire: an Arrow IPC stream of one record batch, metadata beside it.

Arrays are made from and read as buffers: `pa.array` and `to_numpy` import pandas to see whether they were
given some.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from causal_alpha.columns import Column, Floats, Labels, column_kinds, to_column
from causal_alpha.errors import FrameError

ARROW_MAGIC = b"\xff\xff\xff\xff"
"""First bytes of an Arrow IPC stream: how a frame is told from a JSON tick."""

_SMALL = 65_536
"""Bytes of the names in a column that are worth remembering."""


def encode(record: type[msgspec.Struct], columns: Mapping[str, Column], meta: Mapping[str, str]) -> bytes:
    """The stream; `meta` becomes the batch's custom metadata."""
    widths = tuple(
        column.shape[1] for column in columns.values() if not isinstance(column, Labels) and column.ndim == 2
    )
    schema = _schema(record, widths)
    arrays = [_to_arrow(column, f.type) for column, f in zip(columns.values(), schema, strict=True)]
    custom = {key.encode(): value.encode() for key, value in meta.items()}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema), custom_metadata=custom or None)
    return sink.getvalue().to_pybytes()


def decode(record: type[msgspec.Struct], data: bytes) -> tuple[dict[str, Column], dict[str, str]]:
    """Columns and metadata. Raises FrameError (malformed, schema) and never trusts the bytes."""
    try:
        with pa.ipc.open_stream(data) as reader:
            _check_schema(record, reader.schema)
            batch, custom = reader.read_next_batch_with_custom_metadata()
            batch.validate(full=True)
            columns = {
                name: _from_arrow(name, kind, array)
                for (name, kind), array in zip(column_kinds(record).items(), batch.columns, strict=True)
            }
            meta = {key.decode(): value.decode() for key, value in custom.items()} if custom else {}
    except (pa.ArrowException, StopIteration, OSError, ValueError) as error:
        text = f"{type(error).__name__} {error}".splitlines()[0]
        raise FrameError(f"expected an Arrow stream of {record.__name__}, was {text}") from error
    return columns, meta


_ARROW: Mapping[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.dictionary(pa.int32(), pa.string()),
    bytes: pa.binary(),
}

_NUMBERS: Mapping[str, pa.DataType] = {
    np.dtype(np.int64).char: pa.int64(),
    np.dtype(np.int32).char: pa.int32(),
    np.dtype(np.float64).char: pa.float64(),
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
    return _bytes_to_arrow([name.encode() for name in names], pa.string())


@lru_cache(maxsize=4096)
def _constant_to_arrow(name: str, n: int) -> Any:
    return pa.DictionaryArray.from_arrays(_numbers_to_arrow(np.zeros(n, dtype=np.int32)), _names_to_arrow((name,)))


def _to_arrow(column: Column, kind: pa.DataType) -> Any:
    if isinstance(column, Labels):
        if len(column.names) == 1:
            return _constant_to_arrow(column.names[0], len(column))
        return pa.DictionaryArray.from_arrays(_numbers_to_arrow(column.codes), _names_to_arrow(column.names))
    if column.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(_numbers_to_arrow(column.reshape(-1)), column.shape[1])
    return _bytes_to_arrow(column.tolist(), kind) if kind == pa.binary() else _numbers_to_arrow(column)


def _numbers_to_arrow(column: npt.NDArray[Any]) -> Any:
    data: Any = np.ascontiguousarray(column)
    return pa.Array.from_buffers(_NUMBERS[column.dtype.char], len(column), [None, pa.py_buffer(data)])


def _bytes_to_arrow(values: Sequence[bytes], kind: pa.DataType) -> Any:
    ends: Any = np.zeros(len(values) + 1, dtype=np.int32)
    np.cumsum([len(value) for value in values], out=ends[1:])
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))])


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


def _to_numbers(array: Any, kind: type[np.generic]) -> npt.NDArray[Any]:
    data = array.buffers()[1]
    if not len(array) or data is None:
        return np.empty(0, dtype=kind)
    return np.frombuffer(data, dtype=kind, count=len(array), offset=array.offset * np.dtype(kind).itemsize)


def _from_arrow(name: str, kind: type, array: Any) -> Column:
    if array.null_count:
        raise FrameError(f"column {name}: expected no nulls, was {array.null_count}", reason="schema")
    if kind is str:
        names = _names(array.dictionary)
        if None in names or len(set(names)) < len(names):
            raise FrameError(f"column {name}: expected distinct names, was {names}", reason="schema")
        return Labels(_to_numbers(array.indices, np.int32), names)
    if kind is tuple:
        values = array.flatten()
        if values.null_count:
            raise FrameError(f"column {name}: expected no nulls, was {values.null_count}", reason="schema")
        return cast(Floats, _to_numbers(values, np.float64)).reshape(len(array), array.type.list_size)
    if kind is bytes:
        return to_column(bytes, array.to_pylist())
    return _to_numbers(array, np.int64 if kind is int else np.float64)
