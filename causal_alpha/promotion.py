"""When a challenger takes the champion's place: a bet that may be looked at every day.

Each session champion and challenger forecast the same symbols; the gain is the mean difference of their CRPS one bar
ahead, each symbol's divided by its exponentially weighted deviation before the session, held within `BOUND`. Against
the claim that gains are not above 0 on average, given the past, wealth starts at 1 and is staked on every session. It
is an e-process: whoever looks however often, the probability that it ever reaches 20 under that claim is at most 1/20.
Waudby-Smith and Ramdas, JRSS B 86(1), 2024; Choe and Ramdas, Operations Research 72(4), 2024, for forecasters.

Wealth belongs to the line of challengers, not to one: "always the newest" is a forecaster like any other, and models
are trained anew faster than one of them could prove itself. It is computed from the scores alone, so there is no state.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats, Frame, Ints
from causal_alpha.records import Score
from causal_alpha.registry import CHALLENGER, CHAMPION, Registered, Registry, Version

ENOUGH = 20.0
BOUND = 0.05
"""Greatest gain that counts: a fifth of the usual scaled CRPS, four daily deviations. Set before any data was seen."""

STAKES = (0.05, 0.1, 0.2)
"""Parts of the wealth that are staked, one pot each, on a gain of BOUND. More would win sooner, but gains of real
models come in runs, which a high stake takes for skill."""

PROBATION = 5
"""Sessions of its own that a challenger needs, whatever the line before it has won."""

SHARE = 0.9
"""Of the champion's symbols that a challenger must speak of; one that keeps silent about the hard ones has lost."""

POINTS = 200
"""Of the evidence that is written into the registry, whose tags hold 5,000 characters."""

_DECAY, _WARM = 0.94, 10


def wealth(gains: Floats) -> Floats:
    """The e-process (..., sessions) after each of the gains (..., sessions): the mean of the pots.

    >>> wealth(np.array([0.05, 0.05, -0.05])).round(3).tolist()
    [1.117, 1.251, 1.096]
    """
    held = np.clip(gains / BOUND, -1, 1)
    pots = [np.cumprod(1 + stake * held, axis=-1) for stake in STAKES]
    return np.asarray(np.mean(pots, axis=0))


@dataclass(frozen=True)
class Trial:
    """Gains (sessions,) of the line of challengers over the champion, and whose each is: `version` numbers."""

    gains: Floats
    version: Ints

    @property
    def peak(self) -> float:
        """The greatest wealth there has been: proof once given stays given."""
        return float(wealth(self.gains).max(initial=1.0))

    def own(self, number: int) -> Floats:
        """Gains of one version."""
        own: Floats = self.gains[self.version == number]
        return own


@dataclass(frozen=True)
class Decision:
    """Whether a model's challenger takes over, and why in words. `path` is the line's wealth after each session."""

    name: str
    champion: int
    challenger: int
    promote: bool
    path: tuple[float, ...]
    why: str

    @property
    def e(self) -> float:
        """The wealth now, 1 without a trial."""
        return self.path[-1] if self.path else 1.0

    @property
    def sessions(self) -> int:
        return len(self.path)


def trial(scores: Frame[Score], family: str, champion: int, newer_than: int) -> Trial:
    """The trial of versions above `newer_than` against the champion, session by session.

    `scores` are of one interval, of any family. Of several challengers in a session the newest counts.
    """
    own = scores.take(scores.labels("family").equals(family) & (scores.ints("horizon") == 1))
    versions = _numbers(own.labels("version").tolist())
    sessions, at = np.unique(own.ints("start"), return_inverse=True)
    names, symbol = np.unique(np.asarray(own.labels("symbol").tolist(), dtype=object), return_inverse=True)
    shape = (len(sessions), len(names))
    returns = _grid(shape, at, symbol, own.floats("ret"))
    scale = _deviation(returns)
    base = _pick(shape, at, symbol, own.floats("crps"), versions == champion)
    gains, whose = [], []
    for session in range(len(sessions)):
        there = sorted({int(one) for one in versions[at == session] if one > newer_than}, reverse=True)
        known = np.isfinite(base[session]) & np.isfinite(scale[session])
        if not there or not known.any():
            continue
        rows = (at == session) & (versions == there[0])
        other = _pick(shape, at, symbol, own.floats("crps"), rows)[session]
        both = known & np.isfinite(other)
        heard = both.sum() >= SHARE * known.sum()
        gain = ((base[session] - other) / scale[session])[both].mean() if heard else -BOUND
        gains.append(float(gain))
        whose.append(there[0])
    return Trial(np.asarray(gains, dtype=np.float64), np.asarray(whose, dtype=np.int64))


