"""From a scale to calibrated quantiles: filtered historical simulation, then an online conformal layer.

Both keep state for n symbols and one horizon, and move session by session: ask for quantiles, and when truth
arrives `horizon` sessions later, `observe` it. Nothing here reads a clock; states dump to plain arrays.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from causal_alpha.frames import Floats
from causal_alpha.models.ewma import NORMAL
from causal_alpha.records import LEVELS

_MIDDLE = LEVELS.index(0.5)
_SMALLEST = 1e-12


@dataclass
class Residuals:
    """Filtered historical simulation: the shape of returns that were divided by their forecast scale.

    `ring` holds the standardised returns of the last `depth` sessions, (depth, n), NaN where unknown. Quantiles
    are those of all symbols together. A symbol's own width is the root mean square of its residuals, drawn towards
    that of all symbols by one part in three. Barone-Adesi, Giannopoulos and Vosper, Journal of Futures Markets
    19(5), 1999. Until `least` residuals are there the shape is normal.
    """

    n: int
    depth: int = 500
    every: int = 5
    least: int = 250
    ring: Floats = field(init=False)
    seen: int = 0
    ready: bool = False
    """Whether the shape is that of residuals and no longer a normal one."""
    width: Floats = field(init=False)
    shape: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.ring = np.full((self.depth, self.n), np.nan)
        self.width = np.ones(self.n)
        self.shape = np.asarray(NORMAL)

    def observe(self, returns: Floats, location: Floats, variance: Floats) -> None:
        """One session's truth (n,) with what had been forecast of it; NaN where there is none."""
        self.ring[self.seen % self.depth] = (returns - location) / np.sqrt(np.maximum(variance, _SMALLEST))
        self.seen += 1
        if self.seen % self.every == 0:
            self.refresh()

    def refresh(self) -> None:
        """Takes widths and shape anew from the ring; `observe` does so every `every` sessions."""
        known = np.isfinite(self.ring)
        count = known.sum(axis=0)
        if count.sum() < self.least:
            return
        # Four deviations: one jump must not widen a symbol for two years.
        limit = 4 * np.sqrt(np.nanmean(np.minimum(self.ring**2, 100)))
        square = np.where(known, np.clip(self.ring, -limit, limit) ** 2, 0.0)
        pooled = square.sum() / count.sum()
        own = np.where(count > 0, square.sum(axis=0) / np.maximum(count, 1), pooled)
        trust = 2 / 3 * np.minimum(count / self.depth, 1)
        self.width = np.sqrt(np.maximum(trust * own + (1 - trust) * pooled, _SMALLEST))
        standard = (self.ring / self.width)[known]
        # The mean goes, for the location says where it is; the median stays beside it where returns are skewed.
        self.shape = np.quantile(standard, LEVELS) - standard.mean()
        self.ready = True

    def grow(self, n: int) -> None:
        """Room for symbols up to `n`; the new ones are as wide as all together until their own truths say more."""
        if n > self.n:
            self.ring = np.hstack([self.ring, np.full((self.depth, n - self.n), np.nan)])
            self.width = np.append(self.width, np.ones(n - self.n))
            self.n = n

    def quantiles(self, location: Floats, variance: Floats) -> Floats:
        """Quantiles (n, 13) of the return, its mean at `location`."""
        scale = self.width * np.sqrt(np.maximum(variance, _SMALLEST))
        return location[:, None] + scale[:, None] * self.shape

    def dump(self) -> dict[str, Any]:
        return {name: np.copy(getattr(self, name)) for name in ("ring", "width", "shape")} | {
            "seen": self.seen,
            "ready": self.ready,
        }

    @classmethod
    def load(cls, tree: dict[str, Any], every: int = 5, least: int = 250) -> "Residuals":
        """The state as `dump` gave it: it goes on as if there had been no break."""
        depth, n = tree["ring"].shape
        state = cls(n, depth, every, least, seen=tree["seen"], ready=tree["ready"])
        state.ring, state.width, state.shape = (np.copy(tree[name]) for name in ("ring", "width", "shape"))
        return state


INTERVALS = ((0.8, 0.1), (0.95, 0.025))
"""Levels that are calibrated, with the probability beyond each side."""
_SIDES = ((LEVELS.index(0.1), LEVELS.index(0.9)), (LEVELS.index(0.025), LEVELS.index(0.975)))


