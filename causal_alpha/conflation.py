"""Only the newest of rows that replace one another."""

from collections.abc import Sequence

import numpy as np

from causal_alpha.frames import Frame
from causal_alpha.records import Bar


def newest(frames: Sequence[Frame[Bar]]) -> Frame[Bar]:
    """The last row of each symbol and interval in some frames, and the `meta` of the last frame.

    >>> from msgspec.structs import replace
    >>> one = Bar(symbol="A", interval="1s", start=0, open=1, high=1, low=1, close=1, volume=1, vwap=1, trades=1)
    >>> frames = [Frame.of(Bar, [one]), Frame.of(Bar, [one, replace(one, interval="1m", trades=2)])]
    >>> [(bar.interval, bar.trades) for bar in newest(frames).rows()]
    [('1s', 1), ('1m', 2)]
    """
    if len(frames) == 1:
        return frames[0]
    every = Frame.concat(frames, frames[-1].meta)
    symbol, interval = every.labels("symbol"), every.labels("interval")
    series = symbol.codes * np.int64(len(interval.names)) + interval.codes
    _, from_the_end = np.unique(series[::-1], return_index=True)
    return every.take(np.sort(len(every) - 1 - from_the_end))
