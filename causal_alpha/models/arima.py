"""ARIMA(p, 1, q) of log prices for the mean, the pooled HAR for the scale.

Parameters come from statsmodels (Hannan and Rissanen, Biometrika 69(1), 1982), orders by a stepwise search on BIC
as in Hyndman and Khandakar, Journal of Statistical Software 27(3), 2008. Both polynomials are forced to forget:
no inverse root is left beyond `FURTHEST`. Serving is the recursion of `models.recursion`.

Most symbols are random walks, and most fits only show it again. So a rough estimate of all symbols at once, by the same
method, says which orders are worth a fit: those whose BIC isn't beyond that of the best by more than `DOUBT`.

Orders and parameters are sought in returns that are divided by the deviation that was expected of them: where variance
moves, a few wild weeks look like structure, and least squares believe them.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from causal_alpha.frames import Floats, Ints
from causal_alpha.models import har, recursion
from causal_alpha.models.base import HORIZONS, Model, Outlook, Vectors
from causal_alpha.models.extras import training_package
from causal_alpha.models.inputs import DECAY
from causal_alpha.scoring import SMALLEST

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

Order = tuple[int, int]

MOST = 2
"""Greatest p and q."""

FURTHEST = 0.9
"""Greatest modulus of an inverse root: after 128 bars a start weighs 1e-6 of a return."""

DOUBT = 4.0
"""By how much of BIC a rough estimate may be off. Of 11,562 fits to daily returns one in a thousand was by 0.7, and the
farthest by 3.1; no order of 3,840 was another one for the fits that were spared."""

LONG = 10
"""Lags of the autoregression that stands for the innovations."""


@dataclass(frozen=True)
class Arima:
    """`coefficients` (symbols, 4) as the recursion wants them, `trust` (symbols,) what their mean is multiplied by.

    A random walk, (0, 1, 0), has coefficients 0.
    """

    symbols: tuple[str, ...]
    orders: tuple[Order, ...]
    coefficients: Floats
    trust: Floats
    scale: Model
    family: str = "arima"
    lags: int = 128

    def outlook(self, vectors: Vectors) -> Outlook:
        places = {name: place for place, name in enumerate(self.symbols)}
        rows = np.asarray([places.get(name, -1) for name in vectors.symbols], dtype=np.int64)
        coefficients = np.where(rows[:, None] >= 0, self.coefficients[rows], np.nan)
        trust = np.where(rows >= 0, self.trust[rows], np.nan)
        state = recursion.settle(self._echoes[:, rows], vectors.column("return_1", self.lags))
        path = trust[:, None] * recursion.forecast(coefficients, state, max(HORIZONS))
        location = np.stack([path[:, :horizon].sum(axis=1) for horizon in HORIZONS], axis=1)
        return Outlook(location=location, ranges=self.scale.outlook(vectors).ranges)

    @cached_property
    def _echoes(self) -> Floats:
        """Made once a model: (2, symbols, lags)."""
        return recursion.echoes(self.coefficients, self.lags)


def fit(dataset: "Dataset", *, seed: int = 0, least: int = 250, window: int = 1500) -> Arima:
    """Order and parameters of each symbol by its last `window` returns, standardised, and a pooled scale.

    Symbols with fewer than `least` returns stay unknown. The mean is trusted by how far its likelihood ratio is
    beyond what BIC asks for: 1 - (p + q) ln n / LR, so that a choice just made can't do harm at once.
    """
    edges = np.searchsorted(dataset.symbol, np.arange(len(dataset.symbols) + 1))
    blocks = [dataset.returns[first:end] for first, end in pairwise(edges.tolist())]
    series = [standardised(returns[np.isfinite(returns)])[-window:] for returns in blocks]
    counts = np.asarray([len(returns) if len(returns) >= least else 0 for returns in series])
    padded = np.zeros((len(series), max(counts.max(initial=0), 1)))
    for place, returns in enumerate(series):
        if counts[place]:
            padded[place, -counts[place] :] = returns
    search = _Search(padded, counts)
    search.run()
    known = counts > 0
    return Arima(
        symbols=dataset.symbols,
        orders=tuple(search.order),
        coefficients=np.where(known[:, None], search.coefficients, np.nan),
        trust=np.where(known, search.trust(), np.nan),
        scale=har.fit(dataset, seed=seed),
    )


def standardised(returns: Floats) -> Floats:
    """Returns (bars,), each over the exponentially weighted deviation of those before it; 0 where nothing moved.

    The deviation starts as that of the first fifty.
    """
    filters = training_package("scipy.signal")
    start = np.mean(returns[:50] ** 2) if len(returns) else 0.0
    after, _ = filters.lfilter([1 - DECAY], [1.0, -DECAY], returns**2, zi=[DECAY * start])
    before = np.concatenate([[start], after[:-1]])[: len(returns)]
    return np.asarray(np.where(before > SMALLEST, returns / np.sqrt(np.maximum(before, SMALLEST)), 0.0))


class _Search:
    """Orders of all symbols step by step: from (0, 0) to a neighbour as long as BIC falls.

    `returns` (n, bars) end at the present, with zeros before a symbol's first one: a recursion that starts at 0
    doesn't notice them.
    """

    def __init__(self, returns: Floats, counts: Ints) -> None:
        self.returns, self.counts = returns, counts
        self.order: list[Order] = [(0, 0)] * len(returns)
        self.coefficients = np.zeros((len(returns), 4))
        self.least_squares = (returns**2).sum(axis=1)
        self.squares = self.least_squares.copy()
        self.tried: list[set[Order]] = [{(0, 0)} for _ in returns]
        self.alive = (counts > 0) & (self.squares > 0)
        self.rough = _Rough(returns)

    def run(self) -> None:
        while self.alive.any():
            moved = np.zeros(len(self.returns), dtype=np.bool_)
            came_from = list(self.order)
            for order in sorted({near for place in np.flatnonzero(self.alive) for near in _near(came_from[place])}):
                rows = [
                    place
                    for place in np.flatnonzero(self.alive).tolist()
                    if order in _near(came_from[place]) and order not in self.tried[place]
                ]
                if rows:
                    moved[self._try(order, rows)] = True
            self.alive &= moved

    def _try(self, order: Order, rows: list[int]) -> list[int]:
        """The rows for which `order` has the least BIC so far."""
        for row in rows:
            self.tried[row].add(order)
        rough = _squares(self.rough.coefficients(order, rows), self.returns[rows])
        rows = [row for row, squares in zip(rows, rough, strict=True) if self._gain(squares, order, row) > -DOUBT]
        if not rows:
            return []
        found = np.stack([_hannan_rissanen(self.returns[row, -self.counts[row] :], order) for row in rows])
        better = []
        for row, own, squares in zip(rows, found, _squares(found, self.returns[rows]), strict=True):
            if self._gain(squares, order, row) > 0:
                self.order[row], self.coefficients[row], self.squares[row] = order, own, squares
                better.append(row)
        return better

    def _gain(self, squares: float, order: Order, row: int) -> float:
        """By how much an order's BIC is below that of the best so far."""
        return self._bic(self.squares[row], sum(self.order[row]), row) - self._bic(squares, sum(order), row)

    def _bic(self, squares: float, parameters: int, row: int) -> float:
        n = int(self.counts[row])
        return n * float(np.log(squares / n)) + parameters * float(np.log(n))

    def trust(self) -> Floats:
        n = np.maximum(self.counts, 2)
        parameters = np.asarray([sum(order) for order in self.order])
        safe = np.where(self.squares > 0, self.squares, 1.0)
        ratio = n * np.log(np.where(self.squares > 0, self.least_squares, 1.0) / safe)
        return np.where(parameters > 0, np.maximum(1 - parameters * np.log(n) / np.maximum(ratio, 1e-9), 0), 0.0)


