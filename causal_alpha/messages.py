"""Kafka messages of one partition as columns: what a poll brings, without an object a message."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, overload

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


class Message(Protocol):
    """The part of a Kafka record that is needed here; `timestamp` in ms."""

    @property
    def offset(self) -> int: ...

    @property
    def timestamp(self) -> int: ...

    @property
    def value(self) -> bytes | None: ...


class Row(NamedTuple):
    """One of some `Messages`."""

    offset: int
    timestamp: int
    value: bytes


class Messages(Sequence[Row]):
    """Messages in log order. `offsets` rise, `timestamps` are in ms, the value of a tombstone is empty.

    >>> messages = Messages.of([Row(7, 0, b"a"), Row(9, 0, b"b")])
    >>> messages.after(7)[0]
    Row(offset=9, timestamp=0, value=b'b')
    """

    __slots__ = ("offsets", "timestamps", "values")

    def __init__(self, offsets: Ints, timestamps: Ints, values: list[bytes]) -> None:
        self.offsets, self.timestamps, self.values = offsets, timestamps, values

    @classmethod
    def of(cls, messages: Sequence[Message]) -> "Messages":
        """The columns of single messages; `Messages` are returned as they are."""
        if isinstance(messages, Messages):
            return messages
        n = len(messages)
        return cls(
            np.fromiter([message.offset for message in messages], np.int64, n),
            np.fromiter([message.timestamp for message in messages], np.int64, n),
            [message.value or b"" for message in messages],
        )

    def after(self, offset: int) -> "Messages":
        """Those that follow `offset`; after a restart the first poll repeats some."""
        if not len(self) or self.offsets[0] > offset:
            return self
        return self[int(np.searchsorted(self.offsets, offset, side="right")) :]

    def __len__(self) -> int:
        return len(self.values)

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> "Messages": ...

    def __getitem__(self, place: int | slice) -> "Row | Messages":
        if isinstance(place, slice):
            return Messages(self.offsets[place], self.timestamps[place], self.values[place])
        return Row(int(self.offsets[place]), int(self.timestamps[place]), self.values[place])
