"""Decoders under fire: whatever comes from outside is taken, rejected with a reason, or refused with the error meant.

`CAUSAL_ALPHA_FUZZ_INPUTS` inputs (50,000; a million in `make nightly`) are made from good ones by `mutate`, seeded by
`CAUSAL_ALPHA_FUZZ_SEED`, so that a failure comes again; it names the input.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from fastapi import HTTPException

from causal_alpha.actions import Action, from_meta, to_meta
from causal_alpha.bars import BarState, Rules
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.errors import FrameError
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Frame, gap, heartbeat
from causal_alpha.hub.ingest import _read
from causal_alpha.hub.posting import _split
from causal_alpha.hub.socket import _subscription
from causal_alpha.hub.stream import Hub
from causal_alpha.inference import Inference, check_features
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.ledger import Ledger, check_forecasts
from causal_alpha.lineup import Lineup
from causal_alpha.liveness import read_signs
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject, Request, Score, Tick
from causal_alpha.topology import FrameCodec, JsonCodec
from causal_alpha.transform import Transform
from causal_alpha.universe import Universe, check_bars

INPUTS = int(os.environ.get("CAUSAL_ALPHA_FUZZ_INPUTS", "50000"))
SEED = int(os.environ.get("CAUSAL_ALPHA_FUZZ_SEED", "1"))
BATCH = 100
T0 = 1_700_000_000 * SECOND
RULES = Rules.of(("1s", "1m"))

TOKENS = (
    *(b"null", b"true", b"NaN", b"-Infinity", b"1e309", b"-0.0", b"1e-320", b"0", b"-1", b"9223372036854775808"),
    *(b"9223372036854775807", b"-9223372036854775809", b"1.5", b'""', b'"\\ud800"', b'"\xc3\xa9"', b"[]", b"{}"),
    *(b"[" * 2_000, b'{"a":' * 500, b'"' + b"x" * 5_000 + b'"', b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\xff" * 8),
    *(b'"1970-01-01T00:00:00Z"', b'"2262-12-31T23:59:59.999999999+23:59"', b'"symbol"', b'"heartbeat"', b","),
)


class Message(NamedTuple):
    offset: int
    value: bytes
    timestamp: int = T0 // MILLISECOND


def mutate(good: Sequence[bytes], rng: random.Random) -> bytes:
    """One of the good inputs after up to four changes: bits, bytes, tokens, pieces of another, a cut."""
    data = bytearray(rng.choice(good))
    for _ in range(rng.randrange(5)):
        place = rng.randrange(len(data) + 1)
        length = rng.choice((1, 2, 4, 8, 40))
        match rng.randrange(8):
            case 0 if data:
                data[place % len(data)] ^= 1 << rng.randrange(8)
            case 1:
                data[place : place + length] = rng.randbytes(length)
            case 2:
                data[place : place + length] = b""
            case 3:
                data[place:place] = data[place : place + length] * 2
            case 4:
                other = rng.choice(good)
                data[place:] = other[rng.randrange(len(other) + 1) :]
            case 5:
                del data[place:]
            case 6:
                data[place : place + length] = rng.choice(TOKENS)
            case _:
                fields = data.split(b",")
                fields[rng.randrange(len(fields))] = rng.choice(TOKENS)
                data = bytearray(b",".join(fields))
    return bytes(data)


TICK = Tick(symbol="A", ts=T0, price=1.5, size=2.0, id=7, bid=1.4, ask=1.6, bid_size=3.0, ask_size=4.0, source="feed")
BAR = Bar(symbol="A", interval="1s", start=T0, open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=2)
REJECT = Reject(topic="t", partition=0, offset=1, row=0, ts=T0, reason="schema", detail="no", payload=b"\x00{")
REQUEST = Request(id="1", source="yahoo", kind="history", symbols=("A", "B"), start=1, end=2)
VECTOR = Features(
    symbol="A", interval="1s", start=T0, close=1.5, values=(0.5,) * len(VOLATILITY.names), feature_set=VOLATILITY.hash
)
FORECAST = Forecast(
    **{"symbol": "A", "interval": "1s", "start": T0 - SECOND, "made": T0, "horizon": 1, "due": T0 + SECOND},
    **{"price": 1.5, "location": 0.0, "variance": 1e-4, "quantiles": (1.5,) * len(LEVELS)},
    **{"family": "ewma", "version": "1", "feature_set": "x"},
)
SCORE = Score(
    **{"symbol": "A", "interval": "1s", "start": T0, "made": T0, "horizon": 1, "due": T0, "scored": T0},
    **{"family": "ewma", "version": "1", "price": 1.0, "truth": 1.0, "ret": 0.0, "crps": 1.0, "crps_naive": 1.0},
    **{"crps_ewma": 1.0, "qlike": 1.0, "inside_80": 1.0, "inside_95": 1.0, "winkler_80": 1.0},
)
ROW = {"symbol": "A", "ts": T0 // MILLISECOND, "price": 1.5, "size": 2, "id": "x-7", "bid": 1.4, "ask": 1.6}
ROWS = [json.dumps(ROW).encode(), json.dumps(ROW | {"ts": "2023-11-14T22:13:20.5Z", "id": None}).encode()]
FRAMES = [
    Frame.of(Tick, [TICK]).encode(),
    Frame.of(Tick, [TICK] * 30, {"heartbeat": str(T0), "source": "feed"}).encode(),
    heartbeat(T0, "feed").encode(),
    gap("feed", ["A", "B"], T0, T0 + SECOND).encode(),
]
DEEP = b'{"x":' + b"[" * 2_000 + b"]" * 2_000 + b"}"
"""Deeper than a decoder goes, where it only looks for the end of what it doesn't know."""
WISH = {"source": "yahoo", "symbols": ["A", "B"], "kind": "history", "interval": "1m", "start": 1, "end": 2}
SPLIT = {"symbol": "A", "kind": "split", "date": 0, "ts": 9, "value": 4.0, "known_at": 9}
SPLIT_WORD = Action(symbol="A", kind="split", date=T0, ts=T0 - SECOND, value=4.0, known_at=T0 - SECOND)


