"""What every family of models must keep to, on a made-up panel: run it in your tests."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from causal_alpha.dataset import Dataset
from causal_alpha.frames import Floats, Frame, Ints, Labels
from causal_alpha.intervals import DAY
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.models.base import HORIZONS, Model, Prediction, Vectors
from causal_alpha.records import LEVELS, Bar

_PRICES = ("open", "high", "low", "close")
_FLAT = "FLAT"
_NEW = "NEW"
_YOUNG = 20
"""Bars of history that are too few for any family."""


def check_forecaster(
    fit: Callable[[Dataset], Model], *, bars: Frame[Bar] | None = None, cuts: int = 4, rtol: float = 1e-6
) -> None:
    """Check all that the contract of a family promises; fits it twice.

    `fit` takes a dataset and must give the same model for the same data, so close it over a seed. `bars` are daily
    bars to use instead of a made-up panel. Forecasts have shapes (n, h) and (n, h, 13), are finite with rising
    quantiles and a variance above 0, also for a symbol whose price never moves; change in no bit when everything
    after them does; don't depend on the order or number of symbols beyond `rtol`; are NaN for a symbol with too
    little history or an unknown number, and leave its neighbours alone.

    Raises AssertionError with what was expected and what was there.
    """
    bars = made_up() if bars is None else bars
    dataset = Dataset.from_bars(bars)
    cut = int(dataset.sessions[len(dataset.sessions) * 3 // 4])
    train = dataset.until(cut)
    artefact, again = (seal(fit(train), train, seed=0) for _ in range(2))
    rows = np.flatnonzero((dataset.start >= cut) & (dataset.place >= artefact.lags + 150))
    rows = rows[:: max(1, len(rows) // 200)]
    said = artefact.forecast(_vectors(dataset, artefact, rows))
    _check_numbers(said, len(rows))
    _equal(said, again.forecast(_vectors(dataset, again, rows)), "a second fit on the same data")
    _check_future(artefact, bars, dataset, cut, cuts)
    _check_rows(artefact, _vectors(dataset, artefact, rows), said, rtol)
    _check_silence(artefact, dataset, rows)


def made_up(symbols: int = 6, sessions: int = 720, seed: int = 7, *, odd: bool = True) -> Frame[Bar]:
    """Daily bars whose variance persists and is shared with a market.

    `odd`: of the last two symbols one never moves, and one is there for the last 60 sessions only.
    """
    rng = np.random.default_rng(seed)
    market, own = np.zeros(sessions), np.zeros((sessions, symbols))
    for day in range(1, sessions):
        market[day] = 0.95 * market[day - 1] + 0.15 * rng.standard_normal()
        own[day] = 0.9 * own[day - 1] + 0.2 * rng.standard_normal(symbols)
    deviation = 0.012 * np.exp(market[:, None] + own)
    walk = np.cumsum(deviation[:, :, None] / 4 * rng.standard_normal((sessions, symbols, 16)), axis=2)
    night = 0.3 * deviation * rng.standard_normal((sessions, symbols))
    close = np.cumsum(night + walk[:, :, -1], axis=0) + np.log(50)
    opened = close - walk[:, :, -1]
    prices = {
        "open": opened,
        "high": opened + np.maximum(walk.max(axis=2), 0),
        "low": opened + np.minimum(walk.min(axis=2), 0),
        "close": close,
    }
    volume = 1e6 * np.exp(0.5 * (market[:, None] + own) + 0.2 * rng.standard_normal((sessions, symbols)))
    names = [f"S{place:02d}" for place in range(symbols)]
    if odd:
        names[-2:] = [_FLAT, _NEW]
    n = sessions * symbols
    columns = {name: np.exp(column).ravel() for name, column in prices.items()} | {"volume": volume.ravel()}
    every = Labels.of(names * sessions)
    for name in _PRICES:
        columns[name][every.equals(_FLAT)] = 50.0
    day_of = np.repeat(np.arange(sessions, dtype=np.int64), symbols)
    bars = Frame.from_columns(
        Bar,
        {
            "symbol": every,
            "interval": Labels.constant("1d", n),
            "start": day_of * DAY,
            "vwap": columns["close"],
            "trades": np.ones(n, dtype=np.int64),
        }
        | columns,
    )
    return bars.take(~(every.equals(_NEW) & (day_of < sessions - 60)))


def _vectors(dataset: Dataset, artefact: Artefact, rows: Ints) -> Vectors:
    symbols = tuple(dataset.symbols[code] for code in dataset.symbol[rows].tolist())
    return Vectors(dataset.names, symbols, dataset.lags(rows, dataset.names, artefact.lags))


def _check_numbers(said: Prediction, n: int) -> None:
    shapes = (said.location.shape, said.variance.shape, said.quantiles.shape)
    expected = ((n, len(HORIZONS)), (n, len(HORIZONS)), (n, len(HORIZONS), len(LEVELS)))
    assert shapes == expected, f"shapes of location, variance, quantiles: expected {expected}, was {shapes}"
    for name, values in (("location", said.location), ("variance", said.variance), ("quantiles", said.quantiles)):
        unknown = int((~np.isfinite(values)).sum())
        assert not unknown, f"{name}: expected finite numbers, was {unknown} of {values.size} not"
    assert (said.variance > 0).all(), f"variance: expected above 0, was {said.variance.min()}"
    steps = np.diff(said.quantiles, axis=2)
    assert (steps >= 0).all(), f"quantiles: expected rising ones, was a step of {steps.min()}"


def _equal(one: Prediction, other: Prediction, when: str) -> None:
    for name in ("location", "variance", "quantiles"):
        a, b = getattr(one, name), getattr(other, name)
        assert a.tobytes() == b.tobytes(), (
            f"{name} after {when}: expected the same bits, was {np.nanmax(np.abs(a - b))} off"
        )


def _check_future(artefact: Artefact, bars: Frame[Bar], dataset: Dataset, first: int, cuts: int) -> None:
    """Everything after a cut is altered, in all columns and of all symbols: what was said up to it must stay."""
    rng = np.random.default_rng(0)
    for cut in rng.choice(dataset.sessions[dataset.sessions > first], cuts).tolist():
        later = bars.ints("start") >= cut
        poison: dict[str, Floats] = {name: bars.floats(name).copy() for name in (*_PRICES, "volume")}
        factor = np.exp(rng.standard_normal(int(later.sum())))
        for name in _PRICES:
            poison[name][later] *= factor
        poison["high"][later] *= 1.5
        poison["volume"][later] *= 100
        poisoned = Dataset.from_bars(Frame(Bar, {**bars.columns, **poison}))
        rows = np.flatnonzero((dataset.start < cut) & (dataset.place >= artefact.lags + 150))[-40:]
        was, now = (artefact.forecast(_vectors(data, artefact, rows)) for data in (dataset, poisoned))
        _equal(was, now, "a changed future")


def _check_rows(artefact: Artefact, vectors: Vectors, said: Prediction, rtol: float) -> None:
    order = np.random.default_rng(1).permutation(len(vectors))
    order = order[: len(order) * 2 // 3]
    some = replace(vectors, symbols=tuple(vectors.symbols[row] for row in order), values=vectors.values[order])
    fewer = artefact.forecast(some)
    for name in ("location", "variance", "quantiles"):
        expected, was = getattr(said, name)[order], getattr(fewer, name)
        same = np.allclose(was, expected, rtol=rtol, atol=rtol * 1e-2)
        assert same, f"{name}: expected the same beside other symbols, was {np.abs(was - expected).max()} off"


def _check_silence(artefact: Artefact, dataset: Dataset, rows: Ints) -> None:
    if _NEW in dataset.symbols:
        young = np.flatnonzero(dataset.symbol == dataset.symbols.index(_NEW))[:_YOUNG]
        said = artefact.forecast(_vectors(dataset, artefact, young))
        assert np.isnan(said.variance).all(), (
            f"variance with at most {_YOUNG} bars of history: expected NaN, was {said.variance}"
        )
    vectors = _vectors(dataset, artefact, rows[:8])
    whole = artefact.forecast(vectors)
    values = vectors.values.copy()
    values[3] = np.nan
    holed = artefact.forecast(replace(vectors, values=values))
    assert np.isnan(holed.variance[3]).all(), f"variance of unknown vectors: expected NaN, was {holed.variance[3]}"
    others = np.arange(len(vectors)) != 3
    assert np.isfinite(holed.variance[others]).all(), "variance beside unknown vectors: expected finite, was NaN"
    assert np.allclose(holed.variance[others], whole.variance[others], rtol=1e-5), "variance: expected no change beside"
