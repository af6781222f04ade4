"""How much of each record passes the hub, and how long the stages before it take."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np

from causal_alpha.frames import Frame
from causal_alpha.hub.tracks import LatencyRow, Rates
from causal_alpha.records import Bar, Features, Forecast, Score

BEFORE: Mapping[type[msgspec.Struct], type[msgspec.Struct]] = {Features: Bar, Forecast: Features}
"""Which record a stage makes its own of."""
STAGE: Mapping[type[msgspec.Struct], str] = {Features: "features", Forecast: "forecasts", Score: "scores"}
_SPANS = (10, 60, 900)
_PASSAGES, _PLACES = 1_000, 2_000


class Meter:
    """Counts rows by the second, for a quarter of an hour.

    >>> meter = Meter()
    >>> meter.add(0, 50); meter.add(9, 50)
    >>> meter.rates(9).s10, meter.total
    (10.0, 100)
    """

    def __init__(self) -> None:
        self.total = 0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=_SPANS[-1] + 1)

    def add(self, second: int, rows: int) -> None:
        self.total += rows
        if self._seconds and self._seconds[-1][0] == second:
            rows += self._seconds.pop()[1]
        self._seconds.append((second, rows))

    def rates(self, second: int) -> Rates:
        s10, m1, m15 = (sum(rows for at, rows in self._seconds if at > second - span) / span for span in _SPANS)
        return Rates(s10=round(s10, 3), m1=round(m1, 3), m15=round(m15, 3))


class Stages:
    """Meters by record, and latencies by stage: from when the hub saw what a stage reads to when it saw what it made.

    `clock` gives ns. Both ways lead through Kafka, so what they take there is in it once. Ticks don't pass the hub:
    bars are timed from when Kafka got the newest one in them.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.meters: dict[type[msgspec.Struct], Meter] = {}
        self._seen: dict[tuple[type[msgspec.Struct] | None, str, int], int] = {}
        self._newest: dict[str, int] = {}
        self._ticks: Meter | None = None
        self._took: dict[str, deque[float]] = {}

    def passed(self, frame: Frame[Any]) -> None:
        """Call with every frame of final rows."""
        if not len(frame):
            return
        now, record = self._clock(), frame.record
        self.meters.setdefault(record, Meter()).add(now // 1_000_000_000, len(frame))
        if record not in STAGE and record is not Bar:
            return
        interval = frame.labels("interval").tolist()[0]
        # a score comes of the newest forecasts, long after the bar that it is about
        start = 0 if record is Score else int(frame.ints("start")[0])
        before = (
            self._newest.get(interval) if record is Score else self._seen.get((BEFORE.get(record), interval, start))
        )
        if before is not None:
            self.took(STAGE[record], (now - before) / 1e6)
        if record is Forecast:
            self._newest[interval] = now
        self._seen[record, interval, start] = now
        if len(self._seen) > _PLACES:
            del self._seen[next(iter(self._seen))]

    def took(self, stage: str, ms: float) -> None:
        """A passage of a stage took so long."""
        self._took.setdefault(stage, deque(maxlen=_PASSAGES)).append(ms)

    def ticks(self, rows: int) -> Rates:
        """Rates of what is counted elsewhere, from its total at each call."""
        second = self._clock() // 1_000_000_000
        if self._ticks is None or rows < self._ticks.total:  # partitions come and go
            self._ticks = Meter()
            self._ticks.total = rows
        self._ticks.add(second, rows - self._ticks.total)
        return self._ticks.rates(second)

    def latency(self) -> list[LatencyRow]:
        """Of every stage that has been passed, in the order of the data."""
        order = ("bars", *STAGE.values())
        rows = []
        for stage, took in sorted(self._took.items(), key=lambda item: order.index(item[0])):
            p50, p99 = np.quantile(np.asarray(took), (0.5, 0.99)).tolist()
            rows.append(LatencyRow(stage=stage, n=len(took), p50_ms=round(p50, 2), p99_ms=round(p99, 2)))
        return rows
