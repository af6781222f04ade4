"""The messages of one poll of `ticks` as one frame of usable ticks, heartbeats, and rejects.

The topic takes frames from our sources and single JSON ticks from anybody, mixed in any way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np

from causal_alpha.bars import NEVER
from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame, Ints
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Reject, Tick
from causal_alpha.ticks import check_ticks, parse_json, tick_json


class Message(Protocol):
    """The part of a Kafka record that is needed here; `timestamp` in ms."""

    offset: int
    timestamp: int
    value: bytes | None


@dataclass(frozen=True)
class Intake:
    """Usable ticks in log order with the place of each, heartbeats as `bars.roll` takes them, rejects.

    `rows` counts every row that came in, the rejected ones included; `values` are the messages by offset.
    """

    ticks: Frame[Tick]
    offsets: Ints
    places: Ints
    beats: Ints
    rejects: list[Reject]
    rows: int
    values: dict[int, bytes]


@dataclass(frozen=True)
class _Piece:
    ticks: Frame[Tick]
    offsets: Ints
    places: Ints
    stamps: Ints
    beat: int = NEVER


class Reader:
    """Reads the messages of one partition. `tolerance` in ns, see `check_ticks`."""

    def __init__(self, *, topic: str, partition: int, tolerance: int) -> None:
        self._topic, self._partition, self._tolerance = topic, partition, tolerance

    def read(self, messages: Sequence[Message]) -> Intake:
        values = {message.offset: message.value or b"" for message in messages}
        rejects: list[Reject] = []
        pieces = list(self._pieces(messages, rejects))
        if not pieces:
            nothing = np.empty(0, dtype=np.int64)
            return Intake(Frame.empty(Tick), nothing, nothing, np.full(1, NEVER), rejects, len(rejects), values)
        ticks = Frame.concat([piece.ticks for piece in pieces])
        offsets = np.concatenate([piece.offsets for piece in pieces])
        places = np.concatenate([piece.places for piece in pieces])
        stamps = np.concatenate([piece.stamps for piece in pieces])
        rows = len(ticks) + len(rejects)

        usable = np.ones(len(ticks), dtype=np.bool_)
        for row, reason, detail in check_ticks(ticks, stamps, self._tolerance):
            usable[row] = False
            tick = next(ticks.take(np.asarray([row])).rows())
            offset = int(offsets[row])
            rejects.append(self._of_tick(tick, offset, int(places[row]), reason, values[offset], detail))
        beats = np.full(int(usable.sum()) + 1, NEVER)
        seen = 0
        for piece in pieces:
            after = seen + len(piece.ticks)
            if piece.beat != NEVER:
                place = int(usable[:after].sum())
                beats[place] = max(int(beats[place]), piece.beat)
            seen = after
        if not usable.all():
            ticks, offsets, places = ticks.take(usable), offsets[usable], places[usable]
        return Intake(ticks, offsets, places, beats, rejects, rows, values)

    def late(self, intake: Intake, rows: Ints, watermark: int) -> list[Reject]:
        """Rejects for ticks whose bars were already final."""
        detail = f"ts: expected a bar still open, the watermark has reached {watermark}"
        return [
            self._of_tick(tick, offset, place, "late", intake.values[offset], detail)
            for tick, offset, place in zip(
                intake.ticks.take(rows).rows(),
                intake.offsets[rows].tolist(),
                intake.places[rows].tolist(),
                strict=True,
            )
        ]

    def _pieces(self, messages: Sequence[Message], rejects: list[Reject]) -> Iterator[_Piece]:
        for is_frame, group in groupby(messages, key=lambda message: (message.value or b"").startswith(ARROW_MAGIC)):
            run = list(group)
            if is_frame:
                for message in run:
                    yield from self._frame(message, rejects)
            else:
                yield self._json(run, rejects)

    def _frame(self, message: Message, rejects: list[Reject]) -> Iterator[_Piece]:
        data, stamp = message.value or b"", message.timestamp * MILLISECOND
        try:
            ticks = Frame.decode(Tick, data)
            beat = int(ticks.meta.get("heartbeat", NEVER))
        except FrameError as error:
            rejects.append(self._reject(message, error.reason, str(error)))
        except ValueError as error:
            rejects.append(self._reject(message, "schema", f"heartbeat: {error}"))
        else:
            n = len(ticks)
            yield _Piece(
                ticks,
                np.full(n, message.offset),
                np.arange(n),
                np.full(n, stamp),
                min(beat, stamp + self._tolerance),  # time can't run ahead of Kafka's own
            )

    def _json(self, run: list[Message], rejects: list[Reject]) -> _Piece:
        values = [message.value or b"" for message in run]
        ticks, taken, bad = parse_json(values, "foreign")
        offsets = np.asarray([message.offset for message in run])
        stamps = np.asarray([message.timestamp for message in run]) * MILLISECOND
        rejects += [self._reject(run[row], reason, detail) for row, reason, detail in bad]
        return _Piece(ticks, offsets[taken], np.zeros(len(taken), dtype=np.int64), stamps[taken])

    def _reject(self, message: Message, reason: str, detail: str) -> Reject:
        return Reject(
            topic=self._topic,
            partition=self._partition,
            offset=message.offset,
            row=0,
            ts=message.timestamp * MILLISECOND,
            reason=reason,
            detail=detail,
            payload=message.value or b"",
        )

    def _of_tick(self, tick: Tick, offset: int, row: int, reason: str, value: bytes, detail: str) -> Reject:
        return Reject(
            topic=self._topic,
            partition=self._partition,
            offset=offset,
            row=row,
            ts=tick.ts,
            reason=reason,
            detail=detail,
            payload=tick_json(tick) if value.startswith(ARROW_MAGIC) else value,
            symbol=tick.symbol,
            source=tick.source,
        )
