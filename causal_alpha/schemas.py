"""Which columns a record has in an Arrow stream, and as what.

Columns stand in the record's order. One whose field has a default may be left out. Indices of names are
signed, of any width up to 32 bits.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa

from causal_alpha.columns import column_defaults, column_kinds
from causal_alpha.errors import FrameError

Form: TypeAlias = np.dtype[Any] | int | None
"""How a column is written: the type of its indices or numbers, the width of its vectors, or None: not at all."""

_INDICES = (np.dtype(np.int8), np.dtype(np.int16), np.dtype(np.int32))
_ARROW: Mapping[np.dtype[Any], Any] = {
    np.dtype(np.int8): pa.int8(),
    np.dtype(np.int16): pa.int16(),
    np.dtype(np.int32): pa.int32(),
    np.dtype(np.int64): pa.int64(),
    np.dtype(np.float64): pa.float64(),
    np.dtype(np.bool_): pa.uint8(),
    np.dtype(object): pa.binary(),
}
_INDEXED = {pa.dictionary(_ARROW[index], pa.string()): index for index in _INDICES}
_NUMBERS: Mapping[type, np.dtype[Any]] = {
    int: np.dtype(np.int64),
    float: np.dtype(np.float64),
    bool: np.dtype(np.bool_),
    bytes: np.dtype(object),
}
_BUFFERS: Mapping[type, int] = {int: 2, float: 2, bool: 2, str: 2, bytes: 3, tuple: 3}
"""How many buffers Arrow has for a column; the first one says where it has nulls."""


class Stored(NamedTuple):
    """A column of a stream: its place there, and the numbers of its buffers among those of a struct array."""

    name: str
    kind: type
    dtype: np.dtype[Any]
    width: int
    place: int
    buffer: int
    end: int


class Plan(NamedTuple):
    """What a stream of a record has and what it leaves out."""

    stored: tuple[Stored, ...]
    left_out: tuple[str, ...]


def arrow_type(dtype: np.dtype[Any]) -> Any:
    """What a column of a kind of numbers, or of bytes, is to Arrow."""
    return _ARROW[dtype]


def index_type(names: int) -> np.dtype[Any]:
    """The smallest type of indices into so many names.

    >>> index_type(128), index_type(129)
    (dtype('int8'), dtype('int16'))
    """
    return _INDICES[(names > 1 << 7) + (names > 1 << 15)]


@cache
def optional(record: type[msgspec.Struct]) -> frozenset[str]:
    """The columns that are left out where every row has the default, NaN."""
    defaults = column_defaults(record)
    return frozenset(name for name, value in defaults.items() if isinstance(value, float) and math.isnan(value))


@lru_cache(maxsize=256)
def to_schema(record: type[msgspec.Struct], forms: tuple[Form, ...]) -> pa.Schema:
    """The schema of a stream whose columns are written so."""
    kinds = column_kinds(record).items()
    fields = [(name, _field(kind, form)) for (name, kind), form in zip(kinds, forms, strict=True) if form is not None]
    return pa.schema(fields)


@lru_cache(maxsize=64)
def read_plan(record: type[msgspec.Struct], head: bytes) -> Plan:
    """What is in a stream that begins with `head`, its schema. Raises FrameError if it isn't one of `record`.

    All frames of a topic begin with the same bytes, so that the schema is compared once and not for each.
    """
    schema = pa.ipc.read_schema(pa.py_buffer(head))
    kinds, types = column_kinds(record), dict(zip(schema.names, schema.types, strict=True))
    left_out = tuple(name for name in kinds if name not in types)
    names = [name for name in kinds if name in types]
    forms = [_form(kinds[name], types[name]) for name in names]
    if (
        schema.names != names
        or any(form is None for form in forms)
        or not column_defaults(record).keys() >= set(left_out)
    ):
        raise FrameError(_mismatch(record, schema), reason="schema")
    stored, buffer = [], 1  # 0: nulls of the struct itself
    for place, (name, form) in enumerate(zip(names, forms, strict=True)):
        kind = kinds[name]
        width = form if isinstance(form, int) else 1
        dtype = _NUMBERS[float] if isinstance(form, int) else np.dtype(form)
        stored.append(Stored(name, kind, dtype, width, place, buffer, buffer + _BUFFERS[kind]))
        buffer += _BUFFERS[kind]
    return Plan(tuple(stored), left_out)


def names_of(column: str, dictionary: Any) -> tuple[str, ...]:
    """The names of a dictionary. Raises FrameError unless they are distinct."""
    names = tuple(dictionary.to_pylist())
    if None in names or len(set(names)) < len(names):
        raise FrameError(f"column {column}: expected distinct names, was {names}", reason="schema")
    return names


def _field(kind: type, form: np.dtype[Any] | int) -> pa.DataType:
    if isinstance(form, int):
        return pa.list_(pa.float64(), form)
    return pa.dictionary(_ARROW[form], pa.string()) if kind is str else _ARROW[form]


def _form(kind: type, found: Any) -> Form:
    """How a column of a kind is written that has the type `found`; None if it can't have it."""
    if kind is str:
        return _INDEXED.get(found)
    if kind is tuple:
        fits = isinstance(found, pa.FixedSizeListType) and found.value_type == pa.float64()
        return found.list_size if fits else None
    return _NUMBERS[kind] if found == _ARROW[_NUMBERS[kind]] else None


def _mismatch(record: type[msgspec.Struct], schema: pa.Schema) -> str:
    kinds = column_kinds(record)
    forms = [np.dtype(np.int32) if kind is str else 1 if kind is tuple else _NUMBERS[kind] for kind in kinds.values()]
    expected = to_schema(record, tuple(forms))
    return f"columns of {record.__name__}: expected {_told(expected.names, expected.types)}, was " + (
        _told(schema.names, schema.types)
    )


def _told(names: Sequence[str], types: Sequence[pa.DataType]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
