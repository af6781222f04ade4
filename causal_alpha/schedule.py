"""The steps of scheduled training and promotion, each in a process of its own.

An entry point of Airflow's tasks: settings come from the environment, `params` from the DAG's run. Steps hand on plain
data, which Airflow keeps. They raise ModelError where trying again can't help.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import click
import numpy as np

from causal_alpha.errors import ModelError, SettingsError
from causal_alpha.evaluation.tournament import LEAST
from causal_alpha.frames import Frame
from causal_alpha.records import Score
from causal_alpha.registry import CHALLENGER, CHAMPION, Registry
from causal_alpha.settings import Settings, load_settings
from causal_alpha.warehouse import archived_bars, read_bars, read_scores

SIZE = 50
"""Symbols that one data check looks at."""

Params = Mapping[str, Any]
"""Of a DAG's run: `intervals`; `sessions` to be judged on; `quick` for a sketch."""


class Batch(TypedDict):
    """Symbols of one interval."""

    interval: str
    symbols: list[str]


def batches(params: Params) -> list[Batch]:
    """All archived symbols of the intervals, in batches. Raises ModelError when there is no bar of any of them."""
    settings = load_settings()
    found = [
        Batch(interval=interval, symbols=symbols[first : first + SIZE])
        for interval in params["intervals"]
        for symbols in [list(archived_bars(settings.mongo_url, settings.mongo_database, interval))]
        for first in range(0, len(symbols), SIZE)
    ]
    if not found:
        wanted = " or ".join(params["intervals"])
        raise ModelError(f"bars: expected some of {wanted} in MongoDB's {settings.mongo_database!r}, was none")
    return found


def check(batch: Batch, params: Params) -> Batch:
    """Those symbols of a batch that can be trained on: enough bars with a price, and one that moves."""
    settings, least = load_settings(), LEAST + params["sessions"]
    bars = read_bars(settings.mongo_url, settings.mongo_database, batch["interval"], symbols=batch["symbols"])
    labels, close = bars.labels("symbol"), bars.floats("close")
    kept = []
    for name in batch["symbols"]:
        prices = close[labels.equals(name)]
        prices = prices[np.isfinite(prices)]
        if len(prices) < least:
            click.echo(f"{name}: left out, expected at least {least} bars of {batch['interval']}, was {len(prices)}")
        elif not (np.diff(prices) != 0).any():
            click.echo(f"{name}: left out, expected a price that moves, was {prices[0]:g} throughout")
        else:
            kept.append(name)
    return Batch(interval=batch["interval"], symbols=kept)


def gather(checked: Sequence[Batch]) -> list[Batch]:
    """One batch an interval with what passed. Raises ModelError when nothing did.

    >>> gather([{"interval": "1d", "symbols": ["B"]}, {"interval": "1d", "symbols": ["A"]}])
    [{'interval': '1d', 'symbols': ['A', 'B']}]
    """
    passed: dict[str, list[str]] = {}
    for batch in checked:
        passed.setdefault(batch["interval"], []).extend(batch["symbols"])
    found = [Batch(interval=interval, symbols=sorted(symbols)) for interval, symbols in passed.items() if symbols]
    if not found:
        raise ModelError("bars: expected symbols with enough bars and a price that moves, was none")
    return found


def train(family: str, batch: Batch, params: Params, *, run: str, say: Callable[[str], None] = click.echo) -> str:
    """Fits, evaluates, gates, registers and gives an alias; what became of it in words. Raises ModelError if blocked.

    The same `run` registers one version, however often it is tried.
    """
    from causal_alpha.dataset import Dataset  # noqa: PLC0415, 2 s that the steps before don't need
    from causal_alpha.training import train_and_register  # noqa: PLC0415

    settings, interval = load_settings(), batch["interval"]
    bars = read_bars(settings.mongo_url, settings.mongo_database, interval, symbols=batch["symbols"])
    enrolled = train_and_register(
        family,
        Dataset.from_bars(bars),
        interval,
        _registry(settings),
        sessions=params["sessions"],
        quick=params["quick"],
        run=run,
        say=say,
    )
    if enrolled.version is None:
        raise ModelError(f"{family}-{interval}: blocked: {'; '.join(enrolled.alarms)}")
    return f"{enrolled.version.name} version {enrolled.version.number}: {enrolled.alias or 'no alias'}"


def challenged() -> list[str]:
    """The registered models that have a champion and a challenger."""
    registry = Registry(_registry(load_settings()))
    try:
        return [model.name for model in registry.models() if {CHAMPION, CHALLENGER} <= model.aliases.keys()]
    finally:
        registry.close()


def evaluate(name: str) -> bool:
    """Whether a model's challenger has earned its place, by the scores of what both have said.

    Notes the evidence with the challenger; what serves stays.

    Raises ModelError when there is no score of the interval.
    """
    from causal_alpha import promotion  # noqa: PLC0415

    registry = Registry(_registry(load_settings()))
    try:
        model = registry.need(name)
        decision = promotion.decide(model, _scores(name))
        promotion.note(registry, model, decision)
    finally:
        registry.close()
    click.echo(f"{name}: {'promote' if decision.promote else 'stay'}, {decision.why}")
    return decision.promote


def promote(name: str) -> str:
    """Makes the challenger the champion if it has earned that, now; once done, nothing changes. The words why."""
    from causal_alpha import promotion  # noqa: PLC0415

    registry = Registry(_registry(load_settings()))
    try:
        return promotion.promote(registry, name, _scores(name), at=time.time_ns()).why
    finally:
        registry.close()


def _scores(name: str) -> Frame[Score]:
    settings = load_settings()
    family, _, interval = name.rpartition("-")
    scores = read_scores(settings.mongo_url, settings.mongo_database, interval, family)
    if not len(scores):
        raise ModelError(f"scores: expected some of {name} in MongoDB's {settings.mongo_database!r}, was none")
    return scores


def _registry(settings: Settings) -> str:
    if not settings.mlflow_url:
        raise SettingsError("CAUSAL_ALPHA_MLFLOW_URL: expected an MLflow server, was not set")
    return settings.mlflow_url
