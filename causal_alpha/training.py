"""Fits a family, judges it on sessions it hasn't seen, and registers it if it can be believed.

The command line, the schedule and the first run call the same functions.
"""

from dataclasses import dataclass

import numpy as np

from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.evaluation.alarms import alarms
from causal_alpha.evaluation.heldout import SESSIONS, HeldOut, hold_out
from causal_alpha.evaluation.tournament import LEAST
from causal_alpha.families import FAMILIES, QUICK, Family, Say, find_family
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.promotion import PROBATION
from causal_alpha.registry import CHALLENGER, CHAMPION, Registry, Version, model_name
from causal_alpha.tracking import record

__all__ = ["FAMILIES", "Enrolled", "Family", "Say", "find_family", "train", "train_and_register"]

YEAR = 60
"""Sessions that a year must have, held out, to be judged by itself: a few days decide nothing."""

WORST = 1.05
"""CRPS over that of constant variance, one bar ahead: what is worse than this has not learnt anything."""


def train(name: str, dataset: Dataset, *, seed: int = 0, quick: bool = False, say: Say = lambda line: None) -> Artefact:
    """The artefact of a family fitted on all of the dataset; `quick` fits its sketch. Raises ModelError,
    MissingExtraError.
    """
    family = find_family(name).quick if quick else find_family(name)
    say(f"{name}: fit on {len(dataset)} rows of {len(dataset.symbols)} symbols")
    return seal(family.fit(dataset, seed, say), dataset, seed=seed)


@dataclass(frozen=True)
class Enrolled:
    """What became of a training: the version and the alias it got, or the alarms that kept it out.

    `held_out` is None where the run had been registered before, and nothing was done again.
    """

    version: Version | None
    alias: str = ""
    alarms: tuple[str, ...] = ()
    held_out: HeldOut | None = None


def train_and_register(
    family: str,
    dataset: Dataset,
    interval: str,
    url: str,
    *,
    seed: int = 0,
    quick: bool = False,
    sessions: int = SESSIONS,
    run: str = "",
    say: Say = lambda line: None,
) -> Enrolled:
    """Data check, evaluation on the last `sessions`, gate, fit on everything, registration, alias.

    `run` names the training, such as a schedule's run: a second call of the same name finds the version that the first
    one made. Raises ModelError, before any fit and with every alias as it was, where the data won't do, and
    ServiceError when MLflow is away.
    """
    find_family(family)
    check_data(dataset, sessions)
    registry = Registry(url)
    try:
        if version := _made_by(registry, model_name(family, interval), run):
            say(f"{family}: run {run} made version {version.number} already")
            return Enrolled(version, _seat(registry, version, dataset))
        say(f"{family}: judged on the last {sessions} sessions")
        families = QUICK if quick else FAMILIES
        held_out = hold_out(dataset, family, sessions=sessions, seed=seed, families=families, say=say)
        found = gate(held_out, interval)
        artefact = train(family, dataset, seed=seed, quick=quick, say=say)
        say(f"{family}: {'blocked: ' + '; '.join(found) if found else 'registering'}")
        version = record(
            artefact,
            held_out,
            dataset,
            interval=interval,
            url=url,
            alarms=found,
            facts={"quick": quick, "refit": find_family(family).refit},
            tags={"quick": str(quick).lower()} | ({"run": run} if run else {}),
        )
        alias = _seat(registry, version, dataset) if version else ""
        return Enrolled(version, alias, tuple(found), held_out)
    finally:
        registry.close()


def check_data(dataset: Dataset, sessions: int = SESSIONS) -> None:
    """Raises ModelError for a dataset that is empty, too short, without a complete row, or without movement."""
    there, needed = len(dataset.sessions), LEAST + sessions
    if there < needed:
        raise ModelError(f"dataset: expected at least {needed} sessions, was {there}")
    if not np.isfinite(dataset.values).all(axis=1).any():
        raise ModelError("dataset: expected rows with every feature known, was none")
    if not (np.nan_to_num(dataset.returns) != 0).any():
        raise ModelError("dataset: expected prices that move, was constant ones")


def gate(held_out: HeldOut, interval: str) -> list[str]:
    """Why a family must not serve; nothing when it may.

    Alarm levels are those of daily bars, wider the fewer sessions there are; at other intervals only what is no
    number, or worse than nothing, blocks.
    """
    figures = held_out.report.families[held_out.family]["1"]
    if interval == "1d":
        counts = _sessions(held_out)
        whole = {year: ratio for year, ratio in held_out.report.years[held_out.family].items() if counts[year] >= YEAR}
        found = alarms(figures, whole, sessions=len(held_out.starts), of_year=counts)
    else:
        found = [f"{name}: expected a number, was {value}" for name, value in figures.items() if not np.isfinite(value)]
    worst = held_out.against[1]["crps_over_naive"]
    if not worst <= WORST:
        found.append(f"crps_over_naive: expected at most {WORST:g}, was {worst:.3g}")
    return found


def _sessions(held_out: HeldOut) -> dict[int, int]:
    """How many sessions of each year are held out."""
    years = held_out.starts.astype("datetime64[ns]").astype("datetime64[Y]").astype(np.int64) + 1970
    return dict(zip(*(column.tolist() for column in np.unique(years, return_counts=True)), strict=True))


def _made_by(registry: Registry, name: str, run: str) -> Version | None:
    """The version that a run of this name has made, None without any. Fails early where MLflow is away."""
    model = registry.model(name)
    if model is None or not run:
        return None
    return next((version for version in model.versions if version.tags.get("run") == run), None)


def _seat(registry: Registry, version: Version, dataset: Dataset) -> str:
    """Gives a version its alias and says which: champion where there is none or a sketch only, else challenger.

    It gets none where champion or challenger are newer, nor while the challenger that there is has had fewer than
    `PROBATION` sessions since the end of its data: a new one every day would let none prove itself.
    """
    champion, challenger = (registry.alias(version.name, alias) for alias in (CHAMPION, CHALLENGER))
    if champion is not None and champion.number == version.number:
        return CHAMPION
    sketch = champion is not None and champion.tags.get("quick") == "true" and version.tags.get("quick") != "true"
    if champion is None or (sketch and version.until >= champion.until):
        why = "first full fit" if sketch else "first of its family"
        registry.crown(version.name, version.number, at=version.created, why=why)
        return CHAMPION
    if challenger is not None and challenger.number != version.number:
        had = int((dataset.sessions > challenger.until).sum())
        if challenger.number > version.number or had < PROBATION:
            return ""
    if version.number > champion.number:
        registry.point(version.name, CHALLENGER, version.number)
        return CHALLENGER
    return ""
