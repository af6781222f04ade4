"""CSV files as archive: one file a record, interval and UTC day, appended to, each row once.

``<folder>/bars/1m/2019-02-13.csv``, ``<folder>/rejects/2019-02-13.csv``; times in ns, floats to the last
digit, bytes as base64, vectors space-separated. A revised bar is a further row with a higher revision.
"""

import asyncio
import base64
import csv
import fcntl
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import msgspec

from causal_alpha.errors import SettingsError, SinkError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND, activity, interval_ns
from causal_alpha.records import Reject
from causal_alpha.sinks.identity import ARCHIVED, is_final, record_time

REMEMBERED = 32
"""Files whose rows are remembered; another one is read again when it is written to."""
UNKNOWN = -1
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\x00": "\\0"})


class CsvSink:
    """Appends rows that a file doesn't have yet, after a restart and beside other processes too.

    A process that is killed while it writes leaves at most one torn line, which the next write removes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._days: dict[Path, _Day] = {}
        self._lock = Lock()

    async def write(self, frames: Sequence[Frame[Any]]) -> None:
        """Store every row but forming bars. Raises SinkError when the folder can't be written."""
        await asyncio.to_thread(self._write, frames)

    def _write(self, frames: Sequence[Frame[Any]]) -> None:
        batches: dict[Path, list[Any]] = {}
        for frame in frames:
            if frame.record in ARCHIVED:
                for record in filter(is_final, frame.rows()):
                    batches.setdefault(self._folder / _place(record), []).append(record)
        try:
            with self._lock:
                for path, records in batches.items():
                    self._day(path).append(records)
        except OSError as error:
            raise SinkError(f"{self._folder}: expected a folder to write to, was {error}") from error

    async def close(self) -> None:
        self._days.clear()

    def _day(self, path: Path) -> "_Day":
        day = self._days.pop(path, None) or _Day(path)
        self._days[path] = day
        if len(self._days) > REMEMBERED:
            del self._days[next(iter(self._days))]
        return day


def _place(record: Any) -> Path:
    day = datetime.fromtimestamp(record_time(record) // DAY * DAY // SECOND, UTC)
    name = ARCHIVED[type(record)]
    return Path(name, *([] if isinstance(record, Reject) else [record.interval]), f"{day:%Y-%m-%d}.csv")


class _Day:
    """One file, and which rows it has: a byte for each interval of the day and symbol, revision + 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = 0
        self._rows: dict[str, bytearray] = {}

    def append(self, records: Sequence[Any]) -> None:
        """Append the new ones of these records, all of this file's kind and day."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
            size = file.seek(0, io.SEEK_END)
            if size != self._size:  # new to us, or somebody else wrote
                size = self._repair(file, records[0].__struct_fields__)
            self._size = UNKNOWN  # should the write fail, what we remember is more than what is there
            rows = [row for row in map(_row, records) if self._is_new(*_mark(row))]
            if rows:
                text = io.StringIO()
                writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
                if not size:
                    writer.writeheader()
                writer.writerows(rows)
                size += file.write(text.getvalue().encode())
                file.flush()
            self._size = size

    def _repair(self, file: BinaryIO, columns: Sequence[str]) -> int:
        """Read which rows are there and cut off a torn last line. Returns the size."""
        file.seek(0)
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._rows.clear()
        csv.field_size_limit(max(csv.field_size_limit(), len(content)))  # payloads may be longer than csv expects
        try:
            reader = csv.DictReader(io.StringIO(whole.decode()))
            if tuple(reader.fieldnames or columns) != tuple(columns):
                raise ValueError(f"columns {reader.fieldnames}")
            for row in reader:
                self._is_new(*_mark(row))
        except (KeyError, TypeError, ValueError, SettingsError) as error:
            raise SinkError(f"{self._path}: expected rows of this sink, was {error!r}") from error
        file.truncate(len(whole))
        return len(whole)

    def _is_new(self, name: str, slot: int, revision: int) -> bool:
        """Whether the row isn't there yet in this or a later revision; remembers it if so."""
        rows = self._rows.setdefault(name, bytearray())
        if slot >= len(rows):
            rows.extend(bytes(slot + 1 - len(rows)))
        stamp = min(revision + 1, 255)
        if rows[slot] >= stamp:
            return False
        rows[slot] = stamp
        return True


def _mark(row: Mapping[str, str]) -> tuple[str, int, int]:
    """What the row is of, its interval of the day, its revision; from text, so that memory and file agree."""
    if "topic" in row:
        return "/".join(row[name] for name in ("topic", "partition", "offset", "row")), 0, 0
    name = "|".join(row[name] for name in ("symbol", "horizon", "family", "version") if name in row)
    if activity(row["interval"]):
        return f"{name}|{row['start']}", 0, 0
    return name, int(row["start"]) % DAY // interval_ns(row["interval"]), int(row.get("revision", 0))


def _row(record: Any) -> dict[str, str]:
    return {name: _text(value) for name, value in msgspec.structs.asdict(record).items()}


def _text(value: Any) -> str:
    match value:
        case str():
            return value.translate(_BREAKS)  # a row is a line: that is what makes a torn one visible
        case bytes():
            return base64.b64encode(value).decode()
        case tuple():
            return " ".join(map(repr, value))
        case _:
            return repr(value)
