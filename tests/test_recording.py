from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.recording import Facts, Message, Recorder, Recording, is_recording, join, to_table
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject, Score, Tick
from causal_alpha.ticks import tick_json

T0 = 1_700_000_000 * SECOND
FACTS = Facts(topic="ticks", partitions=2, app_id="app")


def tick(n: int = 0, **changes: Any) -> Tick:
    return Tick(**{"symbol": f"S{n % 3}", "ts": T0 + n, "price": 1.5 + n, "size": 2.0, "id": n, **changes})


def message(n: int, value: bytes | None, topic: str = "ticks", **changes: Any) -> Message:
    facts: dict[str, Any] = {"partition": n % 2, "offset": 10 + n, "timestamp": 1_700_000_000_000 + n, "key": b"k"}
    return Message(topic=topic, value=value, **{**facts, **changes})


MIXED = [
    message(0, Frame.of(Tick, [tick(0), tick(1, bid=1.0)]).encode()),
    message(1, tick_json(tick(2)), key=None, headers=(("redrive-of", b"a/0/1/0"), ("empty", None))),
    message(2, heartbeat(T0 + SECOND).encode(), key=b""),
    message(3, b"{"),
    message(4, b""),
    message(5, None),
    message(6, b"\xff\xff\xff\xffnonsense"),
    message(7, b'{"symbol": "S1", "ts": 1, "price": -1, "size": 2}'),
    message(8, Frame.of(Tick, [tick(4)], {"heartbeat": "5"}).encode()),
]


def record(folder: Path, parts: Sequence[Sequence[Message]], facts: Facts = FACTS) -> Path:
    recorder = Recorder(folder / facts.topic, facts)
    for part in parts:
        recorder.messages += part
        recorder.write(recorder.take())
    assert recorder.written == sum(map(len, parts))
    return folder


def bare(messages: Sequence[Message]) -> list[Message]:
    """Without `meta`, which only reading adds."""
    return [one._replace(meta={}) for one in messages]


def test_recording_gives_back_every_byte(tmp_path: Path) -> None:
    recording = Recording(record(tmp_path / "rec", [MIXED[:4], [], MIXED[4:]]))

    found = list(recording.messages("ticks"))

    assert bare(found) == bare(MIXED)
    assert [one.meta for one in found if one.meta] == [{"heartbeat": str(T0 + SECOND)}, {"heartbeat": "5"}]
    assert recording.topics == {"ticks": FACTS}
    assert list(recording.messages("bars")) == []


def test_recording_is_a_file_of_ticks(tmp_path: Path) -> None:
    folder = record(tmp_path / "rec", [MIXED[:2], MIXED[2:]])

    table = pd.read_parquet(folder / "ticks")

    ticks = table.dropna(subset="symbol")
    assert ticks["symbol"].tolist() == ["S0", "S1", "S2", "S1", "S1"]
    assert ticks["price"].tolist() == [1.5, 2.5, 3.5, -1.0, 5.5]
    assert ticks["ts"].astype("int64").tolist() == [T0, T0 + 1, T0 + 2, 1_000_000, T0 + 4]
    assert ticks["id"].isna().tolist() == [False, False, False, True, False]
    assert ticks["bid"].tolist()[1] == 1.0
    assert ticks[["kafka_offset", "kafka_row"]].to_numpy().tolist()[:3] == [[10, 0], [10, 1], [11, 0]]
    assert table["kafka_offset"].nunique() == len(MIXED)


def test_recording_as_one_file_is_the_same(tmp_path: Path) -> None:
    folder = record(tmp_path / "rec", [MIXED[:3], [], MIXED[3:]])
    file = tmp_path / "rec.parquet"

    join(folder / "ticks", file)

    assert bare(list(Recording(file).messages("ticks"))) == bare(MIXED)
    assert not (folder / "ticks").exists()
    assert is_recording(file)


RECORDS = {
    "bars": Bar(symbol="A", interval="1s", start=T0, open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=2),
    "features": Features(symbol="A", interval="1s", start=T0, close=2.0, values=(1.0, 0.5), feature_set="f"),
    "rejects": Reject(topic="t", partition=1, offset=2, row=3, ts=T0, reason="r", detail="d", payload=b"\x00\xff"),
    "forecasts": Forecast(
        symbol="A", interval="1s", start=T0, made=T0, horizon=1, due=T0 + SECOND, price=2.0, location=0.0,
        variance=1e-6, quantiles=LEVELS, family="ewma", version="1", feature_set="f",
    ),
    "scores": Score(
        symbol="A", interval="1s", start=T0, made=T0, horizon=1, due=T0 + SECOND, family="ewma", version="1", price=2.0,
        truth=2.5, ret=0.2, crps=0.1, crps_naive=0.2, crps_ewma=0.1, qlike=1.0, inside_80=1.0, inside_95=1.0,
        winkler_80=0.3, scored=T0 + 2 * SECOND,
    ),
}  # fmt: skip


