"""The tournament's figures: each family against the same yardsticks, and what would be served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from causal_alpha.dataset import Dataset
from causal_alpha.evaluation.density import Density, simulate
from causal_alpha.evaluation.skill import skill_of
from causal_alpha.evaluation.tournament import REFERENCE, Origins, truths
from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook
from causal_alpha.records import LEVELS
from causal_alpha.scoring import (
    clustered_t,
    covered,
    crps,
    daily_means,
    floor_of,
    mean_where,
    qlike,
    winkler,
    worst_window,
)

Figures = dict[str, float]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Report:
    """`families`: name → horizon → figures; `served`: those of the calibrated blend, one bar ahead.

    qlike_har: mean QLIKE over that of log-HAR per symbol. crps_ewma: mean CRPS over that of a normal distribution
    of exponentially weighted variance. rmse_rw: error of the location over that of no change. t's are of the daily
    mean difference, clustered by date; below 0 the family is better. `years` and `worst` are qlike_har one bar
    ahead by year, and of the symbol where it is greatest. `skill` is that of the location, see `evaluation.skill`, of
    families that have one.
    """

    families: dict[str, dict[str, Figures]] = field(default_factory=dict)
    served: Figures = field(default_factory=dict)
    years: dict[str, dict[int, float]] = field(default_factory=dict)
    worst: dict[str, tuple[str, float]] = field(default_factory=dict)
    skill: dict[str, Figures] = field(default_factory=dict)


def judge(dataset: Dataset, origins: Origins, outlooks: Mapping[str, Outlook], names: Sequence[str]) -> Report:
    """Scores the test sessions of every family in `names`."""
    report = Report({name: {} for name in names})
    dates = np.broadcast_to(origins.starts[:, None], origins.rows.shape)
    test = np.broadcast_to((np.arange(len(origins.starts)) >= origins.warm)[:, None], origins.rows.shape)
    floor = floor_of(dataset.interval)
    for at, horizon in enumerate(HORIZONS):
        returns, variance = truths(dataset, origins, horizon)
        yardstick = qlike(variance, outlooks[REFERENCE].ranges[:, :, at], floor)
        normal = simulate(outlooks["ewma"], returns, horizon)
        spread = crps(returns, normal.plain)
        for name in names:
            outlook = outlooks[name]
            loss = qlike(variance, outlook.ranges[:, :, at], floor)
            density = normal if name == "ewma" else simulate(outlook, returns, horizon)
            score = crps(returns, density.plain)
            error, change = (returns - outlook.location[:, :, at]) ** 2, returns**2
            ranged = test & np.isfinite(loss) & np.isfinite(yardstick)
            scored = test & np.isfinite(score) & np.isfinite(spread)
            report.families[name][str(horizon)] = {
                "qlike_har": mean_where(loss, ranged) / mean_where(yardstick, ranged),
                "qlike_t": clustered_t(loss[ranged], yardstick[ranged], dates[ranged], horizon),
                "crps_ewma": mean_where(score, scored) / mean_where(spread, scored),
                "crps_t": clustered_t(score[scored], spread[scored], dates[scored], horizon),
                "rmse_rw": float(np.sqrt(mean_where(error, scored) / mean_where(change, scored))),
            }
            if horizon == 1:
                report.years[name] = _by_year(loss, yardstick, dates, ranged)
                if skill := skill_of(outlook.location[:, :, at], returns, test):
                    report.skill[name] = skill
                report.worst[name] = _worst_symbol(loss, yardstick, ranged, dataset.symbols)
            if name == "blend" and horizon == 1:
                report.served.update(serve(density, returns, dates, test, window_of(dataset.interval)))
    return report


def window_of(interval: str) -> int:
    """Consecutive bars in which coverage is looked at: a year of days, a day of minutes."""
    return 250 if interval == "1d" else 1440


def serve(density: Density, returns: Floats, dates: npt.NDArray[np.int64], test: Mask, window: int = 250) -> Figures:
    """Coverage of the calibrated intervals and its price: Winkler after over before, the dearer of the two levels."""
    figures: Figures = {}
    prices = []
    for level in (0.8, 0.95):
        low, high = LEVELS.index(round(0.5 - level / 2, 3)), LEVELS.index(round(0.5 + level / 2, 3))
        hits = covered(returns, density.calibrated[:, :, low], density.calibrated[:, :, high])
        known = test & np.isfinite(hits)
        by_date = daily_means(hits[known], dates[known])
        name = f"{100 * level:.0f}"
        figures[f"coverage_{name}"] = mean_where(hits, known)
        figures[f"coverage_{name}_worst_{window}"] = worst_window(by_date, level, window)
        before = winkler(returns, density.plain[:, :, low], density.plain[:, :, high], level)
        after = winkler(returns, density.calibrated[:, :, low], density.calibrated[:, :, high], level)
        prices.append(mean_where(after, known) / mean_where(before, known))
    order = ("coverage_80", "coverage_95", f"coverage_80_worst_{window}", f"coverage_95_worst_{window}")
    return {name: figures[name] for name in order} | {"winkler_ratio": max(prices)}


def _by_year(loss: Floats, yardstick: Floats, dates: npt.NDArray[np.int64], known: Mask) -> dict[int, float]:
    year = dates.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    years = sorted(set(year[known].tolist()))
    return {
        one: mean_where(loss, known & (year == one)) / mean_where(yardstick, known & (year == one)) for one in years
    }


def _worst_symbol(loss: Floats, yardstick: Floats, known: Mask, symbols: tuple[str, ...]) -> tuple[str, float]:
    held = np.flatnonzero((known & (yardstick > 0)).any(axis=0))  # a price that never moves is forecast without loss
    ratios = [mean_where(loss[:, at], known[:, at]) / mean_where(yardstick[:, at], known[:, at]) for at in held]
    place = int(np.argmax(ratios))
    return symbols[held[place]], ratios[place]
