"""How good a family is on the newest sessions of a dataset, after a fit that has not seen them.

The last `sessions` are forecast from one by one as in the tournament: refitted on schedule, each fit on what was known
the session before, so that at least a horizon lies between the last truth it saw and the first it is judged by.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.evaluation.density import Density, simulate
from causal_alpha.evaluation.report import Report, judge, serve
from causal_alpha.evaluation.tournament import LEAST, Origins, play, truths
from causal_alpha.families import FAMILIES, Family, Say
from causal_alpha.frames import Floats, Ints
from causal_alpha.models.base import HORIZONS, Outlook
from causal_alpha.scoring import clustered_t, crps, floor_of, mean_where, qlike

SESSIONS = 250
"""About a year of days."""

BASELINES = ("naive", "ewma", "garch", "har")
"""What a family is compared with, refitted on their own schedules."""


@dataclass(frozen=True)
class HeldOut:
    """What a family said of the held-out sessions and how that came out, by horizon where there are two.

    `report` has the figures of the tournament, `against` those against each baseline: `crps_over_garch` is the mean
    CRPS over GARCH's, `crps_over_garch_t` its t, clustered by date; likewise `qlike_…`. `served` is coverage after
    calibration.
    `starts` (sessions,), `returns` (sessions, symbols), and `densities` of (sessions, symbols, 13).
    """

    family: str
    report: Report
    against: Mapping[int, Mapping[str, float]]
    served: Mapping[int, Mapping[str, float]]
    starts: Ints
    symbols: tuple[str, ...]
    returns: Mapping[int, Floats]
    densities: Mapping[int, Density]

    @property
    def figures(self) -> dict[str, float]:
        """All figures that are numbers, in one table: `crps_ewma_h1`, `coverage_80_h5`, `qlike_har_2020`."""
        table: dict[str, float] = {}
        for horizon in HORIZONS:
            for part in (self.report.families[self.family][str(horizon)], self.against[horizon], self.served[horizon]):
                table |= {f"{name}_h{horizon}": value for name, value in part.items()}
        table |= {f"qlike_har_{year}": ratio for year, ratio in self.report.years[self.family].items()}
        table["qlike_har_worst_symbol"] = self.report.worst[self.family][1]
        return {name: value for name, value in table.items() if np.isfinite(value)}


def hold_out(
    dataset: Dataset,
    family: str,
    *,
    sessions: int = SESSIONS,
    seed: int = 0,
    families: Mapping[str, Family] = FAMILIES,
    say: Say,
) -> HeldOut:
    """Fits without the last `sessions`, forecasts from each, and judges. Raises ModelError when there is too little."""
    there = len(dataset.sessions)
    if there < LEAST + sessions:
        raise ModelError(
            f"dataset: expected at least {LEAST + sessions} sessions, {LEAST} to fit on and {sessions} to judge by, "
            f"was {there}"
        )
    origins = Origins.of(dataset, int(dataset.sessions[-sessions]))
    names = list(dict.fromkeys((family, *BASELINES)))
    outlooks = play(dataset, origins, names, seed=seed, say=say, families=families)
    dates = np.broadcast_to(origins.starts[:, None], origins.rows.shape)
    test = np.broadcast_to((np.arange(len(origins.starts)) >= origins.warm)[:, None], origins.rows.shape)
    returns, densities, against, served = {}, {}, {}, {}
    for horizon in HORIZONS:
        truth, variance = truths(dataset, origins, horizon)
        density = {name: simulate(outlooks[name], truth, horizon) for name in names}
        floor = floor_of(dataset.interval)
        losses = {name: _Losses.of(truth, variance, outlooks[name], density[name], horizon, floor) for name in names}
        against[horizon] = {
            figure: value
            for other in BASELINES
            for figure, value in losses[family].over(losses[other], other, dates, test, horizon).items()
        }
        served[horizon] = serve(density[family], truth, dates, test)
        own = density[family]
        returns[horizon] = truth[origins.warm :]
        densities[horizon] = Density(own.plain[origins.warm :], own.calibrated[origins.warm :])
    report = judge(dataset, origins, outlooks, [family])
    return HeldOut(family, report, against, served, origins.starts[origins.warm :], dataset.symbols, returns, densities)


@dataclass(frozen=True)
class _Losses:
    """Losses (sessions, symbols) of one family at one horizon."""

    crps: Floats
    qlike: Floats

    @classmethod
    def of(
        cls, returns: Floats, variance: Floats, said: Outlook, density: Density, horizon: int, floor: float
    ) -> "_Losses":
        ranges = said.ranges[:, :, HORIZONS.index(horizon)]
        return cls(crps(returns, density.plain), qlike(variance, ranges, floor))

    def over(
        self, other: "_Losses", name: str, dates: Ints, test: npt.NDArray[np.bool_], horizon: int
    ) -> dict[str, float]:
        figures = {}
        for loss in ("crps", "qlike"):
            own, its = getattr(self, loss), getattr(other, loss)
            known = test & np.isfinite(own) & np.isfinite(its)
            base = mean_where(its, known)
            figures[f"{loss}_over_{name}"] = mean_where(own, known) / base if base > 0 else float("nan")
            figures[f"{loss}_over_{name}_t"] = clustered_t(own[known], its[known], dates[known], horizon)
        return figures
