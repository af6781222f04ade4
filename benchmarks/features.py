"""Microseconds a symbol-bar for the default features, ours beside pandas and talipp.

Each contender gets the same bars, one at a time for all symbols, and must give the same values before its
time counts. talipp has not all of the features, so ours are timed a second time on those that it has. CPU time is
that of this process, all threads.
"""

import json
import statistics
import time
from collections.abc import Callable

import click
import numpy as np

from benchmarks.features_pandas import PandasFeatures
from benchmarks.features_talipp import NAMES, TalippFeatures
from benchmarks.machine import describe_machine, say
from causal_alpha.checks.walk import walk
from causal_alpha.errors import ServiceError
from causal_alpha.features import DEFAULT, FIELDS, FeatureSet
from causal_alpha.frames import Floats, Frame, Labels
from causal_alpha.intervals import interval_ns
from causal_alpha.records import Bar
from causal_alpha.windows import Rings

WARM = DEFAULT.lookback + 5
"""Bars before the measured ones."""
SHARED = FeatureSet(tuple(feature for feature in DEFAULT.features if feature.name in NAMES))
"""What talipp has, too."""
PANDAS_SHARE, TALIPP_SHARE = 10, 10
"""pandas gets a part of the bars, talipp a part of the symbols, which it takes one by one anyway."""


@click.command()
@click.option("--symbols", default=500, show_default=True, help="Symbols in a batch.")
@click.option("--bars", default=1_000, show_default=True, help="Bars of each symbol; pandas gets a tenth of them.")
@click.option("--window", default=64, show_default=True, help="Bars that our rings hold, as CAUSAL_ALPHA_WINDOW.")
@click.option("--runs", default=5, show_default=True, help="Runs of every contender.")
@click.option("--quick", is_flag=True, help="One small run, to see that it works.")
def features(symbols: int, bars: int, window: int, runs: int, quick: bool) -> None:
    """Microseconds a symbol-bar for the default features, beside pandas and talipp."""
    describe_machine()
    if quick:
        symbols, bars, runs = 20, 30, 1
    market = walk(symbols, WARM + bars, seed=7)
    contenders: dict[str, Callable[[], float]] = {
        "us_per_symbol_bar": lambda: time_ours(market, window, DEFAULT),
        "pandas_us": lambda: time_pandas(market[:, :, : WARM + max(bars // PANDAS_SHARE, 1)]),
        "talipp_us": lambda: time_talipp(market[:, : max(symbols // TALIPP_SHARE, 1)]),
        "ours_of_talipp_us": lambda: time_ours(market, window, SHARED),
    }
    check(market[:, :, : WARM + 1], window)
    say(f"{len(DEFAULT.names)} features, {symbols} symbols: pandas gives the same, talipp {len(NAMES)} of them")
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for run in range(1, runs + 1):
        for name, measure in contenders.items():
            found[name].append(measure())
        say(f"run {run} of {runs}: " + ", ".join(f"{name} {values[-1]:.2f}" for name, values in found.items()))
    counts = {"features": len(DEFAULT.names), "talipp_features": len(NAMES)}
    click.echo(json.dumps({name: round(statistics.median(values), 3) for name, values in found.items()} | counts))


def check(market: Floats, window: int) -> None:
    """Raises ServiceError unless all contenders give the same after the last bar."""
    symbols = market.shape[1]
    rings = Rings(window)
    for bar in frames(market):
        ours = rings.push(DEFAULT, bar).floats("values")
    theirs = PandasFeatures(market[:, :, -WARM - 1 : -1]).push(market[:, :, -1]).to_numpy()
    _compare("pandas", DEFAULT.names, ours, theirs)
    indicators = [TalippFeatures() for _ in range(symbols)]
    for symbol, indicator in enumerate(indicators):
        for bar in market[:, symbol].T.tolist():
            indicator.push(tuple(bar))
    shared = [DEFAULT.names.index(name) for name in NAMES]
    _compare("talipp", NAMES, ours[:, shared], np.asarray([indicator.values() for indicator in indicators]))


def _compare(contender: str, names: tuple[str, ...], ours: Floats, theirs: Floats) -> None:
    for name, own, other in zip(names, ours.T, theirs.T, strict=True):
        if not np.allclose(own, other, rtol=1e-9, atol=1e-12):
            raise ServiceError(f"{contender}: expected {name} as we have it, {own[:3]}, was {other[:3]}")


def time_ours(market: Floats, window: int, feature_set: FeatureSet) -> float:
    """Rings move and features are computed: `Rings.push`, µs a symbol-bar."""
    rings, bars = Rings(window), frames(market)
    for bar in bars[:WARM]:
        rings.push(feature_set, bar)
    began = time.process_time()
    for bar in bars[WARM:]:
        rings.push(feature_set, bar)
    return _per_symbol_bar(began, market)


def time_pandas(market: Floats) -> float:
    """Frames move and features are computed, µs a symbol-bar."""
    pandas, bars = PandasFeatures(market[:, :, :WARM]), market.transpose(2, 0, 1)[WARM:].copy()
    began = time.process_time()
    for bar in bars:
        pandas.push(bar)
    return _per_symbol_bar(began, market)


def time_talipp(market: Floats) -> float:
    """Indicators take a bar and are asked for `NAMES`, µs a symbol-bar."""
    indicators = [TalippFeatures() for _ in range(market.shape[1])]
    bars = [[tuple(bar) for bar in symbols] for symbols in market.transpose(2, 1, 0).tolist()]
    for symbols in bars[:WARM]:
        for indicator, bar in zip(indicators, symbols, strict=True):
            indicator.push(bar)
    began = time.process_time()
    for symbols in bars[WARM:]:
        for indicator, bar in zip(indicators, symbols, strict=True):
            indicator.push(bar)
            indicator.values()
    return _per_symbol_bar(began, market)


def frames(market: Floats) -> list[Frame[Bar]]:
    """One frame a minute with the bars of all symbols."""
    _, symbols, times = market.shape
    names = tuple(f"S{number:04d}" for number in range(symbols))
    fixed = {
        "symbol": Labels(np.arange(symbols, dtype=np.int32), names),
        "interval": Labels.constant("1m", symbols),
    }
    found = []
    for minute in range(times):
        columns = {name: market[place, :, minute].copy() for place, name in enumerate(FIELDS)}
        trades = columns["trades"].astype(np.int64)
        start = np.full(symbols, minute * interval_ns("1m"))
        found.append(Frame.from_columns(Bar, {**fixed, **columns, "trades": trades, "start": start}))
    return found


def _per_symbol_bar(began: float, market: Floats) -> float:
    _, symbols, times = market.shape
    return float((time.process_time() - began) / (symbols * (times - WARM)) * 1e6)
