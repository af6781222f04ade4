"""Frames: what goes in comes out, rows and wire alike, and no bytes crash the decoder."""

import math
import random

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.columns import is_same
from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame, Labels, heartbeat
from causal_alpha.records import Bar, Features, Forecast, Reject, Score, Tick

texts = st.text(max_size=5).filter(lambda text: text.isprintable())
ints = st.integers(-(2**63), 2**63 - 1)
floats = st.floats(allow_nan=False)

ticks = st.builds(Tick, symbol=texts, ts=ints, price=floats, size=floats, id=ints, bid=floats, ask=floats, source=texts)
vectors = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.builds(
            Features,
            symbol=texts,
            interval=texts,
            start=ints,
            close=floats,
            values=st.tuples(*[floats] * width),
            feature_set=texts,
            source=texts,
        ),
        min_size=1,
        max_size=5,
    )
)
rejects = st.builds(
    Reject,
    topic=texts,
    partition=ints,
    offset=ints,
    row=ints,
    ts=ints,
    reason=texts,
    detail=texts,
    payload=st.binary(max_size=9),
    symbol=texts,
    source=texts,
)


@given(st.lists(ticks, max_size=6), st.dictionaries(texts, texts, max_size=2))
def test_frame_of_ticks_survives_the_wire(rows: list[Tick], meta: dict[str, str]) -> None:
    again = Frame.decode(Tick, Frame.of(Tick, rows, meta).encode())

    assert list(again.rows()) == rows
    assert again.meta == meta


@given(vectors)
def test_frame_of_vectors_survives_the_wire(rows: list[Features]) -> None:
    assert list(Frame.decode(Features, Frame.of(Features, rows).encode()).rows()) == rows


@given(st.lists(rejects, max_size=5))
def test_frame_of_bytes_survives_the_wire(rows: list[Reject]) -> None:
    assert list(Frame.decode(Reject, Frame.of(Reject, rows).encode()).rows()) == rows


@given(st.lists(st.lists(ticks, max_size=4), min_size=1, max_size=4))
def test_frame_concat_keeps_rows_in_order(parts: list[list[Tick]]) -> None:
    joined = Frame.concat([Frame.of(Tick, rows) for rows in parts])

    assert list(joined.rows()) == [row for rows in parts for row in rows]