def read_log(values: Sequence[bytes]) -> None:
    """The transform takes anything: every row is counted once, and every message still opens the way for the next."""
    transform, state = Transform(topic="ticks", partitions=1, tolerance=5.0), BarState.new(RULES)
    bars, rejects = transform.run(state, 0, [Message(offset, value) for offset, value in enumerate(values)])
    assert state.counts.balanced()
    assert len(rejects) == state.counts.rejected + state.counts.late
    assert all(reject.reason and reject.detail for reject in rejects.rows())
    after = state.counts.in_bars
    transform.run(state, 0, [Message(len(values), Frame.of(Tick, [last_tick(state)]).encode())])
    assert state.counts.in_bars == after + 1
    for frame in bars.values():
        Frame.decode(Bar, frame.encode())


def last_tick(state: BarState) -> Tick:
    """A tick that nothing said before can make unusable: it is as new as a message may be."""
    return msgspec.structs.replace(TICK, symbol="LAST", ts=T0 + 5 * SECOND, id=2**62)


class Said(NamedTuple):
    """A frame of one row as a stage gets it: its key, and what else is not as it should be."""

    key: bytes | None
    meta: dict[str, str]
    interval: str
    start: int


def said(value: bytes) -> Said:
    """The first line is the key, `-` for none; those after it are words of `meta`, or of the row: `#start=5`."""
    first, *lines = value.split(b"\n")
    words = [line.decode(errors="replace").partition("=") for line in lines]
    meta = {word: text for word, _, text in words}
    start = meta.pop("#start", "")
    row = {"interval": meta.pop("#interval", "1s"), "start": T0}
    if start.removeprefix("-").isdecimal() and len(start) < 30:
        row["start"] = max(-(2**63), min(int(start), 2**63 - 1))
    return Said(None if first == b"-" else first, meta, **row)  # type: ignore[arg-type]


