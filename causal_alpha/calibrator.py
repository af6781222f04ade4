"""Calibration while bars come in: forecasts wait for their truth, and what it teaches widens or narrows the next ones.

Everything moves in event time: at each time of a series the truths due are observed first, then what is said then is
adjusted. So a log gives the same forecasts however often it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from causal_alpha.calibration import SPEEDS, Conformal, Residuals
from causal_alpha.columns import Floats, Ints
from causal_alpha.models.base import HORIZONS, Prediction
from causal_alpha.records import LEVELS


@dataclass
class Waiting:
    """Forecasts of one horizon whose truth is to come, (k,) each: `rows` are their symbols' places."""

    rows: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    due: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    price: Floats = field(default_factory=lambda: np.empty(0))
    location: Floats = field(default_factory=lambda: np.empty(0))
    variance: Floats = field(default_factory=lambda: np.empty(0))
    quantiles: Floats = field(default_factory=lambda: np.empty((0, len(LEVELS))))

    def add(self, other: "Waiting") -> "Waiting":
        return Waiting(**{name: np.concatenate([mine, vars(other)[name]]) for name, mine in vars(self).items()})

    def take(self, rows: Any) -> "Waiting":
        return Waiting(**{name: column[rows] for name, column in vars(self).items()})


@dataclass
class Calibrator:
    """One model's calibration over the symbols of a series, by horizon: shape of residuals and widths.

    Symbols are places in the series' rings; there may be more of them at any time. Quantiles are of log returns.
    """

    residuals: list[Residuals] = field(default_factory=lambda: [Residuals(0) for _ in HORIZONS])
    layers: list[Conformal] = field(default_factory=lambda: [Conformal(0, SPEEDS[h]) for h in HORIZONS])
    waiting: list[Waiting] = field(default_factory=lambda: [Waiting() for _ in HORIZONS])

    def observe(self, at: int, rows: Ints, closes: Floats, n: int) -> None:
        """The bars of these rows that ended at `at` (ns), NaN where the feed was away; `n` symbols are known.

        Forecasts due earlier will never have a truth and are forgotten.
        """
        close = np.full(n, np.nan)
        close[rows] = closes
        for place, waiting in enumerate(self.waiting):
            self.residuals[place].grow(n)
            self.layers[place].grow(n)
            now = (waiting.due == at) & np.isfinite(close[waiting.rows])
            if now.any():
                self._learn(place, waiting.take(now), close)
            self.waiting[place] = waiting.take(~now & (waiting.due >= at))

    def _learn(self, place: int, told: Waiting, close: Floats) -> None:
        n = len(close)
        returns, location, variance = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
        quantiles = np.full((n, len(LEVELS)), np.nan)
        returns[told.rows] = np.log(close[told.rows] / told.price)
        location[told.rows], variance[told.rows] = told.location, told.variance
        quantiles[told.rows] = told.quantiles
        self.residuals[place].observe(returns, location, variance)
        self.layers[place].observe(returns, quantiles)

    def adjust(self, rows: Ints, said: Prediction, n: int) -> Prediction:
        """Calibrated quantiles of what is said of these rows; a model's own shape holds until residuals have one."""
        quantiles = np.empty_like(said.quantiles)
        for place in range(len(HORIZONS)):
            plain = np.full((n, len(LEVELS)), np.nan)
            plain[rows] = said.quantiles[:, place]
            residuals, layer = self.residuals[place], self.layers[place]
            residuals.grow(n)
            layer.grow(n)
            if residuals.ready:
                location, variance = np.full(n, np.nan), np.full(n, np.nan)
                location[rows], variance[rows] = said.location[:, place], said.variance[:, place]
                plain = residuals.quantiles(location, variance)
            quantiles[:, place] = layer.adjust(plain)[rows]
        return Prediction(said.location, said.variance, quantiles)

    def expect(self, rows: Ints, said: Prediction, price: Floats, due: Ints) -> None:
        """Remember what was said, `due` (n, h), until its truth comes. Rows of which nothing was said are left out."""
        for place in range(len(HORIZONS)):
            known = np.isfinite(said.quantiles[:, place]).all(axis=1) & np.isfinite(said.variance[:, place])
            told = Waiting(
                rows=rows[known],
                due=due[known, place],
                price=price[known],
                location=said.location[known, place],
                variance=said.variance[known, place],
                quantiles=said.quantiles[known, place],
            )
            self.waiting[place] = self.waiting[place].add(told)

    def dump(self) -> dict[str, Any]:
        return {
            "residuals": [one.dump() for one in self.residuals],
            "layers": [one.dump() for one in self.layers],
            "waiting": [dict(vars(one)) for one in self.waiting],
        }

    @classmethod
    def load(cls, tree: Mapping[str, Any]) -> Self:
        return cls(
            [Residuals.load(one) for one in tree["residuals"]],
            [Conformal.load(one, SPEEDS[h]) for one, h in zip(tree["layers"], HORIZONS, strict=True)],
            [Waiting(**one) for one in tree["waiting"]],
        )
