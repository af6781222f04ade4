"""Records for the terminal: a table of columns, or one JSON object a line."""

import base64
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import NO_ID

TIMES = frozenset({"ts", "start", "end", "made", "due", "known_at", "scored"})
"""Fields of records that are times, ns."""
_YEAR_9999 = 253_402_300_800
_LONG = 120
"""Characters of a text that a cell shows."""


def iso(ns: int) -> str:
    """A time in UTC, to the millisecond or, where needed, the micro- or nanosecond.

    >>> iso(1_550_068_920_500_000_000), iso(1_000), iso(1)
    ('2019-02-13T14:42:00.500Z', '1970-01-01T00:00:00.000001Z', '1970-01-01T00:00:00.000000001Z')
    """
    seconds, rest = divmod(ns, SECOND)
    if not -62_135_596_800 <= seconds < _YEAR_9999:
        return f"{ns} ns"
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for digits, unit in ((3, MILLISECOND), (6, 1_000)):
        if rest % unit == 0:
            return f"{text}.{rest // unit:0{digits}d}Z"
    return f"{text}.{rest:09d}Z"


def json_row(record: msgspec.Struct) -> dict[str, Any]:
    """A record's fields: times in ISO 8601, bytes as text or base64, no number as null.

    A tick without a trade id has none here either.
    """
    row: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(record).items():
        if name in TIMES:
            row[name] = iso(value)
        elif isinstance(value, bytes):
            row |= payload(name, value)
        elif name != "id" or value != NO_ID:
            row[name] = value
    return row


def payload(name: str, value: bytes) -> dict[str, str]:
    """Bytes as text, else as base64 and a field that says so."""
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {name: base64.b64encode(value).decode(), f"{name}_encoding": "base64"}


def json_line(row: Any) -> str:
    """One line of JSON; what is no number is null."""
    return msgspec.json.encode(row).decode()


def cell(value: Any) -> str:
    r"""A value as a table shows it.

    >>> [cell(value) for value in (171.70000000000002, 5e-324, math.nan, (1.0, 2.5), "two\nlines", None)]
    ['171.7', '4.940656458e-324', '-', '1 2.5', 'two lines', '-']
    """
    match value:
        case None | "":
            return "-"
        case float():
            return "-" if math.isnan(value) else f"{value:.10g}"
        case tuple() | list():
            return " ".join(map(cell, value))
        case str():
            text = " ".join(value.split())
            return text if len(text) <= _LONG else f"{text[:_LONG]}…"
    return str(value)


def dump(value: bytes) -> list[str]:
    r"""Text as its lines, other bytes as offset, hexadecimal and ASCII.

    >>> dump(b"a\nb"), dump(b"\xff1")
    (['a', 'b'], ['00000000  ff31                                     .1'])
    """
    try:
        return value.decode().splitlines()
    except UnicodeDecodeError:
        return [
            f"{first:08x}  {value[first : first + 16].hex(' ', 2):<40} {_ascii(value[first : first + 16])}"
            for first in range(0, len(value), 16)
        ]


def _ascii(row: bytes) -> str:
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)


class Table:
    """Lines of columns that are as wide as what they have held so far.

    >>> table = Table(["symbol", "price"])
    >>> for line in [table.head(), table.line(["A", 1.5])]: print(line)
    symbol price
    A      1.5
    """

    def __init__(self, names: Sequence[str], widths: Sequence[int] = ()) -> None:
        self._names = names
        self._widths = [max(len(name), width) for name, width in zip(names, [*widths, *[0] * len(names)], strict=False)]

    def head(self) -> str:
        return self.line(self._names)

    def line(self, values: Sequence[Any]) -> str:
        cells = [cell(value) for value in values]
        self._widths = [max(width, len(text)) for width, text in zip(self._widths, cells, strict=True)]
        return " ".join(text.ljust(width) for text, width in zip(cells, self._widths, strict=True)).rstrip()
