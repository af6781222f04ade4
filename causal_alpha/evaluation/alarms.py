"""Figures that are too good to be true: assume a leak, and promote nothing, until somebody has found out why.

Daily returns of liquid names have no skill to speak of, and the best that is known of their variance lies well within
these levels. One row taken late gives a direction accuracy of .65, a panel split at random .64: far beyond them.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CRISES = frozenset({2008, 2009, 2020})
"""Years in which QLIKE says nothing: one month decides it, and a good model may beat the yardstick by far."""


@dataclass(frozen=True)
class Level:
    """A figure must lie in `[least, most]`."""

    name: str
    least: float = -math.inf
    most: float = math.inf


LEVELS = (
    Level("direction", most=0.56),
    Level("r2", most=0.015),
    Level("rank_ic", least=-0.08, most=0.08),
    Level("crps_ewma", least=0.96),
    Level("qlike_har", least=0.80),
)
"""Of daily forecasts one bar ahead, out of sample."""


def alarms(figures: Mapping[str, float], years: Mapping[int, float] | None = None) -> list[str]:
    """Why these figures of a family, one bar ahead, can't be believed; nothing when they can.

    `figures` by name as in `LEVELS`, those there are: a family's of `evaluation.report.Report`, with its `skill`;
    `rmse_rw` counts as the r2 that it means. A figure that is no number is an alarm too. `years`, QLIKE/HAR by year,
    takes the place of `qlike_har`: years of crises are left out then.

    >>> alarms({"crps_ewma": 0.98, "qlike_har": 0.93, "rmse_rw": 1.0})
    []
    >>> alarms({"direction": 0.653, "rmse_rw": 0.866})
    ['direction: expected at most 0.56, was 0.653', 'r2: expected at most 0.015, was 0.25']
    """
    known = dict(figures)
    if "rmse_rw" in known:
        known.setdefault("r2", 1 - known.pop("rmse_rw") ** 2)
    found = []
    for level in LEVELS:
        if level.name == "qlike_har" and years:
            found += _beyond(level, ((f"qlike_har of {year}", ratio) for year, ratio in sorted(years.items())))
        elif level.name in known:
            found += _beyond(level, [(level.name, known[level.name])])
    return found


def _beyond(level: Level, figures: Iterable[tuple[str, float]]) -> list[str]:
    lines = []
    for name, value in figures:
        if not math.isfinite(value):
            lines.append(f"{name}: expected a number, was {value}")
        elif value > level.most:
            lines.append(f"{name}: expected at most {level.most:g}, was {value:.3g}")
        elif value < level.least and not any(name.endswith(str(year)) for year in CRISES):
            lines.append(f"{name}: expected at least {level.least:g}, was {value:.3g}")
    return lines
