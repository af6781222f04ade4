"""The board: the newest state event of every key, and which of them changed after a mark."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec

_encode = msgspec.json.Encoder().encode

Key: TypeAlias = tuple[str, str, str]
"""Kind, symbol and interval of a state event. An interval of "" goes to every client."""


class Card:
    """The newest event of a key; encoded when the first client needs it, if ever."""

    __slots__ = ("_text", "event", "mark")

    def __init__(self) -> None:
        self.event: tuple[Any, ...] = ()
        self.mark = 0
        self._text: bytes | None = None

    def turn(self, event: tuple[Any, ...], mark: int) -> None:
        self.event = event
        self.mark = mark
        self._text = None

    @property
    def text(self) -> bytes:
        if self._text is None:
            self._text = _encode(self.event)
        return self._text


class Board:
    """Latest wins: whoever is slow sees fewer steps, never an old one.

    `mark` counts changes. A client remembers the mark it has seen; the cards are kept in the order of
    their last change, so what it missed is the tail, however many keys there are.

    >>> board, a, b = Board(), ("quote", "A", ""), ("quote", "B", ""); board.watched = True
    >>> board.put(a, ("quote", "A", 1)); board.put(b, ("quote", "B", 1))
    >>> seen = board.mark; board.flush()
    >>> board.put(a, ("quote", "A", 2)); board.put(a, ("quote", "A", 3))
    >>> [card.text for key, card in board.since(seen)], board.conflated
    ([b'["quote","A",3]'], 1)
    """

    def __init__(self) -> None:
        self.mark = 0
        self.watched = False
        """Whether anybody is connected; without, nothing counts as conflated."""
        self.conflated = 0
        """State events that were replaced before any flush."""
        self._flushed = 0
        self._cards: dict[Key, Card] = {}

    def put(self, key: Key, event: tuple[Any, ...]) -> None:
        card = self._cards.pop(key, None)
        if card is None:
            card = Card()
        elif card.mark > self._flushed and self.watched:
            self.conflated += 1
        self.mark = mark = self.mark + 1
        card.turn(event, mark)
        self._cards[key] = card

    def drop(self, key: Key) -> None:
        """Forget a key: it is no longer part of the state."""
        self.mark += 1
        self._cards.pop(key, None)

    def get(self, key: Key) -> tuple[Any, ...] | None:
        card = self._cards.get(key)
        return card.event if card else None

    def flush(self) -> None:
        """From here on a replaced event counts as conflated only if it came after this."""
        self._flushed = self.mark

    def since(self, mark: int) -> Iterator[tuple[Key, Card]]:
        """The cards that changed after `mark`, newest first."""
        for key, card in reversed(self._cards.items()):
            if card.mark <= mark:
                return
            yield key, card
