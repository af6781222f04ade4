"""What every source must keep to."""

from collections.abc import AsyncGenerator
from typing import cast

import numpy as np

from causal_alpha.actions import from_meta
from causal_alpha.errors import FrameError, SettingsError
from causal_alpha.frames import Frame
from causal_alpha.intervals import interval_ns
from causal_alpha.liveness import Beat, read_signs
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import Batch, Source

_EARLIEST = 0
_LATEST = 2**62


async def check_source(source: Source, *, frames: int | None = None, late: int = 0) -> None:
    """Run a source to its end, or for `frames` frames, and check all that its contract promises.

    Frames are of `Tick` or `Bar`, can be encoded, and their rows' `source` starts with the feed's name. Times are
    ns since 1970. Heartbeats never fall; at most `late` ticks come before one; there is at least one
    if there are ticks, and the last of a feed that ended is at or after its newest tick that was
    not late. Gaps and heartbeats are of the source. Bars lie on the grid of their interval and are final; none follows
    a `closed` frame of the interval but revisions, which say from when they are known.
    """
    assert isinstance(source, Source), f"expected name and frames(), was {source!r}"
    assert source.name, "expected a name, was ''"
    state = _Seen(source.name)
    number, ended = 0, True
    iterator = source.frames()
    try:
        async for frame in iterator:
            number += 1
            _check_frame(frame, number, source.name)
            if frame.record is Tick:
                state.ticks(frame, number)
            else:
                state.bars(cast(Frame[Bar], frame), number)
            if number == frames:
                ended = False
                break
    finally:
        if isinstance(iterator, AsyncGenerator):
            await iterator.aclose()
    assert state.late <= late, f"expected at most {late} ticks before a heartbeat, was {state.late}"
    if state.any_ticks:
        assert state.beat is not None, "expected heartbeats beside ticks, was none"
        if ended:
            assert state.beat >= state.newest, f"expected a last heartbeat from {state.newest} on, was {state.beat}"


def _check_frame(frame: Batch, number: int, name: str) -> None:
    assert frame.record in (Tick, Bar), f"frame {number}: expected ticks or bars, was {frame.record.__name__}"
    sources = {source for source in frame.labels("source").tolist() if not source.startswith(name)}
    assert not sources, f"frame {number}: expected sources that start with {name!r}, was {sorted(sources)}"
    assert len(Frame.decode(frame.record, frame.encode())) == len(frame)


class _Seen:
    """What the frames so far have said."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.beat: int | None = None
        self.newest = _EARLIEST
        self.late = 0
        self.any_ticks = False
        self.closed: set[str] = set()

    def ticks(self, frame: Frame[Tick], number: int) -> None:
        ts = frame.ints("ts")
        wrong = ts[(ts < _EARLIEST) | (ts > _LATEST)]
        assert not len(wrong), f"frame {number}: expected ns since 1970, was {wrong[:3].tolist()}"
        if len(ts):
            self.any_ticks = True
            late = ts < (self.beat or 0)
            self.late += int(late.sum())
            self.newest = max(self.newest, int(ts[~late].max(initial=_EARLIEST)))
        try:
            said = read_signs(frame.meta, _LATEST)
        except FrameError as error:
            raise AssertionError(f"frame {number}: {error}") from error
        assert len(ts) or said, f"frame {number}: expected rows, a heartbeat or a gap, was none"
        for sign in said:
            assert sign.source.startswith(self.name) or (sign.source == "" and isinstance(sign, Beat)), (
                f"frame {number}: expected a word of {self.name!r}, was of {sign.source!r}"
            )
            if isinstance(sign, Beat):
                assert self.beat is None or sign.ts >= self.beat, (
                    f"frame {number}: expected a heartbeat from {self.beat} on, was {sign.ts}"
                )
                self.beat = sign.ts

    def bars(self, frame: Frame[Bar], number: int) -> None:
        try:
            said = from_meta(frame.meta)
        except FrameError as error:
            raise AssertionError(f"frame {number}: {error}") from error
        assert not said or not len(frame), f"frame {number}: expected actions without bars, was {len(frame)} bars"
        intervals = frame.labels("interval")
        revised = frame.labels("state").equals("revised")
        names = set(intervals.take(~revised).tolist())
        again = names & self.closed
        assert not again, f"frame {number}: expected no bars of {sorted(again)} after closed, was {len(frame)}"
        try:
            lengths = np.asarray([interval_ns(name) for name in intervals.tolist()], dtype=np.int64)
        except SettingsError as error:
            raise AssertionError(f"frame {number}: {error}") from error
        starts = frame.ints("start")
        off = starts[(starts < _EARLIEST) | (starts > _LATEST) | (starts % np.maximum(lengths, 1) != 0)]
        assert not len(off), f"frame {number}: expected starts on the grid of the interval, was {off[:3].tolist()}"
        states = set(frame.labels("state").tolist()) - {"final", "revised"}
        assert not states, f"frame {number}: expected final or revised bars, was {sorted(states)}"
        since = revised & (frame.ints("revision") > 0) & (frame.ints("known_at") > starts)
        assert (since == revised).all(), f"frame {number}: expected revisions from 1 on, and when they are known"
        if "closed" in frame.meta:
            self.closed |= names
