"""GARCH with leverage and Student's t: one fit a symbol by `arch`, and its recursion in numpy.

Glosten, Jagannathan and Runkle, Journal of Finance 48(5), 1993: s' = omega + (alpha + gamma [r < 0]) r² + beta s.
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook, Vectors
from causal_alpha.models.extras import training_package
from causal_alpha.scoring import SMALLEST

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

_MOST = 0.999  # persistence that still has a mean to return to

LEAST = 22
"""Returns of a symbol that it must have seen to speak of it."""


@dataclass(frozen=True)
class Garch:
    """`parameters` (symbols, 4) omega, alpha, gamma, beta of returns; `ratio` (symbols, h) from squares to ranges.

    The recursion runs over the last `lags` returns, as many as a worker keeps. It starts from the weighted variance of
    what came before them, from the long-run mean where nothing did.
    """

    symbols: tuple[str, ...]
    parameters: Floats
    ratio: Floats
    family: str = "garch"
    lags: int = 128

    def outlook(self, vectors: Vectors) -> Outlook:
        places = {name: place for place, name in enumerate(self.symbols)}
        rows = np.asarray([places.get(name, -1) for name in vectors.symbols], dtype=np.int64)
        chosen = np.where(rows[:, None] >= 0, self.parameters[rows], np.nan)
        ratio = np.where(rows[:, None] >= 0, self.ratio[rows], np.nan)
        before = np.exp(vectors.column("log_square_ewma", self.lags)[:, 0])
        mean = means(chosen, variance_after(chosen, vectors.column("return_1", self.lags), before))
        return Outlook(location=mean * 0.0, ranges=mean * ratio)


def variance_after(parameters: Floats, returns: Floats, before: Floats) -> Floats:
    """The next bar's variance (n,) after returns (n, lags), of which a young symbol's first ones are NaN.

    `before` (n,) is the variance that the bars up to the first return tell of; where it is NaN, the recursion starts at
    the long-run mean. NaN for fewer than `LEAST` returns, or with a gap among them.
    """
    omega, alpha, gamma, beta = parameters.T
    known = np.isfinite(returns)
    young = np.logical_and.accumulate(~known, axis=1)
    variance = omega / (1 - persistence(parameters))
    for step in range(returns.shape[1]):
        square = returns[:, step] ** 2
        following = omega + (alpha + gamma * (returns[:, step] < 0)) * square + beta * variance
        if step == 0:
            following = np.where(np.isfinite(before), before, following)
        variance = np.where(young[:, step], variance, following)
    return np.where(known.sum(axis=1) >= LEAST, variance, np.nan)


def persistence(parameters: Floats) -> Floats:
    """alpha + gamma / 2 + beta, (n,)."""
    total: Floats = parameters[:, 1] + parameters[:, 2] / 2 + parameters[:, 3]
    return total


def means(parameters: Floats, following: Floats) -> Floats:
    """Mean variance over each horizon, (n, h), when the next bar's is `following`."""
    phi = persistence(parameters)
    long_run = parameters[:, 0] / (1 - phi)
    columns = []
    for horizon in HORIZONS:
        decay = sum(phi**step for step in range(horizon)) / horizon
        columns.append(long_run + decay * (following - long_run))
    return np.stack(columns, axis=1)


def fit(dataset: "Dataset", *, seed: int = 0, least: int = 500) -> Garch:
    """Maximum likelihood, each symbol alone; symbols with fewer than `least` returns stay unknown."""
    del seed
    arch = training_package("arch")
    edges = np.searchsorted(dataset.symbol, np.arange(len(dataset.symbols) + 1))
    parameters = np.full((len(dataset.symbols), 4), np.nan)
    ratio = np.full((len(dataset.symbols), len(HORIZONS)), np.nan)
    futures = [np.maximum(dataset.future(horizon)[1], SMALLEST) for horizon in HORIZONS]
    for place in range(len(dataset.symbols)):
        block = slice(edges[place], edges[place + 1])
        returns = dataset.returns[block]
        known = np.isfinite(returns)
        if known.sum() < least:
            continue
        if returns[known].std() < np.sqrt(SMALLEST):
            parameters[place], ratio[place] = (SMALLEST, 0.0, 0.0, 0.0), 1.0  # a price that stands still
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            unit = 10.0 ** -np.floor(np.log10(returns[known].std()))  # arch's optimiser wants returns around 1
            model = arch.arch_model(unit * returns[known], mean="Zero", p=1, o=1, q=1, dist="t", rescale=False)
            found = model.fit(disp="off", show_warning=False)
        omega, alpha, gamma, beta = (float(value) for value in found.params.iloc[:4])
        total = alpha + gamma / 2 + beta
        shrink = min(1.0, _MOST / total) if total > 0 else 1.0
        parameters[place] = omega / unit**2, alpha * shrink, gamma * shrink, beta * shrink
        following = np.append((np.asarray(found.conditional_volatility) / unit)[1:] ** 2, np.nan)
        mean = means(np.broadcast_to(parameters[place], (len(following), 4)), following)
        for at, future in enumerate(futures):
            ratio[place, at] = np.nanmean(future[block][known] / mean[:, at])
    return Garch(dataset.symbols, parameters, ratio)
