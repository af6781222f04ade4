"""The last W final bars of n symbols, as arrays that features share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

import numpy as np

from causal_alpha.errors import FeatureError
from causal_alpha.frames import Floats, Ints

FIELDS = (
    *("open", "high", "low", "close", "volume", "vwap", "trades"),
    *("bid", "ask", "bid_size", "ask_size", "buy_volume"),
)
"""The columns of a window, in order; each is a field of `records.Bar`."""


class Column:
    """One field of a window's bars, shape (n, W), oldest first; the attribute's name says which."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._place = FIELDS.index(name)

    @overload
    def __get__(self, window: None, owner: type) -> "Column": ...
    @overload
    def __get__(self, window: "Window", owner: type) -> Floats: ...
    def __get__(self, window: "Window | None", owner: type) -> "Column | Floats":
        if window is None:
            return self
        column: Floats = window.bars[self._place]
        return column


def derived(formula: "Callable[[Window], Floats]") -> cached_property[Floats]:
    """An array with a column a bar, made once: a window that ends another one takes its part of that one's."""

    def get(window: "Window") -> Floats:
        if window.whole is None:
            return _read_only(formula(window))
        whole: Floats = getattr(window.whole, formula.__name__)
        return whole[:, window.whole.width - window.width :]

    get.__doc__ = formula.__doc__
    return cached_property(get)


@dataclass(frozen=True, eq=False)
class Window:
    """The last W final bars of n symbols; NaN before a symbol's first bar.

    `bars` has shape (len(FIELDS), n, W). All arrays are read-only: features share them. A row's bars lie
    one beside the other in memory, so numpy adds them in the same order however many rows there are.

    >>> prices = np.array([[100.0, 101.0, 100.0]])
    >>> window = Window(np.stack([prices, prices * 1.02, prices, prices]))
    >>> window.close.tolist(), window.returns.round(4).tolist(), window.ranges.round(4).tolist()
    ([[100.0, 101.0, 100.0]], [[0.01, -0.01]], [[0.0198, 0.0198, 0.0198]])
    >>> window.last(2).returns.round(4).tolist()
    [[-0.01]]
    """

    bars: Floats
    whole: "Window | None" = field(default=None, repr=False)
    """The window that this one is the end of, and whose derived arrays it shares."""

    open = Column()
    high = Column()
    low = Column()
    close = Column()
    volume = Column()
    vwap = Column()
    trades = Column()
    bid = Column()
    ask = Column()
    bid_size = Column()
    ask_size = Column()
    buy_volume = Column()

    def __post_init__(self) -> None:
        bars = self.bars if self.bars.strides[-1] == self.bars.itemsize else np.ascontiguousarray(self.bars)
        object.__setattr__(self, "bars", _read_only(bars.view()))

    def __len__(self) -> int:
        return int(self.bars.shape[1])

    @property
    def width(self) -> int:
        """W, the bars of a row."""
        return int(self.bars.shape[2])

    def last(self, n: int) -> "Window":
        """The last n bars, without a copy. Raises FeatureError when there are fewer."""
        if n > self.width:
            raise FeatureError(f"window: expected at least {n} bars, was {self.width}")
        return self if n == self.width else Window(self.bars[:, :, self.width - n :], self.whole or self)

    @derived
    def returns(self) -> Floats:
        """Log returns from close to close, shape (n, W - 1)."""
        returns: Floats = np.log(self.close[:, 1:] / self.close[:, :-1])
        return returns

    @derived
    def ranges(self) -> Floats:
        """Log of high over low, shape (n, W)."""
        ranges: Floats = np.log(self.high / self.low)
        return ranges

    @derived
    def bodies(self) -> Floats:
        """Log of close over open, shape (n, W)."""
        bodies: Floats = np.log(self.close / self.open)
        return bodies

    @cached_property
    def known(self) -> Ints:
        """How many bars up to the last one have a close, without a hole between them; shape (n,)."""
        hole = ~np.isfinite(self.close[:, ::-1])
        return np.where(hole.any(axis=1), hole.argmax(axis=1), self.width)


def _read_only(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
