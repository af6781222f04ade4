"""From Kafka messages to bars and rejects, whatever mix of frames and JSON, however the polls cut it."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.bars import BarState, Rules
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.frames import Frame, gap, heartbeat
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Bar, Reject, Tick
from causal_alpha.transform import Transform

T0 = 1_700_000_000 * SECOND
RULES = Rules.of(("1s", "5s"), correction=2.0, quiet_bars=10)


@dataclass
class Message:
    offset: int
    value: bytes | None
    timestamp: int = T0 // MILLISECOND + 3_600_000


@st.composite
def messages(draw: st.DrawFn) -> list[Message]:
    """A log: JSON ticks, frames, heartbeats, rubbish, repeated and late rows."""
    values: list[bytes] = []
    now, number = T0, 0

    def row() -> Tick:
        nonlocal now, number
        now += draw(st.integers(0, 1500)) * MILLISECOND
        number += 1
        late = draw(st.sampled_from([0, 0, 0, 2 * SECOND, 4 * SECOND]))
        price = draw(st.sampled_from([1.0, 2.5, float("nan"), 0.1]))
        return Tick(symbol=draw(st.sampled_from("AB")), ts=now - late, price=price, size=0.1, id=number)

    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["json", "frame", "beat", "rubbish", "again"]))
        if kind == "json":
            tick = row()
            fields = {"symbol": tick.symbol, "ts": tick.ts // MILLISECOND, "price": tick.price, "size": tick.size}
            values.append(json.dumps(fields | {"id": tick.id}).encode())
        elif kind == "frame":
            meta = {"heartbeat": str(now)} if draw(st.booleans()) else {}
            values.append(Frame.of(Tick, [row() for _ in range(draw(st.integers(0, 4)))], meta).encode())
        elif kind == "beat":
            values.append(
                draw(
                    st.sampled_from([heartbeat(now), heartbeat(now, "foreign"), gap("x", ["A"], now, now + SECOND)])
                ).encode()
            )
        elif kind == "rubbish":
            values.append(draw(st.sampled_from([b"", b"{", b"\xff\xff\xff\xff", b"[]"])))
        elif values:
            values.append(draw(st.sampled_from(values)))
    return [Message(offset, value) for offset, value in enumerate(values)]


def run(parts: list[list[Message]], snapshot_after: int | None = None) -> tuple[list[Bar], list[Reject], BarState]:
    transform = Transform(topic="ticks", partitions=1, tolerance=5.0)
    state = BarState.new(RULES)
    bars: list[Bar] = []
    rejects: list[Reject] = []
    for number, part in enumerate(parts):
        frames, bad = transform.run(state, 0, part)
        bars += [bar for frame in frames.values() for bar in frame.rows()]
        rejects += bad.rows()
        if number == snapshot_after:
            state = BarState.load(unpack(pack(state.dump())), RULES)
    end = Message(10**6, heartbeat(T0 + 100 * SECOND).encode())
    frames, _ = transform.run(state, 0, [end])
    bars += [bar for frame in frames.values() for bar in frame.rows()]
    newest = {(bar.interval, bar.start, bar.symbol, bar.known_at): bar for bar in bars}
    return (
        [bar for _, bar in sorted(newest.items())],
        sorted(rejects, key=lambda reject: (reject.offset, reject.row)),
        state,
    )


def cut(log: list[Message], data: st.DataObject) -> list[list[Message]]:
    places = sorted(data.draw(st.lists(st.integers(0, len(log)), max_size=5)))
    return [log[a:b] for a, b in zip([0, *places], [*places, len(log)], strict=True)]


def without_detail(rejects: list[Reject]) -> list[Any]:
    """The detail of a late row tells how far the watermark was, which is the poll's."""
    return [(r.offset, r.row, r.ts, r.reason, r.payload, r.symbol) for r in rejects]


@settings(max_examples=200)
@given(messages(), st.data())
def test_transform_does_not_depend_on_polls_or_snapshots(log: list[Message], data: st.DataObject) -> None:
    bars, rejects, state = run([log])
    parts = cut(log, data)

    bars_again, rejects_again, state_again = run(parts, snapshot_after=data.draw(st.integers(0, len(parts))))

    assert bars_again == bars
    assert without_detail(rejects_again) == without_detail(rejects)
    assert state_again.counts == state.counts


@settings(max_examples=200)
@given(messages())
def test_transform_lets_no_row_vanish(log: list[Message]) -> None:
    bars, rejects, state = run([log])

    counts = state.counts
    assert counts.balanced()
    newest = {(bar.start, bar.symbol): bar for bar in bars if bar.interval == "1s"}
    assert sum(bar.trades for bar in newest.values()) == counts.in_bars
    assert sum(reject.reason == "late" for reject in rejects) == counts.late
    assert len(rejects) == counts.late + counts.rejected


def test_heartbeat_ahead_of_its_record_is_held_back_to_it() -> None:
    transform = Transform(topic="ticks", partitions=1, tolerance=5.0)
    state = BarState.new(Rules.of(("1s",)))

    transform.run(state, 0, [Message(0, heartbeat(T0 + 10**6 * SECOND).encode(), T0 // MILLISECOND)])

    assert state.watermark == T0 + 5 * SECOND


def test_frames_of_bars_tell_where_they_come_from_and_when_an_edge_was_passed() -> None:
    transform = Transform(topic="ticks", partitions=3, tolerance=5.0)
    state = BarState.new(Rules.of(("1s", "1m")))
    transform.run(state, 2, [Message(0, heartbeat(T0).encode())])

    bars, _ = transform.run(state, 2, [Message(1, heartbeat(T0 + 2 * SECOND).encode())])

    assert list(bars) == ["1s"]
    assert bars["1s"].meta == {"origin": "ticks/2", "origins": "3", "watermark": str(T0 + 2 * SECOND), "ticks": "0"}


def test_first_tick_of_a_partition_is_told_at_once() -> None:
    transform = Transform(topic="ticks", partitions=3, tolerance=5.0)
    state = BarState.new(Rules.of(("1s", "1m", "9tick")))
    row = Tick(symbol="A", ts=T0 + SECOND // 2, price=1.0, size=1.0, id=1)
    plea = transform.plea(state, 2)

    first, _ = transform.run(state, 2, [Message(0, Frame.of(Tick, [row]).encode())])
    second, _ = transform.run(state, 2, [Message(1, Frame.of(Tick, [row]).encode())])

    assert (len(plea), plea.meta["lead"], plea.meta["ticks"]) == (0, "1", "0")
    assert {interval: frame.meta.get("ticks") for interval, frame in first.items()} == {"1s": None, "1m": None}
    assert second == {}


def test_bars_by_activity_come_when_they_are_full_and_no_edge_is_theirs() -> None:
    transform = Transform(topic="ticks", partitions=1, tolerance=5.0)
    state = BarState.new(Rules.of(("1s", "3tick")))
    frames = []
    for number in range(9):
        row = Tick(symbol="A", ts=T0 + number * SECOND, price=1.0, size=1.0, id=number)
        bars, _ = transform.run(state, 0, [Message(number, Frame.of(Tick, [row]).encode())])
        frames.append(bars.get("3tick"))

    assert [len(frame) for frame in frames if frame is not None] == [1, 1]
    assert frames[0] is None
