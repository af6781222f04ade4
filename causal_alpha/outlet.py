"""Handing things on inside a process, where a way through Kafka would cost milliseconds."""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Outlet(Generic[T]):
    """Calls its listeners with whatever is put in, at once and in order.

    >>> outlet: Outlet[int] = Outlet()
    >>> outlet.listen(print)
    >>> outlet.put(7)
    7
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[T], None]] = []

    def listen(self, listener: Callable[[T], None]) -> None:
        self._listeners.append(listener)

    def put(self, item: T) -> None:
        for listener in self._listeners:
            listener(item)
