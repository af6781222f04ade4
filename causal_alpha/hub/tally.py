"""Means of scores by family, version and horizon."""

from collections.abc import Sequence
from itertools import groupby
from math import isfinite, nan

from causal_alpha.hub.rows import ScoreTally
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Score


def tally(scores: Sequence[Score]) -> list[ScoreTally]:
    """A row for each interval, family, version, horizon and kind (served or shadow); scores without truth don't count.

    >>> tally([])
    []
    """
    known = sorted((score for score in scores if isfinite(score.crps)), key=_group)
    return [_row(list(group)) for _, group in groupby(known, key=_group)]


def _group(score: Score) -> tuple[str, str, str, int, bool]:
    return score.interval, score.family, score.version, score.horizon, score.shadow


def _row(scores: list[Score]) -> ScoreTally:
    def mean(field: str) -> float:
        return _mean([getattr(score, field) for score in scores])

    def ratio(field: str) -> float:
        both = [(score.crps, getattr(score, field)) for score in scores if isfinite(getattr(score, field))]
        below = sum(yardstick for _, yardstick in both)
        return sum(own for own, _ in both) / below if below > 0 else nan

    first = scores[0]
    return ScoreTally(
        interval=first.interval,
        family=first.family,
        version=first.version,
        horizon=first.horizon,
        shadow=first.shadow,
        n=len(scores),
        first=min(score.due for score in scores) // MILLISECOND,
        last=max(score.due for score in scores) // MILLISECOND,
        crps=mean("crps"),
        crps_to_naive=ratio("crps_naive"),
        crps_to_ewma=ratio("crps_ewma"),
        qlike=mean("qlike"),
        coverage_80=mean("inside_80"),
        coverage_95=mean("inside_95"),
        winkler_80=mean("winkler_80"),
    )


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if isfinite(value)]
    return sum(known) / len(known) if known else nan