class _Rough:
    """Hannan and Rissanen's estimate of any order, of all symbols at once; the first bars are taken as they are.

    What an order regresses on is among two lags of returns and two of innovations, so one table of products has all.
    """

    def __init__(self, returns: Floats) -> None:
        bars = returns.shape[1]
        lagged = np.stack([_shifted(returns, lag) for lag in range(LONG + 1)])
        alike = np.stack([(returns * later).sum(axis=1) for later in lagged], axis=1)
        alike[:, 0] += SMALLEST * bars
        lags = np.arange(LONG)
        long = np.linalg.solve(alike[:, np.abs(lags[:, None] - lags)], alike[:, 1:, None])[:, :, 0]
        innovations = returns - np.einsum("nk,knt->nt", long, lagged[1:])
        own = [_shifted(innovations, lag) for lag in range(1, MOST + 1)]
        read = np.stack([*lagged[: MOST + 1], *own], axis=1)
        self.products = read @ read.transpose(0, 2, 1)

    def coefficients(self, order: Order, rows: list[int]) -> Floats:
        """(rows, 4), forced to forget."""
        p, q = order
        chosen = np.asarray([*range(1, 1 + p), *range(1 + MOST, 1 + MOST + q)])
        products = self.products[rows]
        size = products[:, chosen[:, None], chosen] + SMALLEST * np.eye(len(chosen))
        weights = np.linalg.solve(size, products[:, chosen, :1])[:, :, 0]
        found = np.zeros((len(rows), 2 * MOST))
        found[:, chosen - 1] = weights
        return np.stack([np.concatenate([forgetful(one[:MOST]), -forgetful(-one[MOST:])]) for one in found])