def decide(model: Registered, scores: Frame[Score]) -> Decision:
    """Whether the challenger of a model is promoted, by the scores of its interval. Changes nothing."""
    champion, challenger = model.aliased(CHAMPION), model.aliased(CHALLENGER)
    family = model.name.rpartition("-")[0]

    def because(why: str, found: Trial | None = None, *, promote: bool = False) -> Decision:
        numbers = (champion.number if champion else 0, challenger.number if challenger else 0)
        path = tuple(wealth(found.gains).tolist()) if found else ()
        return Decision(model.name, *numbers, promote, path, why)

    if champion is None or challenger is None:
        return because(f"no {CHALLENGER if champion else CHAMPION}")
    if refused := refuse(model, champion, challenger):
        return because(refused)
    found = trial(scores, champion.tags.get("family", family), champion.number, _ever_crowned(model))
    own = found.own(challenger.number)
    if len(own) < PROBATION:
        return because(f"expected {PROBATION} sessions of its own, was {len(own)}", found)
    if not np.clip(own, -BOUND, BOUND).sum() > 0:
        return because("expected to gain over its own sessions, lost", found)
    if found.peak < ENOUGH:
        return because(f"expected e to reach {ENOUGH:g}, was {found.peak:.3g}", found)
    return because(f"e {found.peak:.3g} after {len(found.gains)} sessions", found, promote=True)


def refuse(model: Registered, champion: Version, challenger: Version) -> str:
    """Why a challenger must not be promoted however well it does; empty when nothing speaks against it."""
    if challenger.tags.get("gate") != "passed":
        return f"expected a version that passed the sanity gate, was {challenger.tags.get('gate') or 'untested'}"
    if challenger.number <= _ever_crowned(model):
        return f"expected a version newer than all former champions, was {challenger.number}"
    try:
        if challenger.until < champion.until:
            return f"expected data until {champion.until} ns at least, was {challenger.until}"
    except ModelError as error:
        return str(error)
    return ""


def promote(registry: Registry, name: str, scores: Frame[Score], *, at: int) -> Decision:
    """Decides on a model's challenger and, if it has won, makes it the champion at `at` (ns)."""
    model = registry.need(name)
    decision = decide(model, scores)
    note(registry, model, decision)
    if decision.promote:
        registry.crown(name, decision.challenger, at=at, why=decision.why)
    return decision


def note(registry: Registry, model: Registered, decision: Decision) -> None:
    """Writes the decision and the way to it with the challenger, for the page to show; without one, nothing."""
    if model.aliases.get(CHALLENGER) is None:
        return
    challenger = model.version(model.aliases[CHALLENGER])
    registry.tag(challenger, "trial", f"e {decision.e:.3g}, {decision.sessions} sessions: {decision.why}")
    if decision.path:
        registry.tag(challenger, "evidence", " ".join(f"{e:.3g}" for e in thinned(decision.path)))


def thinned(path: Sequence[float]) -> list[float]:
    """At most `POINTS` of a path, evenly over it, its first and last among them.

    >>> thinned([1.0, 2.0]), len(thinned([1.0] * 5000))
    ([1.0, 2.0], 200)
    """
    at = np.linspace(0, len(path) - 1, min(POINTS, len(path))).astype(int)
    return [path[int(place)] for place in at]


def _ever_crowned(model: Registered) -> int:
    return max((change.after for change in model.history), default=model.aliases.get(CHAMPION, 0))


def _numbers(versions: Sequence[str]) -> Ints:
    """Version numbers, 0 for what is no number: the floor models that come with the package."""
    return np.asarray([int(one) if one.isdecimal() else 0 for one in versions], dtype=np.int64)


def _grid(shape: tuple[int, int], at: Ints, symbol: Ints, values: Floats) -> Floats:
    grid = np.full(shape, np.nan)
    grid[at, symbol] = values
    return grid


def _pick(shape: tuple[int, int], at: Ints, symbol: Ints, values: Floats, rows: npt.NDArray[np.bool_]) -> Floats:
    return _grid(shape, at[rows], symbol[rows], values[rows])


def _deviation(returns: Floats) -> Floats:
    """Exponentially weighted deviation of the returns before each session, NaN until there are ten."""
    seen = np.zeros(returns.shape[1])
    total = np.zeros(returns.shape[1])
    found = np.full(returns.shape, np.nan)
    for session, came in enumerate(returns):
        ready = (seen >= _WARM) & (total > 0)
        found[session, ready] = np.sqrt(total[ready])
        known = np.isfinite(came)
        weight = np.maximum(1 - _DECAY, 1 / (seen[known] + 1))
        total[known] += weight * (came[known] ** 2 - total[known])
        seen[known] += 1
    return found
