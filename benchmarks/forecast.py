"""Milliseconds to forecast 500 symbols one and five bars ahead with 13 quantiles, by what a worker loads.

Nets are of their full size and trained for a moment only: their weights don't change the time. They are saved and
loaded as the registry's are, so ONNX Runtime answers, on one thread. Beside them: what `model.predict` of Keras takes
for the same windows, and what `append` of statsmodels takes to tell ARIMA models of one more bar and ask them.
"""

import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import numpy as np

from benchmarks.machine import describe_machine, say
from causal_alpha.models.extras import training_package

NAMES = ("lstm", "transformer", "arima")
APPENDED = 10
"""Symbols that statsmodels gets, one by one; its time is scaled to all."""


@click.command()
@click.option("--symbols", default=500, show_default=True, help="Symbols in a batch.")
@click.option("--runs", default=30, show_default=True, help="Runs of every model; the median counts.")
@click.option("--quick", is_flag=True, help="One small run, to see that it works.")
def forecast(symbols: int, runs: int, quick: bool) -> None:
    """Milliseconds to forecast 500 symbols, beside Keras' predict and statsmodels' append."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    from causal_alpha.checks.forecaster import made_up  # noqa: PLC0415, after the threads are set
    from causal_alpha.dataset import Dataset  # noqa: PLC0415
    from causal_alpha.models.store import load, save  # noqa: PLC0415

    describe_machine()
    symbols, runs = (20, 2) if quick else (symbols, runs)
    dataset = Dataset.from_bars(made_up(symbols=symbols, sessions=560, odd=False))
    found: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        for name in NAMES:
            artefact = fitted(name, dataset, quick)
            save(artefact, Path(folder) / name)
            served, vectors = load(Path(folder) / name), newest(dataset, artefact.lags)
            said = served.forecast(vectors)
            if not np.isfinite(said.quantiles).all() or said.quantiles.shape != (symbols, 2, 13):
                raise click.ClickException(f"{name}: expected {symbols} x 2 x 13 quantiles, was {said.quantiles.shape}")
            found[f"{name}_ms"] = median_ms(partial(served.forecast, vectors), runs)
            if name == "lstm":
                model: Any = artefact.model
                windows = np.zeros((symbols, model.lags, model.net.input_shape[-1]), dtype=np.float32)
                found["keras_predict_ms"] = median_ms(partial(model.net.predict, windows, verbose=0), max(runs // 5, 1))
            say(f"{name}: {found[f'{name}_ms']:.2f} ms for {symbols} symbols")
    found["statsmodels_append_ms"] = append_ms(dataset, max(runs // 10, 1))
    order = ("lstm_ms", "transformer_ms", "arima_ms", "keras_predict_ms", "statsmodels_append_ms")
    click.echo(json.dumps({name: round(found[name], 3) for name in order}))


def fitted(name: str, dataset: Any, quick: bool) -> Any:
    """An artefact of a family; of a net hardly trained, and of full size unless it must be quick."""
    from causal_alpha.models import arima, lstm, transformer  # noqa: PLC0415
    from causal_alpha.models.artefact import seal  # noqa: PLC0415

    moment = {"targets": 3_000, "looks": 1} | ({"width": 8, "members": 1, "blocks": 1} if quick else {})
    fits: dict[str, Callable[[], Any]] = {
        "lstm": lambda: lstm.fit(dataset, plan=replace(lstm.PLAN, **moment)),
        "transformer": lambda: transformer.fit(dataset, plan=replace(transformer.PLAN, **moment)),
        "arima": lambda: arima.fit(dataset),
    }
    return seal(fits[name](), dataset, seed=0)


def newest(dataset: Any, lags: int) -> Any:
    """The last `lags` vectors of every symbol."""
    from causal_alpha.models.base import Vectors  # noqa: PLC0415

    rows = np.flatnonzero(dataset.start == dataset.sessions[-1])
    symbols = tuple(dataset.symbols[code] for code in dataset.symbol[rows].tolist())
    return Vectors(dataset.names, symbols, dataset.lags(rows, dataset.names, lags))


def median_ms(call: Callable[[], Any], runs: int) -> float:
    """After three calls that don't count."""
    times = []
    for _ in range(runs + 3):
        begin = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times[3:])


def append_ms(dataset: Any, runs: int) -> float:
    """`append` one return without a refit and forecast five bars, for each of a few symbols, scaled to all."""
    models = training_package("statsmodels.tsa.arima.model")
    symbols = min(APPENDED, len(dataset.symbols))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = []
        for place in range(symbols):
            returns = dataset.returns[dataset.symbol == place]
            fits.append(models.ARIMA(100 * returns[np.isfinite(returns)][-500:], order=(1, 0, 1), trend="n").fit())
        spent = median_ms(lambda: [one.append([0.1], refit=False).forecast(5) for one in fits], runs)
    return spent * len(dataset.symbols) / symbols
