"""Columns on the wire: an Arrow IPC stream of one record batch, metadata beside it.

Arrays are made from and read as buffers: `pa.array` and `to_numpy` import pandas to see whether they were
given some.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from causal_alpha.columns import Column, Floats, Labels, column_kinds, default_column, is_same, to_column
from causal_alpha.errors import FrameError
from causal_alpha.layouts import view
from causal_alpha.schemas import Form, Plan, arrow_type, index_type, names_of, optional, read_plan, to_schema

ARROW_MAGIC = b"\xff\xff\xff\xff"
"""First bytes of an Arrow IPC stream: how a frame is told from a JSON tick."""

_OPTIONS = pa.ipc.IpcWriteOptions()
"""The defaults; without them pyarrow looks into the environment for each frame, a sixth of the work."""

_SMALL = 65_536
"""Bytes of the names in a column that are worth remembering."""


def encode(record: type[msgspec.Struct], columns: Mapping[str, Column], meta: Mapping[str, str]) -> bytes:
    """The stream; `meta` becomes the batch's custom metadata."""
    may_lack = optional(record)
    forms = tuple([None if name in may_lack and _is_nan(column) else _form(column) for name, column in columns.items()])
    arrays = [_to_arrow(column) for column, form in zip(columns.values(), forms, strict=True) if form is not None]
    schema = to_schema(record, forms)
    batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
    custom = {key.encode(): value.encode() for key, value in meta.items()}
    sink = pa.BufferOutputStream()
    writer = pa.ipc.RecordBatchStreamWriter(sink, schema, options=_OPTIONS)
    writer.write_batch(batch, custom_metadata=custom or None)
    writer.close()
    return sink.getvalue().to_pybytes()


def decode(record: type[msgspec.Struct], data: bytes) -> tuple[Mapping[str, Column], Mapping[str, str]]:
    """Columns and metadata. Raises FrameError (malformed, schema) and never trusts the bytes."""
    columns = view(record, data)
    return (columns, _NO_META) if columns is not None else _read(record, data)


def _read(record: type[msgspec.Struct], data: bytes) -> tuple[Mapping[str, Column], Mapping[str, str]]:
    """As `decode`, of any stream."""
    try:
        plan = read_plan(record, data[: 8 + int.from_bytes(data[4:8], "little")])
        batch, custom = pa.ipc.RecordBatchStreamReader(data).read_next_batch_with_custom_metadata()
        batch.validate(full=True)
        columns = _columns(record, plan, batch) if len(batch) else _no_rows(record, plan)
        meta = {key.decode(): value.decode() for key, value in custom.items()} if custom else _NO_META
    except (pa.ArrowException, StopIteration, OSError, ValueError) as error:
        text = f"{type(error).__name__} {error}".splitlines()[0]
        raise FrameError(f"expected an Arrow stream of {record.__name__}, was {text}") from error
    return columns, meta


_NO_META: Mapping[str, str] = MappingProxyType({})


def _is_nan(column: Column) -> bool:
    """Whether every value is NaN; most columns tell it by their first one."""
    assert not isinstance(column, Labels)
    return not len(column) or bool(column[0] != column[0] and (is_same(column) or np.isnan(column).all()))


def _form(column: Column) -> Form:
    if isinstance(column, Labels):
        return index_type(len(column.names))
    return column.shape[1] if column.ndim == 2 else column.dtype


@lru_cache(maxsize=512)
def _names_to_arrow(names: tuple[str, ...]) -> Any:
    return _bytes_to_arrow([name.encode() for name in names], pa.string())


@lru_cache(maxsize=4096)
def _constant_to_arrow(name: str, n: int) -> Any:
    return pa.DictionaryArray.from_arrays(_numbers_to_arrow(np.zeros(n, dtype=np.int8)), _names_to_arrow((name,)))


def _to_arrow(column: Column) -> Any:
    if isinstance(column, Labels):
        if len(column.names) == 1:
            return _constant_to_arrow(column.names[0], len(column))
        codes = column.codes.astype(index_type(len(column.names)))
        return pa.DictionaryArray.from_arrays(_numbers_to_arrow(codes), _names_to_arrow(column.names))
    if column.ndim == 2:
        return pa.FixedSizeListArray.from_arrays(_numbers_to_arrow(column.reshape(-1)), column.shape[1])
    return _bytes_to_arrow(column.tolist(), pa.binary()) if column.dtype == object else _numbers_to_arrow(column)


def _numbers_to_arrow(column: npt.NDArray[Any]) -> Any:
    data: Any = np.ascontiguousarray(column)
    return pa.Array.from_buffers(arrow_type(column.dtype), len(column), [None, pa.py_buffer(data)])


def _bytes_to_arrow(values: Sequence[bytes], kind: pa.DataType) -> Any:
    ends: Any = np.zeros(len(values) + 1, dtype=np.int32)
    np.cumsum([len(value) for value in values], out=ends[1:])
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(values))])


def _columns(record: type[msgspec.Struct], plan: Plan, batch: Any) -> dict[str, Column]:
    """Views of a batch's memory. All buffers are asked for at once: a column as an object of its own costs 1.5 us."""
    n, buffers = len(batch), batch.to_struct_array().buffers()
    found: dict[str, Column] = {}
    for name, kind, dtype, _, place, first, _ in plan.stored:
        if buffers[first] is not None and (nulls := batch.column(place).null_count):
            raise FrameError(f"column {name}: expected no nulls, was {nulls}", reason="schema")
        if kind is bytes:
            found[name] = to_column(bytes, batch.column(place).to_pylist())
        elif kind is tuple:
            found[name] = _matrix(name, batch.column(place))
        elif kind is bool:
            found[name] = np.frombuffer(buffers[first + 1], np.uint8, n) != 0
        elif kind is str:
            codes = np.frombuffer(buffers[first + 1], dtype, n).astype(np.int32)
            found[name] = Labels(codes, _names(name, batch.column(place).dictionary))
        else:
            found[name] = np.frombuffer(buffers[first + 1], dtype, n)
    if not plan.left_out:
        return found
    return {name: found[name] if name in found else default_column(record, name, n) for name in column_kinds(record)}


@lru_cache(maxsize=64)
def _no_rows(record: type[msgspec.Struct], plan: Plan) -> Mapping[str, Column]:
    """The columns of a heartbeat and the like."""
    widths = {stored.name: stored.width for stored in plan.stored}
    columns = {
        name: np.empty((0, widths[name])) if kind is tuple else to_column(kind, [])
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
        return names_of(column, dictionary)
    return _few_names(column, len(dictionary), ends.to_pybytes(), text.to_pybytes())


@lru_cache(maxsize=512)
def _few_names(column: str, n: int, ends: bytes, text: bytes) -> tuple[str, ...]:
    return names_of(column, pa.StringArray.from_buffers(n, pa.py_buffer(ends), pa.py_buffer(text)))
