"""A frame with a key or `meta` that an agent can't use becomes a reject, and the agent goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from agents import features, forecasts, scores
from causal_alpha.checkpoints import Checkpoints
from causal_alpha.errors import FrameError
from causal_alpha.forecasts import always
from causal_alpha.frames import Frame
from causal_alpha.inference import Inference
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.ledger import Ledger
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject
from causal_alpha.refusal import admitted, refusal
from causal_alpha.rejects import LARGEST_PAYLOAD, true_size
from causal_alpha.sinks.identity import record_id
from causal_alpha.topology import MAX_MESSAGE
from causal_alpha.universe import Universe

KEY = b"default|1s"
T0 = 1_700_000_000 * SECOND
BAR = Bar(symbol="A", interval="1s", start=T0, open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=2)
VECTOR = Features(symbol="A", interval="1s", start=T0, close=1.5, values=(1e-4,), feature_set="other")
FORECAST = Forecast(
    **{"symbol": "A", "interval": "1s", "start": T0 - SECOND, "made": T0, "horizon": 1, "due": T0 + SECOND},
    **{"price": 1.5, "location": 0.0, "variance": 1e-4, "quantiles": (1.5,) * len(LEVELS)},
    **{"family": "ewma", "version": "1", "feature_set": "x"},
)


class Stage(NamedTuple):
    """An agent, the state it begins with, what it sends to, a frame that makes it send, and frames it can't use."""

    module: ModuleType
    agent: str
    state: Callable[[], Any]
    out: str
    good: Sequence[Frame[Any]]
    bad: Sequence[tuple[bytes | None, Frame[Any]]]


GOOD_BARS = Frame.of(Bar, [BAR], {"watermark": str(T0 + SECOND), "origin": "bars/x"})
GOOD_VECTORS = Frame.of(Features, [VECTOR], {"names": "ewma_variance"})
TRUTH = Frame.empty(Forecast, {"made": str(T0 + SECOND), "closes": '{"A":1.5}'})
GOOD_FORECASTS = Frame.of(Forecast, [FORECAST], {"made": str(T0)})
STAGES = {
    "features": Stage(
        *(features, "make_features", lambda: Universe(features.width), "features", [GOOD_BARS]),
        [
            (b"BAD", GOOD_BARS),
            (None, GOOD_BARS),
            (b"\xff", GOOD_BARS),
            (KEY, Frame.of(Bar, [BAR], {"watermark": "soon"})),
            (KEY, Frame.of(Bar, [BAR], {"origins": "x"})),
        ],
    ),
    "forecasts": Stage(
        *(forecasts, "make_forecasts", lambda: Inference(forecasts.hashes), "forecasts", [GOOD_VECTORS]),
        [
            (b"BAD", GOOD_VECTORS),
            (None, GOOD_VECTORS),
            (KEY, Frame.of(Features, [VECTOR])),
            (KEY, Frame.of(Features, [VECTOR], {"names": "return_1"})),
        ],
    ),
    "scores": Stage(
        *(scores, "score_forecasts", Ledger, "scores", [GOOD_FORECASTS, TRUTH]),
        [
            (None, GOOD_FORECASTS),
            (KEY, Frame.of(Forecast, [FORECAST])),
            (KEY, Frame.of(Forecast, [FORECAST], {"made": "now"})),
        ],
    ),
}


@dataclass
class Topic:
    """Takes what is sent to it."""

    frames: list[Frame[Any]] = field(default_factory=list)

    async def send(self, key: bytes, value: Frame[Any]) -> asyncio.Future[None]:
        assert key
        self.frames.append(value)
        delivered = asyncio.get_running_loop().create_future()
        delivered.set_result(None)
        return delivered


@dataclass
class Stream:
    """Gives messages, and notes which are acked."""

    messages: Sequence[tuple[bytes | None, Frame[Any]]]
    acked: list[int] = field(default_factory=list)

    def noack(self) -> "Stream":
        return self

    async def events(self) -> AsyncIterator[Any]:
        for offset, (key, frame) in enumerate(self.messages):
            yield SimpleNamespace(key=key, value=frame, message=message(offset, frame.encode()))

    async def ack(self, event: Any) -> bool:
        self.acked.append(event.message.offset)
        return True


def message(offset: int, value: bytes) -> Any:
    return SimpleNamespace(topic="app.inner", partition=0, offset=offset, timestamp=T0 / SECOND, value=value)


async def run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> tuple[Stream, list[Reject], list[Frame[Any]]]:
    """The agent's own code over all bad frames and then the good ones: what it acked, rejected and sent."""
    out, rejects = Topic(), Topic()
    fresh: Any = Checkpoints(
        {}, new=stage.state, dump=lambda state: state.dump(), load=lambda tree: tree, every=0, clock=lambda: 0.0
    )
    monkeypatch.setattr(stage.module, "app", SimpleNamespace(**{stage.out: out}, rejects=rejects, hours=always))
    monkeypatch.setattr(stage.module, "checkpoints", fresh)
    forecasts.first_look.set()
    stream = Stream([*stage.bad, *((KEY, frame) for frame in stage.good)])
    await getattr(stage.module, stage.agent).fun(stream)
    return stream, [row for frame in rejects.frames for row in frame.rows()], out.frames


@pytest.mark.parametrize("name", STAGES)
async def test_agent_rejects_what_it_can_not_use_and_goes_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = STAGES[name]

    stream, rejects, out = await run(stage, monkeypatch)

    assert [(row.offset, row.reason) for row in rejects] == [(place, "schema") for place in range(len(stage.bad))]
    assert [row.payload for row in rejects] == [frame.encode() for _, frame in stage.bad]
    assert all(row.detail for row in rejects)
    assert stream.acked == list(range(len(stage.bad) + len(stage.good)))
    assert sum(map(len, out)) > 0


@pytest.mark.parametrize("name", STAGES)
async def test_reject_sent_again_after_a_kill_is_the_same_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker died before its snapshot, and meets the same messages."""
    _, before, _ = await run(STAGES[name], monkeypatch)
    _, again, _ = await run(STAGES[name], monkeypatch)

    assert again == before
    assert len(set(map(record_id, before))) == len(before)


def test_refusal_keeps_where_the_message_stood_why_and_its_bytes() -> None:
    [row] = refusal(message(7, b"bytes"), FrameError("expected this, was that", reason="schema")).rows()

    assert row == Reject(
        topic="app.inner",
        partition=0,
        offset=7,
        row=0,
        ts=T0 // MILLISECOND * MILLISECOND,
        reason="schema",
        detail="expected this, was that",
        payload=b"bytes",
    )


def test_refusal_of_the_largest_message_fits_into_one() -> None:
    frame = refusal(message(7, b"x" * MAX_MESSAGE), FrameError("y" * MAX_MESSAGE))

    [row] = frame.rows()
    assert len(frame.encode()) < MAX_MESSAGE - 100_000
    assert row.payload == b"x" * LARGEST_PAYLOAD
    assert true_size(row) == MAX_MESSAGE


def test_admitted_gives_the_key_and_no_reject() -> None:
    event = SimpleNamespace(key=KEY, value=GOOD_BARS, message=message(0, b""))

    assert admitted(event, lambda key, _: str(key, "ascii") if key else "") == ("default|1s", [])
