"""Rolling origins: each family is refitted on schedule and asked at every session, seeing only what was known then."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.families import FAMILIES, Family, Say, find_family
from causal_alpha.frames import Floats, Ints
from causal_alpha.models import har
from causal_alpha.models.artefact import look_back
from causal_alpha.models.base import HORIZONS, Outlook
from causal_alpha.models.blend import WEIGHTS, combine

WARM = 500
"""Sessions before the first origin whose forecasts, by the first fit, start the calibration."""

LEAST = 300
"""Sessions that must come before the first origin."""

STRETCH = 70
"""Bars shorter than a day that a session of a schedule stands for: a month of days is a day of minutes then."""

REFERENCE = "har per symbol"
"""Log-HAR of each symbol alone: what QLIKE is compared with."""

_REFERENCE = Family(lambda dataset, seed, say: har.fit_per_symbol(dataset, seed=seed), refit=21)


@dataclass(frozen=True)
class Origins:
    """The rows that are forecast from, by session and symbol: the first `warm` sessions come before the test.

    `rows` (sessions, symbols) are positions in the dataset, -1 where a symbol has no bar. `starts` (sessions,) ns.
    `stretch`: bars that a session of a family's schedule stands for. Of a shorter interval a session is a bar.
    """

    rows: Ints
    starts: Ints
    warm: int
    stretch: int = 1

    @classmethod
    def of(cls, dataset: Dataset, test_from: int) -> "Origins":
        """Raises ModelError when there is too little before `test_from` (ns), or nothing after it."""
        sessions = dataset.sessions
        first = int(np.searchsorted(sessions, test_from))
        if first < LEAST:
            raise ModelError(f"dataset: expected at least {LEAST} sessions before the test, was {first}")
        if first >= len(sessions):
            raise ModelError("dataset: expected sessions from the test's start on, was none")
        begin = max(0, first - WARM)
        starts = sessions[begin:]
        rows = np.full((len(starts), len(dataset.symbols)), -1, dtype=np.int64)
        chosen = np.flatnonzero(dataset.start >= starts[0])
        rows[np.searchsorted(starts, dataset.start[chosen]), dataset.symbol[chosen]] = chosen
        return cls(rows, starts, warm=first - begin, stretch=1 if dataset.interval == "1d" else STRETCH)

    def blocks(self, refit: int) -> list[slice]:
        """Sessions of the test that one fit speaks for."""
        refit *= self.stretch
        return [slice(at, min(at + refit, len(self.starts))) for at in range(self.warm, len(self.starts), refit)]


def roll(dataset: Dataset, origins: Origins, family: Family, *, seed: int, say: Say) -> Outlook:
    """What a family says at every origin, (sessions, symbols, h); NaN where a symbol has no bar.

    A fit for origins from t on sees what was known when the bar before t closed.
    """
    shape = (*origins.rows.shape, len(HORIZONS))
    location, ranges, squares = (np.full(shape, np.nan) for _ in range(3))
    normal = False
    blocks = origins.blocks(family.refit)
    for number, block in enumerate(blocks):
        model = family.fit(dataset.until(int(origins.starts[block.start])), seed, say)
        if number == 0:
            block = slice(0, block.stop)  # noqa: PLW2901, the first fit also speaks for the warm-up
        rows = origins.rows[block]
        held = rows >= 0
        said = look_back(model, dataset, rows[held])
        location[block][held], ranges[block][held] = said.location, said.ranges
        if said.squares is not None:
            normal = True
            squares[block][held] = said.squares
        if (number + 1) % max(1, len(blocks) // 4) == 0:
            say(f"fit {number + 1} of {len(blocks)}")
    return Outlook(location, ranges, squares if normal else None)


def play(
    dataset: Dataset,
    origins: Origins,
    names: Sequence[str],
    *,
    seed: int = 0,
    jobs: int = 1,
    say: Say,
    families: Mapping[str, Family] = FAMILIES,
) -> Mapping[str, Outlook]:
    """Outlooks of these families, of the yardsticks and of the blend's members, by name.

    With `jobs` above 1, families are fitted in as many processes, which know those of FAMILIES only.
    """
    for name in names:
        find_family(name)
    wanted = dict.fromkeys([*names, *(WEIGHTS if "blend" in names else ()), "ewma"])
    for name in ("blend", REFERENCE):
        wanted.pop(name, None)
    # The longest first, so that the last one to end isn't the longest.
    order = sorted([*wanted, REFERENCE], key=lambda name: -_COST.get(name, 0))
    if jobs == 1:
        found = {name: _roll(dataset, origins, name, seed, say, families) for name in order}
    else:
        say(f"{', '.join(order)}: in {jobs} processes")
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            running = {name: pool.submit(_roll_quietly, dataset, origins, name, seed) for name in order}
            found = {}
            for name, future in running.items():
                found[name] = future.result()
                say(f"{name}: done")
    if "blend" in names:
        found["blend"] = combine({name: found[name] for name in WEIGHTS})
    return found


_COST = {"transformer": 4, "lstm": 3, "garch": 2, "arima": 1}


def _roll(
    dataset: Dataset, origins: Origins, name: str, seed: int, say: Say, families: Mapping[str, Family] = FAMILIES
) -> Outlook:
    family = _REFERENCE if name == REFERENCE else families[name]
    return roll(dataset, origins, family, seed=seed, say=lambda line: say(f"{name}: {line}"))


def _roll_quietly(dataset: Dataset, origins: Origins, name: str, seed: int) -> Outlook:
    return _roll(dataset, origins, name, seed, lambda line: None)


def truths(dataset: Dataset, origins: Origins, horizon: int) -> tuple[Floats, Floats]:
    """Return and mean variance after each origin, (sessions, symbols); NaN while unknown."""
    returns, variance = dataset.future(horizon)
    held = origins.rows >= 0
    return np.where(held, returns[origins.rows], np.nan), np.where(held, variance[origins.rows], np.nan)
