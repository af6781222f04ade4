"""The way from ticks to features as a simulation: polls, deliveries, snapshots and crashes in any order change nothing.

Two transforms send into one topic of bars, from which the features are made; every stage may be killed at any step,
loses what Kafka has not taken, and goes on from its last snapshot. At the end the archive holds what a fold of the
logs in one go gives.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.bars import BarState, Counts, Rules
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.features import Feature, FeatureSet, MarketFeature, market_mean
from causal_alpha.frames import Frame, gap, heartbeat
from causal_alpha.history import history
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.records import Bar, Tick
from causal_alpha.transform import Transform
from causal_alpha.universe import Universe
from tests.pipeline.oracle import Contents, contents

T0 = 1_700_000_000 * SECOND
RULES = Rules.of(("1s", "5s"), lateness=1.0, correction=3.0, feed_timeout=3.0, quiet_bars=4)
SYMBOLS = (("A", "B"), ("C", "D"))
"""By partition."""
WIDTH = 6
SET = FeatureSet(
    (
        Feature("close", lambda window: window.close[:, -1].copy(), lookback=1),
        Feature("volume", lambda window: window.volume.sum(axis=1), lookback=WIDTH),
    ),
    (MarketFeature("market", "close", market_mean),),
)


class Message(NamedTuple):
    """What the transform sees of a Kafka record; `timestamp` in ms."""

    offset: int
    value: bytes
    timestamp: int = T0 // MILLISECOND + 3_600_000


@st.composite
def logs(draw: st.DrawFn) -> list[list[Message]]:
    """A log a partition: JSON ticks and frames, late, repeated and unusable rows, heartbeats, gaps, rubbish."""
    values: tuple[list[bytes], list[bytes]] = ([], [])
    now = T0
    for number in range(draw(st.integers(0, 40))):
        now += draw(st.sampled_from([0, 50, 300, 900, 2500])) * MILLISECOND
        place = draw(st.integers(0, 1))
        late = draw(st.sampled_from([0, 0, 0, 1500, 2500, 9000])) * MILLISECOND
        price = draw(st.sampled_from([1.0, 2.5, 0.1, -1.0]))
        symbol = draw(st.sampled_from(SYMBOLS[place]))
        tick = Tick(symbol=symbol, ts=now - late, price=price, size=0.1, id=number, source="feed")
        match draw(st.sampled_from(["json", "frame", "frame", "beat", "gap", "rubbish", "again"])):
            case "json":
                row = {"symbol": symbol, "ts": tick.ts // MILLISECOND, "price": price, "size": 0.1, "id": number}
                values[place].append(json.dumps(row).encode())
            case "frame":
                values[place].append(Frame.of(Tick, [tick]).encode())
            case "beat":
                values[place].append(heartbeat(now, "feed").encode())
            case "gap":
                values[place].append(gap("feed", [symbol], now, now + SECOND).encode())
            case "rubbish":
                values[place].append(b"{")
            case "again" if values[place]:
                values[place].append(draw(st.sampled_from(values[place])))
    end = heartbeat(now + 10 * SECOND).encode()
    return [[Message(offset, value) for offset, value in enumerate([*some, end])] for some in values]


@dataclass
class Stage:
    """What stages have in common: a place in the log they read, and outputs that Kafka may not have yet."""

    state: Any
    place: int = 0
    pending: deque[Any] = field(default_factory=deque)
    saved: tuple[bytes, int] = (b"", 0)

    def snapshot(self, topic: list[Any]) -> None:
        """Only once Kafka has all outputs, as `Checkpoints` does it."""
        topic.extend(self.pending)
        self.pending.clear()
        self.saved = pack(self.state.dump()), self.place

    def deliver(self, n: int, topic: list[Any]) -> None:
        topic.extend(self.pending.popleft() for _ in range(min(n, len(self.pending))))


class Pipeline:
    """`bars`, `rejects` and `features` are topics; `features` tells of every vector how it was made each time."""

    def __init__(self, log: list[list[Message]]) -> None:
        self.log = log
        self.transform = Transform(topic="ticks", partitions=len(log), tolerance=5.0)
        self.bars: list[Any] = []
        self.features: list[Any] = []
        self.makers = [Stage(BarState.new(RULES)) for _ in log]
        self.watcher = Stage(Universe(WIDTH))

    def poll(self, partition: int, n: int) -> None:
        maker = self.makers[partition]
        messages = self.log[partition][maker.place : maker.place + n]
        if messages:
            frames, rejects = self.transform.run(maker.state, partition, messages)
            maker.place += len(messages)
            maker.pending.extend([*frames.items(), ("rejects", rejects)])

    def watch(self, n: int) -> None:
        for key, frame in self.bars[self.watcher.place : self.watcher.place + n]:
            self.watcher.place += 1
            if key != "rejects":
                self.watcher.pending.extend(self.watcher.state.push(f"default|{key}", frame, SET))

    def kill(self, stage: Stage) -> None:
        snapshot, stage.place = stage.saved
        stage.pending.clear()
        if stage is self.watcher:
            stage.state = Universe.load(unpack(snapshot), WIDTH) if snapshot else Universe(WIDTH)
        else:
            stage.state = BarState.load(unpack(snapshot), RULES) if snapshot else BarState.new(RULES)

    def step(self, kind: str, who: int, n: int) -> None:
        stage, topic = (self.watcher, self.features) if who == 2 else (self.makers[who], self.bars)
        match kind:
            case "work" if who == 2:
                self.watch(n)
            case "work":
                self.poll(who, n)
            case "deliver":
                stage.deliver(n, topic)
            case "save":
                stage.snapshot(topic)
            case "kill":
                self.kill(stage)

    def finish(self) -> None:
        for who in (0, 1, 2):
            self.step("work", who, 10**6)
            self.step("save", who, 0)

    def archive(self) -> Contents:
        """What all the writes leave behind. A vector that is written again is the same."""
        vectors: dict[str, str] = {}
        for frame in self.features:
            for key, text in contents(list(frame.rows()))["features"].items():
                assert vectors.setdefault(key, text) == text
        return contents([row for _, frame in self.bars for row in frame.rows()]) | {"features": vectors}


def in_one_go(log: list[list[Message]]) -> tuple[Contents, list[Counts]]:
    """What must be there, and what became of the rows of each partition."""
    transform, rows, counts = Transform(topic="ticks", partitions=len(log), tolerance=5.0), [], []
    bars: dict[str, list[Frame[Bar]]] = {interval: [Frame.empty(Bar)] for interval in RULES.intervals}
    for partition, messages in enumerate(log):
        state = BarState.new(RULES)
        frames, rejects = transform.run(state, partition, messages)
        rows += rejects.rows()
        counts.append(state.counts)
        for interval, frame in frames.items():
            bars[interval].append(frame)
    for frames_of_interval in bars.values():
        frame = Frame.concat(frames_of_interval)
        rows += [*frame.rows(), *history(SET, frame, WIDTH).rows()]
    return contents(rows), counts


steps = st.lists(
    st.tuples(
        st.sampled_from(["work", "work", "work", "deliver", "deliver", "save", "kill"]),
        st.integers(0, 2),
        st.integers(1, 8),
    ),
    max_size=60,
)


@settings(max_examples=200)
@given(logs(), steps)
def test_polls_and_crashes_in_any_order_change_nothing(
    log: list[list[Message]], plan: list[tuple[str, int, int]]
) -> None:
    expected, counts = in_one_go(log)
    pipeline = Pipeline(log)

    for step in plan:
        pipeline.step(*step)
    pipeline.finish()

    assert pipeline.archive() == expected
    assert [maker.state.counts for maker in pipeline.makers] == counts
    assert all(count.balanced() for count in counts)
