"""The transform of one poll: messages in, bars and rejects out. Pure, but for the state it is given."""

from collections.abc import Sequence

from causal_alpha.bars import NEVER, BarState, forming, roll
from causal_alpha.frames import Frame
from causal_alpha.intake import Message, Reader
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar, Reject

_NO_REJECTS: Frame[Reject] = Frame.empty(Reject)


class Transform:
    """Turns messages of the `partitions` of `topic` into bars. `tolerance` in seconds, see `check_ticks`."""

    def __init__(self, *, topic: str, partitions: int, tolerance: float) -> None:
        self._partitions = partitions
        self._readers = [
            Reader(topic=topic, partition=partition, tolerance=round(tolerance * SECOND))
            for partition in range(partitions)
        ]

    def run(
        self, state: BarState, partition: int, messages: Sequence[Message]
    ) -> tuple[dict[str, Frame[Bar]], Frame[Reject]]:
        """Final and revised bars by interval, and the rejects of the messages that follow those already in `state`.

        An interval has a frame when bars became final, were revised, the watermark passed one of its edges, or the
        partition got its first tick; the frame's `meta` tells where it comes from, see `causal_alpha.crosssection`.
        """
        reader = self._readers[partition]
        before, without = state.watermark, state.newest == NEVER
        intake = reader.read(messages)
        rolled = roll(state, intake.ticks, intake.signs)
        state.counts.rows += intake.rows
        state.counts.rejected += len(intake.rejects)
        rejects = [Frame.of(Reject, intake.rejects)] if intake.rejects else []
        if len(rolled.late):
            rejects.append(reader.late(intake, rolled.late, state.watermark))
        meta, first = self._meta(state, partition), without and state.newest != NEVER
        bars = {
            interval: Frame(Bar, frame.columns, meta)
            for interval, frame in rolled.bars.items()
            if len(frame) or self._passed_edge(before, state, interval) or (first and interval in state.books)
        }
        return bars, Frame.concat(rejects) if rejects else _NO_REJECTS

    def plea(self, state: BarState, partition: int) -> Frame[Bar]:
        """A word to whoever waits for this partition, which has no tick and stands still: lead it."""
        return Frame.empty(Bar, self._meta(state, partition) | {"lead": "1"})

    def forming(self, state: BarState, partition: int, appended: int = 0) -> Frame[Bar]:
        """The open bars of all intervals that changed since they were last asked for.

        `appended` is when Kafka got the newest message in them, in ns, so that the hub can tell what bars take.
        """
        bars = forming(state)
        times = {"ts": str(state.newest), "appended": str(appended)}
        return Frame(Bar, bars.columns, self._meta(state, partition) | times)

    def _meta(self, state: BarState, partition: int) -> dict[str, str]:
        meta = {"origin": f"ticks/{partition}", "origins": str(self._partitions), "watermark": str(state.watermark)}
        return meta | {"ticks": "0"} if state.newest == NEVER else meta

    @staticmethod
    def _passed_edge(before: int, state: BarState, interval: str) -> bool:
        if interval in state.activity:
            return False  # its bars end when they are full
        length = state.books[interval].length
        return state.watermark != NEVER and state.watermark // length > before // length
