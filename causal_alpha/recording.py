"""Recordings: the messages of a topic in Parquet, every byte of them, and beside them what they say.

A recording is a folder with a folder a topic, `ticks/part-00000.parquet` and so on, or one file of one topic. A
row is a record in a message (a tick of a frame) or, where a message holds none, the message (a heartbeat,
something unreadable). Rows of a partition are in the order of its log. What `kafka_` begins is the message's:

=================  ==========================  =====================================
kafka_partition    int32
kafka_offset       int64
kafka_row          int32                       the row's place in its message, from 0
kafka_timestamp    timestamp[ms, UTC]
kafka_key          binary, on row 0            null is null, empty is empty
kafka_value        binary, on row 0
kafka_headers      list of key, value, row 0
meta               string, on row 0            a frame's `meta` as JSON
=================  ==========================  =====================================

The other columns are the record's fields: times as timestamp[ns, UTC], a missing trade id as null.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from shutil import rmtree
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from causal_alpha.columns import Column, Labels, column_kinds
from causal_alpha.columns import join as join_columns
from causal_alpha.errors import FrameError, SinkError, SourceError
from causal_alpha.frames import ARROW_MAGIC, Frame, Ints
from causal_alpha.records import NO_ID, Bar, Features, Forecast, Reject, Score, Tick
from causal_alpha.ticks import parse_json

RECORDS: Mapping[str, type[msgspec.Struct]] = MappingProxyType(
    {
        "ticks": Tick,
        "bars": Bar,
        "forming": Bar,
        "features": Features,
        "forecasts": Forecast,
        "scores": Score,
        "rejects": Reject,
    }
)
"""Topics of frames and their records; of other topics a recording has the messages alone."""
_FACTS = b"causal_alpha.recording"
_TIMES = frozenset({"ts", "start", "made", "due", "known_at", "scored"})
_ARROW: Mapping[type, pa.DataType] = {
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    str: pa.string(),
    bytes: pa.binary(),
    tuple: pa.list_(pa.float64()),
}
_HEADERS: Any = pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())]))
_MESSAGE = (
    *(("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()), ("kafka_row", pa.int32())),
    *(("kafka_timestamp", pa.timestamp("ms", "UTC")), ("kafka_key", pa.binary()), ("kafka_value", pa.binary())),
    *(("kafka_headers", _HEADERS), ("meta", pa.string())),
)


class KafkaMessage(Protocol):
    """The part of a Kafka record that is kept; `timestamp` in ms."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Message(NamedTuple):
    """A message read from a recording, with the `meta` of its frame."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    meta: Mapping[str, str] = MappingProxyType({})


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a part says of its topic: the short name, and how many partitions it had."""

    topic: str
    partitions: int
    app_id: str
    version: int = 1


@dataclass
class Recorder:
    """Collects a topic's messages and writes them as parts into `folder`: a part is there whole or not at all."""

    folder: Path
    facts: Facts
    messages: list[KafkaMessage] = field(default_factory=list)
    written: int = 0
    parts: int = 0

    def take(self) -> list[KafkaMessage]:
        """The messages since the last part; they count as taken."""
        taken, self.messages = self.messages, []
        return taken

    def write(self, messages: Sequence[KafkaMessage]) -> None:
        """Write a part. Raises SinkError."""
        path = self.folder / f"part-{self.parts:05d}.parquet"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}")
            pq.write_table(to_table(self.facts, messages), draft, compression="zstd")
            draft.rename(path)
        except OSError as error:
            raise SinkError(f"expected to write {path}, was {error}") from error
        self.parts += 1
        self.written += len(messages)


def join(folder: Path, file: Path) -> None:
    """One file of a folder of parts, which is deleted. Raises SinkError."""
    draft = file.with_name(f".{file.name}")
    parts = sorted(folder.glob("part-*.parquet"))
    try:
        with pq.ParquetWriter(draft, pq.read_schema(parts[0]), compression="zstd") as writer:
            for part in parts:
                writer.write_table(pq.read_table(part))
        draft.rename(file)
        rmtree(folder)
    except OSError as error:
        raise SinkError(f"expected to write {file}, was {error}") from error


def to_table(facts: Facts, messages: Sequence[KafkaMessage]) -> pa.Table:
    """The messages and what they say, in their order."""
    record = RECORDS.get(facts.topic)
    values = [message.value or b"" for message in messages]
    frames, counts, metas = _read(record, values) if record else ([], np.zeros(len(values), dtype=np.int64), {})
    rows = np.maximum(counts, 1)
    of_row = np.repeat(np.arange(len(messages)), rows)
    place = np.arange(len(of_row)) - np.repeat(np.cumsum(rows) - rows, rows)
    once: Any = pa.array(of_row, mask=place > 0)
    every: Any = pa.array(of_row)
    texts = [msgspec.json.encode(metas[n]).decode() if n in metas else None for n in range(len(messages))]
    columns: list[Any] = [
        pa.array([message.partition for message in messages], pa.int32()).take(every),
        pa.array([message.offset for message in messages], pa.int64()).take(every),
        pa.array(place, pa.int32()),
        pa.array([message.timestamp for message in messages], pa.timestamp("ms", "UTC")).take(every),
        pa.array([message.key for message in messages], pa.binary()).take(once),
        pa.array([message.value for message in messages], pa.binary()).take(once),
        pa.array([[{"key": k, "value": v} for k, v in message.headers] for message in messages], _HEADERS).take(once),
        pa.array(texts, pa.string()).take(once),
    ]
    fields = list(_MESSAGE)
    if record:
        said: Any = pa.array(np.cumsum(counts[of_row] > 0) - 1, mask=counts[of_row] == 0)
        fields += [(name, _kind(name, kind)) for name, kind in column_kinds(record).items()]
        for name, kind in fields[len(_MESSAGE) :]:
            columns.append(_to_arrow(name, [frame.columns[name] for frame in frames], kind).take(said))
    schema = pa.schema(fields, metadata={_FACTS: msgspec.json.encode(facts)})
    return pa.Table.from_arrays(columns, schema=schema)


