"""Columns of a frame: numpy arrays, and strings as codes into a few names."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import Any, TypeAlias, cast, get_type_hints

import msgspec
import numpy as np
import numpy.typing as npt

from causal_alpha.errors import FrameError

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Codes: TypeAlias = npt.NDArray[np.int32]
Rows: TypeAlias = npt.NDArray[Any]


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
        places: defaultdict[str, int] = defaultdict(count().__next__)  # a new name gets the next number
        codes = np.fromiter(map(places.__getitem__, values), np.int32)
        return cls(codes, tuple(places))

    @classmethod
    def constant(cls, value: str, n: int) -> "Labels":
        return cls(same(np.int32(0), n), (value,))

    def __len__(self) -> int:
        return len(self.codes)

    def tolist(self) -> list[str]:
        names = self.names
        return [names[code] for code in self.codes.tolist()]

    def take(self, rows: Rows) -> "Labels":
        return Labels(pick(self.codes, rows), self.names)

    def equals(self, name: str) -> npt.NDArray[np.bool_]:
        """Mask of the rows that carry `name`."""
        if name not in self.names:
            return np.zeros(len(self.codes), dtype=np.bool_)
        return cast("npt.NDArray[np.bool_]", self.codes == self.names.index(name))


Column: TypeAlias = Labels | npt.NDArray[Any]


def same(value: Any, *shape: int) -> npt.NDArray[Any]:
    """A read-only array of one and the same number, which takes the memory of one.

    >>> is_same(same(1.5, 3)), same(1.5, 3).tolist()
    (True, [1.5, 1.5, 1.5])
    """
    one = np.asarray(value)  # np.broadcast_to takes eight times as long
    return np.ndarray(shape, one.dtype, one.tobytes(), strides=(0,) * len(shape))


def is_same(values: npt.NDArray[Any]) -> bool:
    """Whether an array was made by `same` and has a first value."""
    return values.strides == (0,) and len(values) > 0


def pick(values: npt.NDArray[Any], rows: Rows) -> npt.NDArray[Any]:
    """The rows chosen by a mask or by positions; of `same` values, as many."""
    if is_same(values) and len(rows):
        return same(values[0], int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows))
    return values[rows]


_NUMBERS: Mapping[type, Any] = {int: np.int64, float: np.float64, bool: np.bool_}


@cache
def column_kinds(record: type[msgspec.Struct]) -> Mapping[str, type]:
    """Column name → int, float, bool, str, bytes or tuple, in the record's order."""
    hints = get_type_hints(record)
    kinds = {n: (tuple if str(hints[n]).startswith("tuple") else hints[n]) for n in record.__struct_fields__}
    return MappingProxyType(kinds)


def to_column(kind: type, values: list[Any]) -> Column:
    """Values of one kind (int, float, bool, str, bytes, tuple) as a column."""
    if kind is str:
        return Labels.of(values)
    if kind is bytes:
        blobs = np.empty(len(values), dtype=object)
        blobs[:] = values
        return blobs
    if kind is tuple:
        matrix = np.asarray(values, dtype=np.float64)
        return matrix if matrix.ndim == 2 else np.empty((0, 1))  # Arrow knows no lists of length 0
    return np.asarray(values, dtype=_NUMBERS[kind])


def to_values(column: Column) -> list[Any]:
    """A column as plain values: the inverse of `to_column`. NaN is always `math.nan` itself."""
    if isinstance(column, Labels):
        return column.tolist()
    if column.dtype == np.float64 and np.isnan(column).any():
        values = [value if value == value else math.nan for value in column.ravel().tolist()]  # noqa: PLR0124
    else:
        values = column.ravel().tolist()
    if column.ndim == 1:
        return values
    width = column.shape[1]
    return [tuple(values[at : at + width]) for at in range(0, len(values), width)]


def default_column(record: type[msgspec.Struct], name: str, n: int) -> Column:
    """A column of a field's default. Raises FrameError where the field has none."""
    value = column_defaults(record).get(name)
    if value is None:
        raise FrameError(f"columns of {record.__name__}: expected {name}, was missing", reason="schema")
    return Labels.constant(value, n) if isinstance(value, str) else same(value, n)


@cache
def column_defaults(record: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Column name → default, for the fields that have one."""
    names = record.__struct_fields__[-len(record.__struct_defaults__) :] if record.__struct_defaults__ else ()
    return MappingProxyType(
        {
            name: value
            for name, value in zip(names, record.__struct_defaults__, strict=True)
            if value is not msgspec.NODEFAULT
        }
    )


def join(columns: Sequence[Column]) -> Column:
    """Columns of one kind, one after the other."""
    first = columns[0]
    if not isinstance(first, Labels):
        arrays = cast("Sequence[npt.NDArray[Any]]", columns)
        if first.ndim == 2:
            arrays = [array for array in arrays if len(array)] or arrays[:1]
        return _chain(arrays)
    every = cast("Sequence[Labels]", columns)
    if all(labels.names is first.names or labels.names == first.names for labels in every):
        return Labels(_chain([labels.codes for labels in every]), first.names)
    places: dict[str, int] = {}
    codes = []
    for labels in every:
        places_here = [places.setdefault(name, len(places)) for name in labels.names]
        codes.append(np.asarray(places_here, dtype=np.int32)[labels.codes] if len(labels) else labels.codes)
    return Labels(np.concatenate(codes), tuple(places))


def _chain(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Arrays one after the other; those of one and the same number stay one."""
    if all(map(is_same, arrays)) and len({array[0].tobytes() for array in arrays}) == 1:
        return same(arrays[0][0], sum(map(len, arrays)))
    return np.concatenate(arrays)
