"""Heterogeneous autoregression of log variance: symbol by symbol as a yardstick, and pooled with the market as a floor.

Corsi, Journal of Financial Econometrics 7(2), 2009, on log ranges (Clements and Preve, 2019). A forecast of a log is
turned into one of the variance by the mean of the exponentiated residuals (Duan's smearing, JASA 78, 1983), for
the pooled one on sessions that were left out (`models.smearing`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook, Vectors
from causal_alpha.models.smearing import least_squares, unseen_smear
from causal_alpha.models.state import RARE, STATE, columns, state
from causal_alpha.scoring import SMALLEST

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

SCALES = ("log_range_1", "log_range_5", "log_range_22")


@dataclass(frozen=True)
class HarPerSymbol:
    """One regression a symbol and horizon: `coefficients` (symbols, h, 4), the constant first."""

    symbols: tuple[str, ...]
    coefficients: Floats
    family: str = "har per symbol"
    lags: int = 1

    def outlook(self, vectors: Vectors) -> Outlook:
        places = {name: place for place, name in enumerate(self.symbols)}
        rows = np.asarray([places.get(name, -1) for name in vectors.symbols], dtype=np.int64)
        inputs = np.stack([np.ones(len(vectors)), *(vectors.last(name) for name in SCALES)], axis=1)
        chosen = np.where(rows[:, None, None] >= 0, self.coefficients[rows], np.nan)
        ranges = np.exp((chosen * inputs[:, None, :]).sum(axis=2))
        return Outlook(location=ranges * 0.0, ranges=ranges)


def fit_per_symbol(dataset: "Dataset", *, seed: int = 0, least: int = 250) -> HarPerSymbol:
    """Least squares on the logs, each symbol alone; symbols with fewer than `least` rows stay unknown."""
    del seed
    inputs = np.stack([np.ones(len(dataset)), *(dataset.column(name) for name in SCALES)], axis=1)
    coefficients = np.full((len(dataset.symbols), len(HORIZONS), inputs.shape[1]), np.nan)
    edges = np.searchsorted(dataset.symbol, np.arange(len(dataset.symbols) + 1))
    for at, horizon in enumerate(HORIZONS):
        target = np.log(np.maximum(dataset.future(horizon)[1], SMALLEST))
        known = np.isfinite(target) & np.isfinite(inputs).all(axis=1)
        for place in range(len(dataset.symbols)):
            block = slice(edges[place], edges[place + 1])
            own = known[block]
            if own.sum() >= least:
                coefficients[place, at] = smeared(inputs[block][own], target[block][own])
    return HarPerSymbol(dataset.symbols, coefficients)


@dataclass(frozen=True)
class HarX:
    """One regression for all symbols, with leverage, volume and the market: `coefficients` (h, 1 + len(STATE)).

    Inputs are held within `low` and `high`, (len(STATE),), which one in a thousand of those it was fitted on lay
    beyond on each side: a line says nothing of where it has never been.
    """

    coefficients: Floats
    low: Floats
    high: Floats
    family: str = "har"
    lags: int = 1

    def outlook(self, vectors: Vectors) -> Outlook:
        anchor, inputs = state(vectors.names, vectors.values[:, -1])
        inputs = np.clip(inputs, self.low, self.high)
        # Row by row, not as a matrix product: BLAS would round a row differently beside other rows.
        shift = [(inputs * weights[1:]).sum(axis=1) + weights[0] for weights in self.coefficients]
        ranges = np.exp(anchor[:, None] + np.stack(shift, axis=1))
        return Outlook(location=ranges * 0.0, ranges=ranges)


def fit(dataset: "Dataset", *, seed: int = 0, least: int = 500) -> HarX:
    """Least squares on all rows together. Raises ModelError when there are fewer than `least`."""
    del seed
    anchor, numbers = columns(dataset.names, dataset.values, STATE)
    # One input after the other in memory, where quantiles and products are quick.
    inputs = np.stack([np.ones(len(dataset)), *numbers])
    complete = np.isfinite(inputs).all(axis=0)
    if complete.sum() < least:
        raise ModelError(f"dataset: expected at least {least} complete rows, was {int(complete.sum())}")
    inputs, anchor = inputs[:, complete], anchor[complete]
    session = np.searchsorted(dataset.sessions, dataset.start[complete])
    low, high = np.quantile(inputs[1:], [RARE, 1 - RARE], axis=1)
    np.clip(inputs[1:], low[:, None], high[:, None], out=inputs[1:])
    coefficients = np.empty((len(HORIZONS), len(inputs)))
    for at, horizon in enumerate(HORIZONS):
        target = np.log(np.maximum(dataset.future(horizon)[1][complete], SMALLEST)) - anchor
        known = np.isfinite(target)
        own, aim = inputs[:, known].T, target[known]
        coefficients[at] = least_squares(own, aim)
        coefficients[at, 0] += unseen_smear(own, aim, session[known])
    return HarX(coefficients, low, high)


def smeared(inputs: Floats, target: Floats) -> Floats:
    """Least-squares coefficients of a log, its constant (the first) raised so that the exponential is unbiased."""
    found = least_squares(inputs, target)
    found[0] += np.log(np.exp(target - inputs @ found).mean())
    return found
