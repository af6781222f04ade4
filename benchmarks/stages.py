"""When ticks passed the places on their way from a producer to a page.

All times are ns of the monotonic clock. Where a place only tells the time of day, `offset` makes one of
the other: monotonic = time of day + offset.
"""

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from benchmarks.arrivals import Arrivals, Row
from benchmarks.sender import SYMBOLS
from causal_alpha.frames import ARROW_MAGIC, Frame, Ints
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Bar

HUB_FILE = "hub.msgpack"
"""What `benchmarks.hub_probe` leaves in the worker's data folder."""
PLACES = {symbol: place for place, symbol in enumerate(SYMBOLS)}


def appended(records: Iterable[tuple[int, bytes]], offset: int) -> Ints:
    """When Kafka had each tick; `records` of the topic ticks. The worker's own heartbeats don't count."""
    times = [at * MILLISECOND + offset for at, value in records if not value.startswith(ARROW_MAGIC)]
    return np.asarray(times, dtype=np.int64)


def of_topic(records: Iterable[tuple[int, bytes]], offset: int) -> Iterator[Row]:
    """Rows by the time (ms) of their Kafka record; `records` of the topics bars and forming, in order of time."""
    for at, value in records:
        yield from of_frame(at * MILLISECOND + offset, value)


def of_frame(at: int, value: bytes) -> Iterator[Row]:
    """The bars in a frame that hold a trade."""
    for bar in Frame.decode(Bar, value).rows():
        if bar.trades:
            yield Row(at, PLACES[bar.symbol], bar.interval, bar.start // MILLISECOND, int(bar.close))


def of_message(at: int, text: str) -> Iterator[Row]:
    """The bars in a message of the WebSocket that hold a trade, see docs/protocol.md."""
    kind, facts = msgspec.json.decode(text)
    for event in facts if kind in {"state", "log"} else ():
        name, *bar = event[1:] if kind == "log" else event
        if name == "bar":
            symbol, interval, start, _open, _high, _low, close, _volume, _vwap, trades, *_ = bar
            if trades:
                yield Row(at, PLACES[symbol], interval, start, int(close))


def latencies(rows: Iterable[Row], sent: Ints, since: int) -> tuple[Ints, int]:
    """Latencies (ns) of the rows with something new, and how many ticks no row held.

    `sent`: stamp (ms) and moment of each tick, shape (n, 2). Rows whose oldest tick is from before
    `since` don't count.
    """
    arrivals = Arrivals(sent[:, 0], sent[:, 1], len(SYMBOLS))
    arrivals.take(rows)
    return arrivals.rows[arrivals.oldest >= since], arrivals.missing
