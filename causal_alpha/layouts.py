"""Where the columns of an Arrow stream lie, told by the bytes before them.

The frames of a feed differ in their numbers alone: what stands before these, the schema, the names and the
lengths, is the same, byte by byte. So pyarrow reads it once; each frame after that costs a look at four heads of
messages and a view a column, a tenth of reading it whole.
"""

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from causal_alpha.columns import Column, Labels, column_kinds, default_column
from causal_alpha.errors import FrameError
from causal_alpha.schemas import Stored, names_of, read_plan

_MESSAGE = struct.Struct("<IiI").unpack_from
"""Marker of a message, size of its head, and where in that the root table is."""
_BACK = struct.Struct("<i").unpack_from
"""How far before a table its list of fields is."""
_FIELDS = struct.Struct("<7H").unpack_from
"""Size of a list of fields, size of the table, then where in the table: version, kind, head, body's size, metadata."""
_SIZE = struct.Struct("<q").unpack_from
_MARKER = 0xFFFFFFFF
_RECORD_BATCH = 3
_FULL = 14
"""Size of a list of fields that has metadata, the last one."""

_UNSIGNED = {np.dtype(kind): np.dtype(f"u{np.dtype(kind).itemsize}") for kind in (np.int8, np.int16, np.int32)}

_LARGEST = 65_536
"""Bytes before the numbers that are worth remembering."""


class Place(NamedTuple):
    """What a column is, its first byte in a stream, and its names if it has some."""

    kind: type
    dtype: np.dtype[Any]
    width: int
    offset: int
    names: tuple[str, ...]


class Layout(NamedTuple):
    """What is the same in all streams that begin alike: columns in the record's order, those left out as they are."""

    rows: int
    columns: Mapping[str, Place | Column]


def view(record: type[msgspec.Struct], data: bytes) -> dict[str, Column] | None:
    """The columns of a stream as views of its bytes; None if it is one that has to be read whole.

    That is so for streams with metadata, without rows or with `bytes`, and for all that aren't as they should be.
    """
    try:
        start, size = _body(data)
    except (struct.error, IndexError):
        return None
    if not 0 < start <= _LARGEST or not 0 < size <= len(data) - start:
        return None
    layout = _layout(record, data[:start], size)
    if layout is None:
        return None
    columns: dict[str, Column] = {}
    for name, found in layout.columns.items():
        if isinstance(found, Place):
            column = _column(found, layout.rows, data)
            if column is None:
                return None
            columns[name] = column
        else:
            columns[name] = found
    return columns


def _column(place: Place, rows: int, data: bytes) -> Column | None:
    """None where an index has no name."""
    kind, dtype, width, offset, names = place
    values: npt.NDArray[Any] = np.frombuffer(data, dtype, rows * width, offset)
    if kind is str:
        most = int(np.maximum.reduce(values.view(_UNSIGNED[dtype])))  # a negative one is huge
        return Labels(values.astype(np.int32), names) if most < len(names) else None
    if kind is bool:
        values = values.view(np.uint8) != 0
    return values.reshape(rows, width) if kind is tuple else values


@lru_cache(maxsize=128)
def _layout(record: type[msgspec.Struct], begin: bytes, size: int) -> Layout | None:
    """The layout of streams that begin so, with `size` bytes of numbers; None if it isn't sure."""
    data = begin + bytes(size)
    try:
        plan = read_plan(record, data[: 8 + int.from_bytes(data[4:8], "little")])
        memory = pa.py_buffer(data)
        batch = pa.ipc.RecordBatchStreamReader(memory).read_next_batch()
        batch.validate(full=True)
        buffers = batch.to_struct_array().buffers()
        places = {stored.name: _place(stored, batch, buffers, memory.address) for stored in plan.stored}
    except (pa.ArrowException, StopIteration, OSError, ValueError, FrameError):
        return None
    if not len(batch) or not all(len(begin) <= place.offset < len(data) for place in places.values()):
        return None
    kinds = column_kinds(record)
    return Layout(len(batch), {name: places.get(name) or default_column(record, name, len(batch)) for name in kinds})


def _place(stored: Stored, batch: Any, buffers: Sequence[Any], address: int) -> Place:
    """Where a column lies in memory that begins at `address`; -1 if it may have nulls or is of no fixed size."""
    *nulls, numbers = buffers[stored.buffer : stored.end]
    sure = stored.kind is not bytes and not any(nulls) and numbers
    names = names_of(stored.name, batch.column(stored.place).dictionary) if stored.kind is str else ()
    return Place(stored.kind, stored.dtype, stored.width, numbers.address - address if sure else -1, names)


def _body(data: bytes) -> tuple[int, int]:
    """Where the body of the first record batch begins, and its size; (0, 0) if the batch has metadata."""
    at = 0
    while True:
        marker, head, root = _MESSAGE(data, at)
        if marker != _MARKER or head <= 0:
            return 0, 0
        table = at + 8 + root
        fields = table - _BACK(data, table)[0]
        length, _, _, kind, _, body, metadata = _FIELDS(data, fields)
        size = _SIZE(data, table + body)[0] if length >= _FULL - 2 and body else 0
        at += 8 + head
        if size < 0:
            return 0, 0
        if kind and data[table + kind] == _RECORD_BATCH:
            return (0, 0) if length >= _FULL and metadata else (at, size)
        at += size