@pytest.mark.parametrize("topic", RECORDS)
def test_recording_of_other_topics_has_their_fields(tmp_path: Path, topic: str) -> None:
    row = RECORDS[topic]
    value = Frame.of(type(row), [row, row], {"origin": "ticks/0"}).encode()
    messages = [message(0, b"nonsense", topic), message(1, value, topic)]

    folder = record(tmp_path, [messages], Facts(topic=topic, partitions=1, app_id="app"))

    rows = pq.read_table(folder / topic).to_pylist()
    assert bare(list(Recording(folder).messages(topic))) == bare(messages)
    assert len(rows) == 3
    assert set(row.__struct_fields__) <= set(rows[1])
    for name in set(row.__struct_fields__) - {
        "ts",
        "start",
        "made",
        "due",
        "known_at",
        "scored",
        "values",
        "quantiles",
    }:
        if getattr(row, name) == getattr(row, name):
            assert rows[1][name] == rows[2][name] == getattr(row, name), name
    assert rows[0][row.__struct_fields__[0]] is None


def test_recording_of_feature_sets_of_several_lengths_has_all_their_values(tmp_path: Path) -> None:
    sets = [(1.0,) * 30, (2.0,) * 31, (float("nan"),) * 31, (3.0,), (4.0,) * 30]
    rows = [Features(symbol="A", interval="1s", start=T0, close=2.0, values=one, feature_set="f") for one in sets]
    frames = [rows[:1], rows[1:3], [], rows[3:4], rows[4:]]
    messages = [message(n, Frame.of(Features, frame).encode(), "features") for n, frame in enumerate(frames)]
    messages.insert(2, message(9, b"nonsense", "features"))
    parts = [messages[:3], messages[3:]]

    folder = record(tmp_path, parts, Facts(topic="features", partitions=1, app_id="app"))

    found = list(Recording(folder).messages("features"))
    assert bare(found) == bare(messages)
    assert [len(Frame.decode(Features, one.value or b"")) for one in found if one.offset != 19] == [1, 2, 0, 1, 1]
    values = pd.read_parquet(folder / "features").dropna(subset="symbol")["values"].tolist()
    np.testing.assert_equal([one.tolist() for one in values], [list(one) for one in sets])
    join(folder / "features", tmp_path / "one.parquet")
    assert bare(list(Recording(tmp_path / "one.parquet").messages("features"))) == bare(messages)


def test_recording_of_an_unknown_topic_has_the_messages_alone(tmp_path: Path) -> None:
    folder = record(tmp_path, [MIXED], Facts(topic="app.alerts", partitions=1, app_id="app"))

    assert bare(list(Recording(folder).messages("app.alerts"))) == bare(
        [one._replace(topic="app.alerts") for one in MIXED]
    )
    assert all(
        name.startswith("kafka_") or name == "meta" for name in pq.read_table(folder / "app.alerts").column_names
    )


keys = st.none() | st.binary(max_size=5)
values = st.none() | st.binary(max_size=40) | st.sampled_from([one.value for one in MIXED])
headers = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=2).map(tuple)


@given(st.lists(st.builds(Message, st.just("ticks"), st.integers(0, 3), st.integers(0, 2**62), st.integers(0, 2**42),
                          keys, values, headers), max_size=12))  # fmt: skip
def test_recording_loses_nothing_of_any_message(messages: list[Message]) -> None:
    table = to_table(FACTS, messages)

    rows = table.filter(np.asarray(table["kafka_row"]) == 0).to_pylist() if len(table) else []

    assert [(row["kafka_partition"], row["kafka_offset"], row["kafka_key"], row["kafka_value"]) for row in rows] == [
        (one.partition, one.offset, one.key, one.value) for one in messages
    ]
    assert [tuple((h["key"], h["value"]) for h in row["kafka_headers"]) for row in rows] == [
        one.headers for one in messages
    ]


def test_recording_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "ticks.parquet").write_bytes(b"PAR1")
    pd.DataFrame({"symbol": ["A"]}).to_parquet(tmp_path / "other.parquet")

    assert [is_recording(path) for path in (tmp_path, tmp_path / "ticks.parquet", tmp_path / "other.parquet")] == [
        False
    ] * 3
    for path in (tmp_path, tmp_path / "ticks.parquet", tmp_path / "other.parquet"):
        with pytest.raises(SourceError, match=r"expected a .*recording, was"):
            Recording(path)
