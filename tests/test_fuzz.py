"""Decoders under fire: whatever comes from outside is taken, rejected with a reason, or refused with the error meant.

`CAUSAL_ALPHA_FUZZ_INPUTS` inputs (50,000; a million in `make nightly`) are made from good ones by `mutate`, seeded by
`CAUSAL_ALPHA_FUZZ_SEED`, so that a failure comes again; it names the input.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import pytest
from fastapi import HTTPException

from causal_alpha.actions import from_meta
from causal_alpha.bars import BarState, Rules
from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame, gap, heartbeat
from causal_alpha.hub.ingest import _read
from causal_alpha.hub.posting import _split
from causal_alpha.hub.socket import _subscription
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.liveness import read_signs
from causal_alpha.records import Bar, Reject, Request, Tick
from causal_alpha.topology import JsonCodec
from causal_alpha.transform import Transform

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
