"""The messages of one poll of `ticks` as one frame of usable ticks, heartbeats, and rejects.

The topic takes frames from our sources and single JSON ticks from anybody, mixed in any way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from causal_alpha.errors import FrameError
from causal_alpha.frames import ARROW_MAGIC, Column, Frame, Ints, Labels
from causal_alpha.intervals import MILLISECOND
from causal_alpha.liveness import Sign, read_signs
from causal_alpha.messages import Message, Messages
from causal_alpha.records import Reject, Tick
from causal_alpha.rejects import kept, payloads
from causal_alpha.ticks import Bad, all_usable, check_ticks, parse_json, parse_trades

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
            rows_of, reasons, details = zip(*bad, strict=True)
            refused, kept = np.asarray(rows_of), np.delete(np.arange(len(ticks)), rows_of)
            rejects += self._of_ticks(
                ticks.take(refused),
                messages,
                *origins.of(refused),
                reason=Labels.of(reasons),
                detail=Labels.of(details),
            ).rows()
            ticks, origins = ticks.take(kept), Origins(counts, kept)
        # a sign stands after its message's last tick
        placed: list[Sign] = [sign._replace(row=origins.end(place)) for place, sign in signs]
        return Intake(ticks, origins, placed, rejects, rows, messages)

    def late(self, intake: Intake, rows: Ints, watermark: int) -> Frame[Reject]:
        """Rejects for ticks whose bars can't change any more."""
        detail = f"ts: expected a bar that can still change, the watermark has reached {watermark}"
        n = len(rows)
        return self._of_ticks(
            intake.ticks.take(rows),
            intake.messages,
            *intake.origins.of(rows),
            reason=Labels.constant("late", n),
            detail=Labels.constant(detail, n),
        )

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
        if values and not values[0].startswith(ARROW_MAGIC):  # then all are alike, mostly
            trades = parse_trades(values, "foreign")
            if trades is not None:
                counts[:] = 1
                yield trades
                return
        for is_frame, first, end in _runs(values):
            if is_frame:
                for place in range(first, end):
                    try:
                        ticks = Frame.decode(Tick, values[place])
                        # time can't run ahead of Kafka's own
                        limit = int(messages.timestamps[place]) * MILLISECOND + self._tolerance
                        said = read_signs(ticks.meta, limit) if ticks.meta else []
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

    def _reject(self, message: Message, reason: str, detail: str) -> Reject:
        payload, detail = kept(message.value or b"", detail)
        return Reject(
            topic=self._topic,
            partition=self._partition,
            offset=message.offset,
            row=0,
            ts=message.timestamp * MILLISECOND,
            reason=reason,
            detail=detail,
            payload=payload,
        )

    def _of_ticks(
        self, ticks: Frame[Tick], messages: Messages, of_row: Ints, places: Ints, *, reason: Labels, detail: Labels
    ) -> Frame[Reject]:
        """`of_row`, `places`: the message that each tick was in, and its row there."""
        n = len(ticks)
        values = [messages.values[place] for place in of_row.tolist()]
        in_frame = [value.startswith(ARROW_MAGIC) for value in values]
        texts = payloads(ticks) if any(in_frame) else values
        rows = [text if framed else value for value, framed, text in zip(values, in_frame, texts, strict=True)]
        whole = [kept(row, said) for row, said in zip(rows, detail.tolist(), strict=True)]
        payload = np.empty(n, dtype=object)
        payload[:] = [row for row, _ in whole]
        columns: dict[str, Column] = {
            "topic": Labels.constant(self._topic, n),
            "partition": np.full(n, self._partition),
            "offset": messages.offsets[of_row],
            "row": places,
            "ts": ticks.ints("ts"),
            "reason": reason,
            "detail": Labels.of([said for _, said in whole]),
            "payload": payload,
            "symbol": Labels.of(ticks.labels("symbol").tolist()),  # not all names of the poll
            "source": Labels.of(ticks.labels("source").tolist()),
        }
        return Frame(Reject, columns)


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
