"""Models as metrics: which are loaded, and how what they said did: scores, coverage, CRPS beside the yardsticks."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from causal_alpha.ledger import Ledger
from causal_alpha.serving import Serving

Ledgers: TypeAlias = Callable[[], Iterable[tuple[int, Ledger]]]

_BY = ("interval", "horizon", "family", "role")


class CoverageCollector(Collector):
    """Reads the tallies of the ledgers at hand when somebody asks for metrics."""

    def __init__(self, ledgers: Ledgers) -> None:
        self._ledgers = ledgers

    def collect(self) -> Iterator[Metric]:
        scored = CounterMetricFamily("causal_alpha_scores", "Forecasts scored", labels=[*_BY, "outcome"])
        inside = GaugeMetricFamily("causal_alpha_coverage", "Share of truths inside", labels=[*_BY, "level"])
        ratio = GaugeMetricFamily("causal_alpha_crps_ratio", "CRPS over the yardstick's", labels=[*_BY, "to"])
        waiting = GaugeMetricFamily("causal_alpha_open_forecasts", "Forecasts without their truth yet", labels=["key"])
        for _, ledger in self._ledgers():
            for key, page in ledger.pages.items():
                waiting.add_metric([key], len(page.open))
            for (interval, horizon, family, shadow), tally in sorted(ledger.tallies.items()):
                by = [interval, str(horizon), family, "shadow" if shadow else "served"]
                scored.add_metric([*by, "scored"], tally.n)
                scored.add_metric([*by, "unscorable"], tally.unscorable)
                if tally.n:
                    inside.add_metric([*by, "80"], tally.inside_80 / tally.n)
                    inside.add_metric([*by, "95"], tally.inside_95 / tally.n)
                for name, other in (("naive", tally.crps_naive), ("ewma", tally.crps_ewma)):
                    if other > 0:
                        ratio.add_metric([*by, name], tally.crps / other)
        yield from (scored, inside, ratio, waiting)


class ServingCollector(Collector):
    """Reads who is loaded, and whether the registry answers, when somebody asks for metrics."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving

    def collect(self) -> Iterator[Metric]:
        models = GaugeMetricFamily("causal_alpha_models", "Models loaded", labels=["name", "alias", "version"])
        refused = GaugeMetricFamily("causal_alpha_models_refused", "Versions kept out", labels=["name", "alias"])
        for one in self._serving.lineup.models:
            models.add_metric([one.name, one.alias, one.version], 1)
        for name, alias in sorted(self._serving.refused):
            refused.add_metric([name, alias], 1)
        away = self._serving.state == "away"
        yield from (models, refused, GaugeMetricFamily("causal_alpha_registry_away", "1: it doesn't answer", away))
