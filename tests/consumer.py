"""Stands in for a Kafka consumer of one topic: what is in its partitions, what was read of them, and the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndTimestamp

from causal_alpha.intervals import MILLISECOND


class Stamped(NamedTuple):
    """A message as aiokafka gives it; `timestamp` in ms."""

    partition: int
    offset: int
    timestamp: int
    value: bytes | None = b""
    key: bytes | None = b"k"
    topic: str = "t"
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass
class Consumer:
    """A consumer of `log`, by partition. Waiting lets time (ms) pass, in which `later` comes: what by when.

    Called it gives itself, as anew, so it can stand in the place of aiokafka's class.
    """

    log: dict[int, list[Stamped]]
    now: int = 0
    later: list[tuple[int, Stamped]] = field(default_factory=list)
    read: list[Stamped] = field(default_factory=list)
    most: int = 100

    @classmethod
    def of(cls, *stamps: Sequence[int], **facts: Any) -> "Consumer":
        """Partitions of messages with these stamps, in ms."""
        log = {p: [Stamped(p, n, at) for n, at in enumerate(part)] for p, part in enumerate(stamps)}
        return cls(log, **facts)

    def __call__(self, **_: Any) -> "Consumer":
        self.places: dict[TopicPartition, int] = {}
        self.paused: set[TopicPartition] = set()
        return self

    def clock(self) -> int:
        return self.now * MILLISECOND

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def assign(self, places: Sequence[TopicPartition]) -> None:
        self.places = dict.fromkeys(places, 0)

    def pause(self, *places: TopicPartition) -> None:
        self.paused |= set(places)

    def seek(self, place: TopicPartition, offset: int) -> None:
        self.places[place] = offset

    async def position(self, place: TopicPartition) -> int:
        return self.places[place]

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {place: len(self.log[place.partition]) for place in places}

    async def offsets_for_times(self, stamps: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        """The first message stamped so or later, as Kafka looks for it."""
        return {
            place: next((OffsetAndTimestamp(m.offset, m.timestamp) for m in self.log[place.partition]
                         if m.timestamp >= stamp), None)
            for place, stamp in stamps.items()
        }  # fmt: skip

    async def getmany(self, *places: TopicPartition, timeout_ms: int) -> dict[TopicPartition, list[Stamped]]:
        found = {}
        for place in places:
            assert place not in self.paused
            first = self.places[place]
            if messages := self.log[place.partition][first : first + self.most]:
                found[place] = messages
                self.places[place] = first + len(messages)
                self.read += messages
        if not found:
            self.now += timeout_ms
            while self.later and self.later[0][0] <= self.now:
                _, message = self.later.pop(0)
                part = self.log[message.partition]
                part.append(message._replace(offset=len(part)))
        return found
