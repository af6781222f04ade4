"""The balance of rows as metrics: in = in bars + late + duplicate + rejected, per partition."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from causal_alpha.bars import NEVER, BarState
from causal_alpha.intervals import SECOND

States: TypeAlias = Callable[[], Iterable[tuple[int, BarState]]]


class BalanceCollector(Collector):
    """Reads the counts of the partitions at hand when somebody asks for metrics."""

    def __init__(self, states: States) -> None:
        self._states = states

    def collect(self) -> Iterator[Metric]:
        rows = CounterMetricFamily("causal_alpha_ticks_in", "Rows that came in", labels=["partition"])
        ends = CounterMetricFamily("causal_alpha_ticks_out", "What became of them", labels=["partition", "outcome"])
        time = GaugeMetricFamily("causal_alpha_watermark_seconds", "Event time reached", labels=["partition"])
        for partition, state in self._states():
            name, counts = str(partition), state.counts
            rows.add_metric([name], counts.rows)
            ends.add_metric([name, "in_bars"], counts.in_bars)
            ends.add_metric([name, "late"], counts.late)
            ends.add_metric([name, "duplicate"], counts.duplicates)
            ends.add_metric([name, "rejected"], counts.rejected)
            if state.watermark != NEVER:
                time.add_metric([name], state.watermark / SECOND)
        yield from (rows, ends, time)