@dataclass(frozen=True)
class Speeds:
    """How fast the layer learns: `symbol` each symbol's own width, `market` that of all, `leak` how it forgets."""

    symbol: float
    market: float
    leak: float = 0.02


SPEEDS = {1: Speeds(symbol=0.05, market=0.5), 5: Speeds(symbol=0.03, market=0.1)}
"""By horizon. `market` times the horizon stays below 0.5: truth arrives late, and faster steps would oscillate."""
WIDEST = 100.0
"""The layer makes a half-width this many times wider, or narrower, and no more: beyond that the scale is wrong."""
_LIMITS = (-np.log(WIDEST), np.log(WIDEST))
CROWD = 5.0
"""Symbols at which the market's part moves at half its speed. The mean miss of a few is mostly chance, and steps as
large as those of many would make intervals of one symbol swing: on minutes of BTC they cost 9 % of the Winkler score,
with this 2 %."""


@dataclass
class Conformal:
    """Widths that follow what was missed, on two speeds, for each side of the 80 % and 95 % intervals.

    Half-widths are multiplied by exp(own + market), at most by `WIDEST`. After truth, own += a (miss - tail) and
    market = (1 - leak) market + b n / (n + CROWD) mean(miss - tail), of n symbols with a truth. Gibbs and Candès,
    NeurIPS 2021, in logs of the width and with a common part. `own` has shape (n, 2 levels, 2 sides), `market` (2, 2).
    """

    n: int
    speeds: Speeds
    own: Floats = field(init=False)
    market: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.own = np.zeros((self.n, 2, 2))
        self.market = np.zeros((2, 2))

    def adjust(self, quantiles: Floats) -> Floats:
        """Calibrated quantiles (n, 13), rising, the median unmoved.

        Between the calibrated levels the logs of the widths are interpolated in normal scores.
        """
        middle = quantiles[:, _MIDDLE, None]
        half = quantiles - middle
        logs = np.clip(self.own + self.market, *_LIMITS)
        scores = np.abs(np.asarray(NORMAL))
        inner, outer = scores[_SIDES[0][0]], scores[_SIDES[1][0]]
        part = np.clip((scores - inner) / (outer - inner), 0, 1)
        side = (np.asarray(NORMAL) > 0).astype(int)
        log_width = (1 - part) * logs[:, 0, side] + part * logs[:, 1, side]
        half = half * np.exp(log_width)
        half[:, _MIDDLE + 1 :] = np.maximum.accumulate(half[:, _MIDDLE + 1 :], axis=1)
        half[:, :_MIDDLE] = np.minimum.accumulate(half[:, :_MIDDLE][:, ::-1], axis=1)[:, ::-1]
        return np.asarray(middle + half)

    def observe(self, returns: Floats, quantiles: Floats) -> None:
        """One session's truth (n,) and the adjusted quantiles (n, 13) that had been said of it."""
        known = np.isfinite(returns) & np.isfinite(quantiles).all(axis=1)
        if not known.any():
            return
        speed = self.speeds.market * known.sum() / (known.sum() + CROWD)
        for level, ((_, tail), (low, high)) in enumerate(zip(INTERVALS, _SIDES, strict=True)):
            missed = np.stack([returns < quantiles[:, low], returns > quantiles[:, high]], axis=1) - tail
            self.own[known, level] += self.speeds.symbol * missed[known]
            drift = missed[known].mean(axis=0)
            self.market[level] = (1 - self.speeds.leak) * self.market[level] + speed * drift
        for widths in (self.own, self.market):
            np.clip(widths, *_LIMITS, out=widths)

    def grow(self, n: int) -> None:
        """Room for symbols up to `n`, of whom nothing is known yet."""
        if n > self.n:
            self.own = np.concatenate([self.own, np.zeros((n - self.n, 2, 2))])
            self.n = n

    def dump(self) -> dict[str, Any]:
        return {"own": self.own.copy(), "market": self.market.copy()}

    @classmethod
    def load(cls, tree: dict[str, Any], speeds: Speeds) -> "Conformal":
        state = cls(len(tree["own"]), speeds)
        state.own, state.market = tree["own"].copy(), tree["market"].copy()
        return state