def _shifted(series: Floats, lag: int) -> Floats:
    """Series (n, bars), `lag` bars later, after zeros."""
    return np.concatenate([np.zeros((len(series), lag)), series[:, : series.shape[1] - lag]], axis=1)


def _near(order: Order) -> list[Order]:
    p, q = order
    steps = ((p + 1, q), (p, q + 1), (p + 1, q + 1), (p + 1, q - 1), (p - 1, q + 1))
    return [(a, b) for a, b in steps if 0 <= a <= MOST and 0 <= b <= MOST]


def _hannan_rissanen(returns: Floats, order: Order) -> Floats:
    """(4,) coefficients; zeros where the estimator fails."""
    estimators = training_package("statsmodels.tsa.arima.estimators.hannan_rissanen")
    p, q = order
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found, _ = estimators.hannan_rissanen(
                returns, ar_order=p, ma_order=q, demean=False, initial_ar_order=LONG, unbiased=False
            )
        except (np.linalg.LinAlgError, ValueError):
            return np.zeros(4)
    ar, ma = np.zeros(MOST), np.zeros(MOST)
    ar[:p], ma[:q] = found.ar_params, found.ma_params
    return np.concatenate([forgetful(ar), -forgetful(-ma)])


def _squares(coefficients: Floats, returns: Floats) -> Floats:
    """Sum of squares (n,) of what each of the returns (n, bars) was beyond its forecast by the `recursion`."""
    filters = training_package("scipy.signal")
    found = np.empty(len(returns))
    for row, (ar, ma) in enumerate(zip(coefficients[:, :2], coefficients[:, 2:], strict=True)):
        found[row] = (filters.lfilter([1.0, *-ar], [1.0, *ma], returns[row]) ** 2).sum()
    return found


def forgetful(lags: Floats) -> Floats:
    """Coefficients of 1 - c1 z - c2 z² whose inverse roots are reflected into the circle, then held to `FURTHEST`.

    A root and its reflection have the same autocovariances, so reflecting keeps what was estimated.

    >>> forgetful(np.array([0.5, 0.0])).tolist(), forgetful(np.array([2.0, 0.0])).tolist()
    ([0.5, 0.0], [0.5, 0.0])
    """
    if abs(lags[1]) <= FURTHEST**2 and abs(lags[0]) <= FURTHEST - lags[1] / FURTHEST:
        return lags
    roots = np.roots([1.0, -lags[0], -lags[1]]).astype(np.complex128)
    size = np.abs(roots)
    if (size <= FURTHEST).all():
        return lags
    outside = size > 1
    roots = np.where(outside, 1 / np.where(outside, roots, 1).conj(), roots)
    size = np.abs(roots)
    roots = np.where(size > FURTHEST, roots * FURTHEST / np.maximum(size, FURTHEST), roots)
    return np.asarray(0.0 - np.poly(roots)[1:].real)