def told(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def as_admitted(frame: Frame[Any], key: bytes | None, check: Callable[..., str], push: Callable[..., object]) -> None:
    """Push what the check admits; what it refuses, or the codec of the topic, never comes to the stage."""
    try:
        frame = FrameCodec(frame.record)._loads(frame.encode())
        text = check(key, frame)
    except FrameError:
        return
    with np.errstate(all="ignore"):
        push(text, frame)


def push_bars(values: Sequence[bytes]) -> None:
    """The universe goes on whatever comes, also from its own snapshot."""
    universe = Universe(DEFAULT.lookback)

    def push(key: str, bars: Frame[Bar]) -> None:
        list(universe.push(key, bars, DEFAULT))

    for value in values:
        key, meta, interval, start = said(value)
        bars = [msgspec.structs.replace(BAR, symbol=name, interval=interval, start=start) for name in ("A", "B")]
        as_admitted(Frame.of(Bar, bars, meta), key, check_bars, push)
    universe = Universe.load(unpack(pack(universe.dump())), DEFAULT.lookback)
    again = Frame.of(Bar, [BAR], {"watermark": str(T0 + SECOND)})
    assert len(list(universe.push("new|1s", again, DEFAULT))) == 1


def push_features(values: Sequence[bytes]) -> None:
    hashes = frozenset({VOLATILITY.hash})
    inference = Inference(hashes)

    def push(key: str, features: Frame[Features]) -> None:
        inference.push(key, features, Lineup())

    for value in values:
        key, meta, interval, start = said(value)
        vector = msgspec.structs.replace(VECTOR, interval=interval, start=start)
        as_admitted(Frame.of(Features, [vector], meta), key, partial(check_features, hashes=hashes), push)
    inference = Inference.load(unpack(pack(inference.dump())), hashes)
    again = Frame.of(Features, [VECTOR], {"names": ",".join(VOLATILITY.names)})
    assert len(inference.push("new|1s", again, Lineup())) == 2


def push_forecasts(values: Sequence[bytes]) -> None:
    ledger = Ledger()
    for value in values:
        key, meta, interval, start = said(value)
        row = msgspec.structs.replace(FORECAST, interval=interval, start=start, due=start)
        as_admitted(Frame.of(Forecast, [row], meta), key, check_forecasts, ledger.push)
    ledger = Ledger.load(unpack(pack(ledger.dump())))
    ledger.push("new|1s", Frame.of(Forecast, [FORECAST], {"made": str(T0)}))
    assert len(ledger.push("new|1s", Frame.empty(Forecast, {"made": str(T0 + SECOND), "closes": '{"A":1.5}'}))) == 1


def publish(values: Sequence[bytes]) -> None:
    """The hub takes every frame that the topics' codecs let through, whatever its `meta` says."""
    hub = Hub("fuzz", clock=lambda: T0)
    for value in values:
        _, meta, interval, start = said(value)
        for row in (BAR, msgspec.structs.replace(BAR, state="forming"), VECTOR, FORECAST, SCORE):
            changed: Any = msgspec.structs.replace(row, interval=interval, start=start)
            frame: Frame[Any] = Frame.of(type(changed), [changed], meta)
            as_admitted(frame, b"-", lambda key, _: str(key), lambda _, decoded: hub.publish(decoded))
    hub.publish(Frame.of(Score, [msgspec.structs.replace(SCORE, symbol="LAST")]))
    assert next(hub.log.read(hub.log.seq - 1)).symbol == "LAST"


def refusing(read: Callable[[bytes], object], *errors: type[Exception]) -> Callable[[Sequence[bytes]], None]:
    """Calls `read` with each input; it may raise `errors`, and nothing else."""

    def feed(values: Sequence[bytes]) -> None:
        for value in values:
            try:
                read(value)
            except errors:
                continue

    return feed


def as_text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda value: read(value.decode(errors="replace"))


BADNESS = (msgspec.MsgspecError, RecursionError)
TARGETS: dict[str, tuple[list[bytes], Callable[[Sequence[bytes]], None]]] = {
    "ticks as JSON": ([*ROWS, DEEP], read_log),
    "frames of ticks": (FRAMES, read_log),
    "a mixed log": ([*ROWS, *FRAMES], read_log),
    "heartbeats": (
        [b"1700000000000000000", b"-1"],
        refusing(as_text(lambda text: read_signs({"heartbeat": text, "source": "x"}, T0)), FrameError),
    ),
    "gaps": (
        [gap("feed", ["A", "B"], T0, T0 + SECOND).meta["gap"].encode(), DEEP],
        refusing(as_text(lambda text: read_signs({"gap": text}, T0)), FrameError),
    ),
    "actions": (
        [json.dumps([SPLIT]).encode(), b"[" + DEEP + b"]"],
        refusing(as_text(lambda text: from_meta({"actions": text})), FrameError),
    ),
    "frames of bars": ([Frame.of(Bar, [BAR] * 3).encode()], refusing(lambda v: Frame.decode(Bar, v), FrameError)),
    "frames of features": (
        [Frame.of(Features, [VECTOR] * 3).encode()],
        refusing(FrameCodec(Features)._loads, FrameError),
    ),
    "frames of forecasts": (
        [Frame.of(Forecast, [FORECAST] * 3).encode()],
        refusing(FrameCodec(Forecast)._loads, FrameError),
    ),
    "frames of scores": ([Frame.of(Score, [SCORE] * 3).encode()], refusing(FrameCodec(Score)._loads, FrameError)),
    "bars with any key and meta": (
        [
            told("default|1s", f"watermark={T0 + SECOND}", "origins=2", "origin=ticks/0"),
            told("default|1s", f"watermark={T0 + SECOND}", "origin=bars/x", f"#start={T0 - SECOND}"),
            told("default|1m", f"watermark={2**63 - 1}", "#interval=1m", f"#start={2**62 - 1}"),
            told("default|*", f"actions={to_meta([SPLIT_WORD])['actions']}"),
            told("-", "watermark=soon", "origins=x"),
        ],
        push_bars,
    ),
    "features with any key and meta": (
        [
            told("default|1s", f"names={','.join(VOLATILITY.names)}"),
            told("default|1m", f"names={','.join(VOLATILITY.names)}", "#interval=1m", f"#start={2**62 - 1}"),
            told("default|1d", f"names={','.join(VOLATILITY.names)}", "#interval=1d", f"#start={1 - 2**62}"),
            told("-", "names=return_1"),
        ],
        push_features,
    ),
    "forecasts with any key and meta": (
        [
            told("default|1s", f"made={T0}", 'closes={"A":1.5}'),
            told("default|1s", f"made={T0 + SECOND}", "closes={}", f"#start={T0 + SECOND}"),
            told("default|1s", f"made={2**63 - 1}", "closes={}", f"#start={2**63 - 1}"),
            told("-", "made=now"),
        ],
        push_forecasts,
    ),
    "what the hub is told": (
        [
            told("-", f"watermark={T0}", f"ts={T0}", f"appended={T0}"),
            told("-", "watermark=soon", "ts=", "appended=1e3", "#interval=1m", f"#start={2**63 - 1}"),
        ],
        publish,
    ),
    "frames of rejects": (
        [Frame.of(Reject, [REJECT] * 3).encode()],
        refusing(lambda v: list(Frame.decode(Reject, v).rows()), FrameError),
    ),
    "requests": ([msgspec.json.encode(REQUEST), DEEP], refusing(JsonCodec(Request)._loads, FrameError)),
    "asked for": ([json.dumps(WISH).encode(), DEEP], refusing(_read, HTTPException)),
    "subscriptions": (
        [
            b'["subscribe",{"symbols":["A"],"intervals":null}]',
            b'["other"]',
            b'["subscribe"]',
            b'["subscribe",' + DEEP + b"]",
        ],
        refusing(as_text(_subscription), *BADNESS),
    ),
    "posted bodies": ([b"[" + b",".join(ROWS) + b"]", *ROWS, DEEP], refusing(_split, ValueError, RecursionError)),
}


@pytest.mark.timeout(120 + INPUTS // 300)
@pytest.mark.parametrize("target", TARGETS)
def test_decoder_takes_or_refuses_whatever_comes(target: str) -> None:
    good, feed = TARGETS[target]
    rng = random.Random(f"{SEED} {target}")
    left = -(-INPUTS // len(TARGETS))
    while left > 0:
        values = [mutate(good, rng) for _ in range(min(BATCH, left))]
        left -= len(values)
        try:
            feed(values)
        except Exception as error:
            error.add_note(f"seed {SEED}, {target}: {smallest(values, feed)!r}")
            raise


def smallest(values: Sequence[bytes], feed: Callable[[Sequence[bytes]], None]) -> Sequence[bytes]:
    """One input that fails by itself, if one does."""
    for value in values:
        try:
            feed([value])
        except Exception:
            return [value]
    return values