def _read(
    record: type[msgspec.Struct], values: Sequence[bytes]
) -> tuple[Sequence[Frame[Any]], Ints, dict[int, Mapping[str, str]]]:
    """The rows of all messages in frames, at least one, how many each message has, and `meta` by message."""
    counts, metas, first = np.zeros(len(values), dtype=np.int64), {}, 0
    pieces: list[Frame[Any]] = [Frame.empty(record)]
    for is_frame, group in groupby(value.startswith(ARROW_MAGIC) for value in values):
        end = first + len(list(group))
        if not is_frame and record is Tick:
            ticks, places, _ = parse_json(values[first:end], "foreign")
            counts[first + places] = 1
            pieces.append(ticks)
        for n in range(first, end) if is_frame else ():
            try:
                frame = Frame.decode(record, values[n])
            except FrameError:
                continue
            counts[n] = len(frame)
            if frame.meta:
                metas[n] = frame.meta
            pieces.append(frame)
        first = end
    return pieces, counts, metas


def _kind(name: str, kind: type) -> pa.DataType:
    return pa.timestamp("ns", "UTC") if name in _TIMES else _ARROW[kind]


def _to_arrow(name: str, columns: Sequence[Column], kind: pa.DataType) -> Any:
    """A column of all frames. Vectors may differ in length from frame to frame, as feature sets do."""
    if kind == _ARROW[tuple]:
        matrices = [column for column in columns if not isinstance(column, Labels)]
        lengths = np.repeat([matrix.shape[1] for matrix in matrices], [len(matrix) for matrix in matrices])
        starts: Any = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        return pa.ListArray.from_arrays(starts, pa.array(np.concatenate([matrix.ravel() for matrix in matrices])))
    column = join_columns(columns)
    if isinstance(column, Labels):
        names: Any = pa.array(column.names, pa.string())
        return names.take(pa.array(column.codes))
    return pa.array(column, kind, mask=column == NO_ID if name == "id" and kind == pa.int64() else None)


def is_recording(path: Path) -> bool:
    """Whether `path` is a recording, or a file or folder of another kind."""
    if path.is_dir():
        return any(path.glob("part-*.parquet")) or any(path.glob("*/part-*.parquet"))
    try:
        return path.suffix == ".parquet" and _FACTS in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


class Recording:
    """The recording at `path`: a folder of topics, of one topic's parts, or one file. Raises SourceError."""

    def __init__(self, path: Path) -> None:
        parts = [path] if path.is_file() else sorted([*path.glob("part-*.parquet"), *path.glob("*/part-*.parquet")])
        self._parts: dict[str, list[Path]] = {}
        self.topics: dict[str, Facts] = {}
        for part in parts:
            facts = _facts(part)
            self.topics[facts.topic] = facts
            self._parts.setdefault(facts.topic, []).append(part)
        if not parts:
            raise SourceError(f"{path}: expected a recording, was nothing of that kind")

    def messages(self, topic: str) -> Iterator[Message]:
        """The messages of a topic as they were recorded, in the order of each partition's log."""
        names = [name for name, _ in _MESSAGE]
        for part in self._parts.get(topic, ()):
            try:
                with pq.ParquetFile(part) as file:
                    for batch in file.iter_batches(16_384, columns=names):
                        yield from _messages(topic, batch)
            except (OSError, pa.ArrowException) as error:
                raise SourceError(f"{part}: expected a part of a recording, was {error}") from error


def _messages(topic: str, batch: pa.RecordBatch) -> Iterator[Message]:
    first: Any = pa.array(np.flatnonzero(batch.column("kafka_row").to_numpy() == 0))
    kept: Any = batch.take(first)
    stamps = kept.column("kafka_timestamp").cast(pa.int64()).to_pylist()
    plain = ("kafka_partition", "kafka_offset", "kafka_key", "kafka_value", "kafka_headers", "meta")
    for stamp, (partition, offset, key, value, headers, meta) in zip(
        stamps, zip(*(kept.column(name).to_pylist() for name in plain), strict=True), strict=True
    ):
        pairs = tuple((header["key"], header["value"]) for header in headers or ())
        said = msgspec.json.decode(meta, type=dict[str, str]) if meta else {}
        yield Message(topic, partition, offset, stamp, key, value, pairs, said)


def _facts(part: Path) -> Facts:
    try:
        found = (pq.read_schema(part).metadata or {}).get(_FACTS)
        facts = msgspec.json.decode(found or b"", type=Facts)
    except (OSError, pa.ArrowException, msgspec.MsgspecError) as error:
        raise SourceError(f"{part}: expected a part of a recording, was {error}") from error
    if facts.version != 1:
        raise SourceError(f"{part}: expected a recording of version 1, was {facts.version}")
    return facts