@given(st.lists(ticks, min_size=1, max_size=6), st.data())
def test_frame_take_picks_rows_by_mask_or_place(rows: list[Tick], data: st.DataObject) -> None:
    mask = np.asarray(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    frame = Frame.of(Tick, rows)

    picked = [row for row, wanted in zip(rows, mask, strict=True) if wanted]

    assert list(frame.take(mask).rows()) == picked
    assert list(frame.take(np.flatnonzero(mask)).rows()) == picked


@pytest.mark.parametrize("record", [Tick, Bar, Features, Forecast, Score, Reject])
def test_frame_without_rows_survives_the_wire(record: type) -> None:
    assert len(Frame.decode(record, Frame.empty(record).encode())) == 0


def test_frame_columns_must_be_those_of_the_record() -> None:
    columns = dict(Frame.empty(Tick).columns)
    del columns["bid"]

    with pytest.raises(FrameError, match="columns of Tick: expected"):
        Frame(Tick, columns)


def test_frame_columns_must_be_of_one_length() -> None:
    columns = dict(Frame.empty(Tick).columns) | {"price": np.asarray([1.0])}

    with pytest.raises(FrameError, match="expected one length"):
        Frame(Tick, columns)


def test_heartbeat_is_a_frame_without_rows() -> None:
    again = Frame.decode(Tick, heartbeat(42).encode())

    assert (len(again), again.meta) == (0, {"heartbeat": "42"})


def test_labels_equal_only_the_rows_with_that_name() -> None:
    labels = Labels.of(["a", "b", "a"])

    assert labels.equals("a").tolist() == [True, False, True]
    assert labels.equals("z").tolist() == [False, False, False]


def _stream(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def _batch_with(name: str, array: pa.Array) -> bytes:
    with pa.ipc.open_stream(Frame.of(Tick, [Tick(symbol="A", ts=1, price=1.0, size=1.0)]).encode()) as reader:
        batch = reader.read_next_batch()
    place = batch.schema.get_field_index(name)
    return _stream(batch.set_column(place, pa.field(name, array.type), array))


def test_decode_names_nulls_wrong_types_and_repeated_names() -> None:
    for data, says in (
        (_batch_with("price", pa.array([None], pa.float64())), "expected no nulls"),
        (_batch_with("price", pa.array([1], pa.int64())), "price int64"),
        (
            _batch_with("symbol", pa.DictionaryArray.from_arrays(pa.array([1], pa.int32()), pa.array(["A", "A"]))),
            "expected distinct names",
        ),
    ):
        with pytest.raises(FrameError, match=says) as caught:
            Frame.decode(Tick, data)
        assert caught.value.reason == "schema"


def _foreign(columns: dict[str, pa.Array]) -> bytes:
    return _stream(pa.record_batch(columns))


def _words(values: list[str], indices: pa.DataType) -> pa.Array:
    return pa.array(values).dictionary_encode().cast(pa.dictionary(indices, pa.string()))


@pytest.mark.parametrize("indices", [pa.int8(), pa.int16(), pa.int32()])
def test_decode_takes_indices_of_any_width_and_frames_with_columns_of_nan(indices: pa.DataType) -> None:
    nan = pa.array([math.nan, math.nan])
    data = _foreign(
        {
            "symbol": _words(["B", "A"], indices),
            "ts": pa.array([1, 2]),
            "price": pa.array([1.5, 2.5]),
            "size": pa.array([1.0, 2.0]),
            "id": pa.array([7, 8]),
            **dict.fromkeys(("bid", "ask", "bid_size", "ask_size"), nan),
            "source": _words(["x", "x"], indices),
        }
    )

    assert list(Frame.decode(Tick, data).rows()) == [
        Tick(symbol="B", ts=1, price=1.5, size=1.0, id=7, source="x"),
        Tick(symbol="A", ts=2, price=2.5, size=2.0, id=8, source="x"),
    ]


def test_columns_left_out_have_the_default_and_those_without_one_are_missed() -> None:
    columns = {
        "symbol": _words(["A"], pa.int8()),
        "ts": pa.array([1]),
        "price": pa.array([2.0]),
        "size": pa.array([3.0]),
    }

    assert list(Frame.decode(Tick, _foreign(columns)).rows()) == [Tick(symbol="A", ts=1, price=2.0, size=3.0)]
    for name in columns:
        with pytest.raises(FrameError, match="columns of Tick: expected symbol dictionary"):
            Frame.decode(Tick, _foreign({other: column for other, column in columns.items() if other != name}))


def test_columns_out_of_order_are_not_those_of_the_record() -> None:
    data = _foreign(
        {"symbol": _words(["A"], pa.int8()), "price": pa.array([2.0]), "ts": pa.array([1]), "size": pa.array([3.0])}
    )

    with pytest.raises(FrameError, match="columns of Tick: expected"):
        Frame.decode(Tick, data)


def test_frame_without_quotes_is_half_as_large() -> None:
    rows = [Tick(symbol="A", ts=ts, price=1.0, size=1.0, id=ts) for ts in range(1_000)]
    quoted = [msgspec.structs.replace(row, bid=1.0, ask=1.0, bid_size=1.0, ask_size=1.0) for row in rows]

    assert len(Frame.of(Tick, rows).encode()) < 36_000
    assert len(Frame.of(Tick, quoted).encode()) > 66_000


@settings(max_examples=30)
@given(st.lists(ticks, min_size=1, max_size=6))
def test_frame_that_begins_like_another_has_its_own_numbers(rows: list[Tick]) -> None:
    first = Frame.of(Tick, rows)
    other = Frame(Tick, {**first.columns, "price": first.floats("price") + 1.0})

    for frame in (first, other, first):
        assert list(Frame.decode(Tick, frame.encode()).rows()) == list(frame.rows())


@pytest.mark.parametrize("index", [2, 127, -1, -128])
def test_index_without_a_name_is_refused_also_behind_a_beginning_that_is_known(index: int) -> None:
    good = Frame.of(Tick, [Tick(symbol=symbol, ts=1, price=1.0, size=1.0) for symbol in "AB"])
    data = good.encode()
    codes = data.rindex(bytes([0, 1]), 0, data.index(np.asarray([1, 1]).tobytes()))

    assert list(Frame.decode(Tick, data).rows()) == list(good.rows())
    with pytest.raises(FrameError, match="expected an Arrow stream of Tick"):
        Frame.decode(Tick, data[: codes + 1] + index.to_bytes(1, signed=True) + data[codes + 2 :])


@pytest.mark.parametrize("lost", [1, 8, 9, 40])
def test_frame_cut_short_behind_a_beginning_that_is_known_is_refused(lost: int) -> None:
    whole = Frame.of(Tick, [Tick(symbol="A", ts=1, price=1.0, size=1.0)] * 50).encode()
    Frame.decode(Tick, whole)

    if lost <= 8:  # the mark at the end says nothing
        assert len(Frame.decode(Tick, whole[:-lost])) == 50
    else:
        with pytest.raises(FrameError, match="expected an Arrow stream of Tick"):
            Frame.decode(Tick, whole[:-lost])


def test_same_number_in_every_row_stays_one_through_taking_and_joining() -> None:
    frame = Frame.decode(
        Tick, Frame.of(Tick, [Tick(symbol="A", ts=ts, price=1.0, size=1.0) for ts in (1, 2, 3)]).encode()
    )
    joined = Frame.concat([frame, frame.take(np.asarray([True, False, True])), frame.take(np.asarray([1]))])

    assert is_same(joined.floats("bid"))
    assert (len(joined), len(joined.floats("bid")), joined.ints("ts").tolist()) == (6, 6, [1, 2, 3, 1, 3, 2])


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_decode_of_any_bytes_is_a_frame_or_a_frame_error(data: bytes) -> None:
    for start in (b"", ARROW_MAGIC):
        with pytest.raises(FrameError):
            Frame.decode(Tick, start + data)


def test_decode_of_damaged_frames_never_crashes() -> None:
    rng = random.Random(1)
    row = Tick(symbol="A", ts=1, price=1.0, size=1.0)
    whole = Frame.of(Tick, [row, row], {"heartbeat": "1"}).encode()
    outcomes = set()
    for _ in range(5_000):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            frame = Frame.decode(Tick, bytes(data[: rng.randrange(1, len(data) + 1)]))
        except FrameError:
            outcomes.add("error")
        else:
            list(frame.rows())
            outcomes.add("frame")
    assert outcomes == {"error", "frame"}
