"""The messages of one poll of `ticks` as one frame of usable ticks, heartbeats, and rejects.

The topic takes frames from our sources and single JSON ticks from anybody, mixed in any way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Frame, Ints
from causal_alpha.intervals import MILLISECOND
from causal_alpha.liveness import Sign, read_signs
from causal_alpha.messages import Message, Messages
from causal_alpha.records import Reject, Tick
from causal_alpha.ticks import Bad, all_usable, check_ticks, parse_json, tick_json

__all__ = ["Intake", "Message", "Reader"]

_NO_TICKS: Frame[Tick] = Frame.empty(Tick)


@dataclass(frozen=True)
class Origins:
    """Where rows of a poll come from: message i brought `counts[i]` of them, `kept` (None: all) were usable."""

    counts: Ints
    kept: Ints | None = None

    def of(self, rows: Ints) -> tuple[Ints, Ints]:
        """The messages that some of the usable rows were in, and their places there."""
        read = rows if self.kept is None else self.kept[rows]
        ends = np.cumsum(self.counts)
        messages = np.searchsorted(ends, read, side="right")
        return messages, read - (ends - self.counts)[messages]

    def end(self, message: int) -> int:
        """How many usable rows there are up to the end of a message."""
        read = int(self.counts[: message + 1].sum())
        return read if self.kept is None else int(np.searchsorted(self.kept, read))


@dataclass(frozen=True)
class Intake:
    """Usable ticks in log order, heartbeats and gaps as `bars.roll` takes them, rejects.

    `rows` counts every row that came in, the rejected ones included.
    """

    ticks: Frame[Tick]
    origins: Origins
    signs: Sequence[Sign]
    rejects: list[Reject]
    rows: int
    messages: Messages


class Reader:
    """Reads the messages of one partition. `tolerance` in ns, see `check_ticks`."""

    def __init__(self, *, topic: str, partition: int, tolerance: int) -> None:
        self._topic, self._partition, self._tolerance = topic, partition, tolerance

    def read(self, messages: Sequence[Message]) -> Intake:
        messages = Messages.of(messages)
        counts = np.zeros(len(messages), dtype=np.int64)
        signs: list[tuple[int, Sign]] = []
        rejects: list[Reject] = []
        pieces = [ticks for ticks in self._pieces(messages, counts, signs, rejects) if len(ticks)]
        ticks = Frame.concat(pieces) if pieces else _NO_TICKS
        rows = len(ticks) + len(rejects)
        origins = Origins(counts)
        if bad := self._check(ticks, messages, origins):
            rejects += self._unusable(ticks, messages, origins, bad)
            kept = np.delete(np.arange(len(ticks)), [row for row, *_ in bad])
            ticks, origins = ticks.take(kept), Origins(counts, kept)
        # a sign stands after its message's last tick
        placed: list[Sign] = [sign._replace(row=origins.end(place)) for place, sign in signs]
        return Intake(ticks, origins, placed, rejects, rows, messages)

    def late(self, intake: Intake, rows: Ints, watermark: int) -> list[Reject]:
        """Rejects for ticks whose bars can't change any more."""
        detail = f"ts: expected a bar that can still change, the watermark has reached {watermark}"
        messages, places = intake.origins.of(rows)
        return [
            self._of_tick(tick, intake.messages[message], place, "late", detail)
            for tick, message, place in zip(
                intake.ticks.take(rows).rows(), messages.tolist(), places.tolist(), strict=True
            )
        ]

    def _check(self, ticks: Frame[Tick], messages: Messages, origins: Origins) -> list[Bad]:
        if not len(ticks) or all_usable(ticks, int(messages.timestamps.min()) * MILLISECOND + self._tolerance):
            return []
        of_row, _ = origins.of(np.arange(len(ticks)))
        return check_ticks(ticks, messages.timestamps[of_row] * MILLISECOND, self._tolerance)

    def _pieces(
        self,
        messages: Messages,
        counts: Ints,
        signs: list[tuple[int, Sign]],
        rejects: list[Reject],
    ) -> Iterator[Frame[Tick]]:
        """The readable ticks, a frame a run of messages.

        How many each message has goes into `counts`, what else it says into `signs`.
        """
        values = messages.values
        for is_frame, first, end in _runs(values):
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

    def _unusable(
        self, ticks: Frame[Tick], messages: Messages, origins: Origins, bad: Sequence[Bad]
    ) -> Iterator[Reject]:
        rows = np.asarray([row for row, *_ in bad])
        of_row, places = origins.of(rows)
        for tick, message, place, (_, reason, detail) in zip(
            ticks.take(rows).rows(), of_row.tolist(), places.tolist(), bad, strict=True
        ):
            yield self._of_tick(tick, messages[message], place, reason, detail)

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


def _runs(values: Sequence[bytes]) -> Iterator[tuple[bool, int, int]]:
    """Runs of frames and of JSON messages: (whether frames, first, end)."""
    kinds = list(map(bytes.startswith, values, repeat(ARROW_MAGIC)))
    first = 0
    while first < len(kinds):
        kind = kinds[first]
        try:
            end = kinds.index(not kind, first)
        except ValueError:
            end = len(kinds)
        yield kind, first, end
        first = end
