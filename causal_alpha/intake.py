"""The messages of one poll of `ticks` as one frame of usable ticks, heartbeats, and rejects.

The topic takes frames from our sources and single JSON ticks from anybody, mixed in any way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame, Ints
from causal_alpha.intervals import MILLISECOND
from causal_alpha.liveness import Sign, read_signs
from causal_alpha.records import Reject, Tick
from causal_alpha.ticks import check_ticks, parse_json, tick_json


class Message(Protocol):
    """The part of a Kafka record that is needed here; `timestamp` in ms."""

    offset: int
    timestamp: int
    value: bytes | None


@dataclass(frozen=True)
class Intake:
    """Usable ticks in log order, heartbeats and gaps as `bars.roll` takes them, rejects.

    `of_row` tells which of the `messages` a tick was in, `places` its row there. `rows` counts every row
    that came in, the rejected ones included.
    """

    ticks: Frame[Tick]
    of_row: Ints
    places: Ints
    signs: Sequence[Sign]
    rejects: list[Reject]
    rows: int
    messages: Sequence[Message]


class Reader:
    """Reads the messages of one partition. `tolerance` in ns, see `check_ticks`."""

    def __init__(self, *, topic: str, partition: int, tolerance: int) -> None:
        self._topic, self._partition, self._tolerance = topic, partition, tolerance

    def read(self, messages: Sequence[Message]) -> Intake:
        values = [message.value or b"" for message in messages]
        counts = np.zeros(len(messages), dtype=np.int64)
        signs: list[tuple[int, Sign]] = []
        rejects: list[Reject] = []
        pieces = list(self._pieces(messages, values, counts, signs, rejects))
        ticks = Frame.concat(pieces) if pieces else Frame.empty(Tick)
        of_row = np.repeat(np.arange(len(messages)), counts)
        places = np.arange(len(ticks)) - np.repeat(np.cumsum(counts) - counts, counts)
        stamps = np.asarray([message.timestamp for message in messages], dtype=np.int64) * MILLISECOND
        rows = len(ticks) + len(rejects)

        bad = check_ticks(ticks, stamps[of_row], self._tolerance)
        if bad:
            usable = np.ones(len(ticks), dtype=np.bool_)
            usable[[row for row, *_ in bad]] = False
            for row, reason, detail in bad:
                tick = next(ticks.take(np.asarray([row])).rows())
                rejects.append(self._of_tick(tick, messages[of_row[row]], int(places[row]), reason, detail))
            ticks, of_row, places = ticks.take(usable), of_row[usable], places[usable]
            counts = np.bincount(of_row, minlength=len(messages))
        ends = np.cumsum(counts).tolist() if signs else []  # a sign stands after its message's last tick
        placed: list[Sign] = [sign._replace(row=ends[place]) for place, sign in signs]
        return Intake(ticks, of_row, places, placed, rejects, rows, messages)

    def late(self, intake: Intake, rows: Ints, watermark: int) -> list[Reject]:
        """Rejects for ticks whose bars can't change any more."""
        detail = f"ts: expected a bar that can still change, the watermark has reached {watermark}"
        return [
            self._of_tick(tick, intake.messages[message], place, "late", detail)
            for tick, message, place in zip(
                intake.ticks.take(rows).rows(),
                intake.of_row[rows].tolist(),
                intake.places[rows].tolist(),
                strict=True,
            )
        ]

    def _pieces(
        self,
        messages: Sequence[Message],
        values: Sequence[bytes],
        counts: Ints,
        signs: list[tuple[int, Sign]],
        rejects: list[Reject],
    ) -> Iterator[Frame[Tick]]:
        """The readable ticks, a frame a run of messages.

        How many each message has goes into `counts`, what else it says into `signs`.
        """
        first = 0
        for is_frame, group in groupby([value.startswith(ARROW_MAGIC) for value in values]):
            end = first + len(list(group))
            if is_frame:
                for place in range(first, end):
                    try:
                        ticks = Frame.decode(Tick, values[place])
                        # time can't run ahead of Kafka's own
                        said = read_signs(ticks.meta, messages[place].timestamp * MILLISECOND + self._tolerance)
                    except FrameError as error:
                        rejects.append(self._reject(messages[place], error.reason, str(error)))
                    else:
                        counts[place] = len(ticks)
                        signs += [(place, sign) for sign in said]
                        yield ticks
            else:
                ticks, taken, bad = parse_json(values[first:end], "foreign")
                counts[first + taken] = 1
                rejects += [self._reject(messages[first + row], reason, detail) for row, reason, detail in bad]
                yield ticks
            first = end

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

    def _of_tick(self, tick: Tick, message: Message, row: int, reason: str, detail: str) -> Reject:
        value = message.value or b""
        return Reject(
            topic=self._topic,
            partition=self._partition,
            offset=message.offset,
            row=row,
            ts=tick.ts,
            reason=reason,
            detail=detail,
            payload=tick_json(tick) if value.startswith(ARROW_MAGIC) else value,
            symbol=tick.symbol,
            source=tick.source,
        )
