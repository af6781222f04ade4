"""Figures that are too good to be true: assume a leak, and promote nothing, until somebody has found out why.

Daily returns of liquid names have no skill to speak of, and the best that is known of their variance lies well within
these levels. One row taken late gives a direction accuracy of .65, a panel split at random .64: far beyond them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

CRISES = frozenset({2008, 2009, 2020})
"""Years in which QLIKE says nothing: one month decides it, and a good model may beat the yardstick by far."""


SESSIONS = 250
"""Sessions that the levels are meant for; with fewer, a figure strays further by chance, and they are wider."""

_DEVIATIONS = 2.0


@dataclass(frozen=True)
class Level:
    """A figure over `SESSIONS` must lie in `[least, most]`. `spread`: standard deviation of it on a single session."""

    name: str
    spread: float
    least: float = -math.inf
    most: float = math.inf

    def over(self, sessions: int) -> "Level":
        """The level of a figure over so many sessions: wider by two standard errors more than one of `SESSIONS` has.

        >>> Level("rank_ic", 0.25, most=0.08).over(250).most, round(Level("rank_ic", 0.25, most=0.08).over(60).most, 3)
        (0.08, 0.113)
        """
        more = _DEVIATIONS * self.spread * max(max(sessions, 1) ** -0.5 - SESSIONS**-0.5, 0.0)
        return replace(self, least=self.least - more, most=self.most + more)


LEVELS = (
    Level("direction", spread=0.25, most=0.56),
    Level("r2", spread=0.2, most=0.015),
    Level("rank_ic", spread=0.18, least=-0.08, most=0.08),
    Level("crps_ewma", spread=0.06, least=0.96),
    Level("qlike_har", spread=0.71, least=0.80),
)
"""Of daily forecasts one bar ahead, out of sample.

Spreads are what honest models show on 80 names that move together, so that a session is one observation; that of r2 is
what a location without skill, a tenth as wide as the returns, would have.
"""


def alarms(
    figures: Mapping[str, float],
    years: Mapping[int, float] | None = None,
    *,
    sessions: int = SESSIONS,
    of_year: Mapping[int, int] | None = None,
) -> list[str]:
    """Why these figures of a family, one bar ahead, can't be believed; nothing when they can.

    `figures` by name as in `LEVELS`, those there are: a family's of `evaluation.report.Report`, with its `skill`;
    `rmse_rw` counts as the r2 that it means. A figure that is no number is an alarm too. `years`, QLIKE/HAR by year,
    takes the place of `qlike_har`: years of crises are left out then. `sessions` is how many the figures are of,
    `of_year` how many each year has, where that isn't a whole one.

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
            for year, ratio in sorted(years.items()):
                wide = level.over((of_year or {}).get(year, SESSIONS))
                found += _beyond(replace(wide, least=-math.inf) if year in CRISES else wide, f"of {year}", ratio)
        elif level.name in known:
            found += _beyond(level.over(sessions), "", known[level.name])
    return found


def _beyond(level: Level, of: str, value: float) -> list[str]:
    name = f"{level.name} {of}".strip()
    if not math.isfinite(value):
        return [f"{name}: expected a number, was {value}"]
    if value > level.most:
        return [f"{name}: expected at most {level.most:.3g}, was {value:.3g}"]
    if value < level.least:
        return [f"{name}: expected at least {level.least:.3g}, was {value:.3g}"]
    return []
