"""Leaks as people plant them, each a few lines. A test sees to it that a check finds every one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from causal_alpha.actions import from_meta
from causal_alpha.adjust import adjust
from causal_alpha.dataset import NO_REVISIONS, Dataset
from causal_alpha.evaluation.density import Density, simulate
from causal_alpha.evaluation.tournament import roll
from causal_alpha.frames import Floats, Frame, Ints
from causal_alpha.intervals import DAY
from causal_alpha.models import network, transformer
from causal_alpha.models.base import Outlook
from causal_alpha.models.extras import training_package
from causal_alpha.models.network import Scaler
from causal_alpha.models.state import state
from causal_alpha.records import LEVELS, Bar


def _with(data: Dataset, name: str, column: Floats) -> Dataset:
    values = data.values.copy()
    values[:, data.names.index(name)] = column
    return replace(data, values=values)


def _next(column: Floats, data: Dataset) -> Floats:
    rows = data.ahead(1)
    return np.where(rows >= 0, column[rows], np.nan)


# -- datasets --------------------------------------------------------------------------------------


def late_row(bars: Frame[Bar]) -> Dataset:
    """The gap of the next morning stands in today's row."""
    data = Dataset.from_bars(bars)
    return _with(data, "gap", _next(data.column("gap"), data))


def centred_window(bars: Frame[Bar]) -> Dataset:
    """A smoother that looks as far ahead as back."""
    data = Dataset.from_bars(bars)
    own = data.column("log_range_1")
    return _with(data, "log_range_5", (np.roll(own, 1) + own + np.roll(own, -1)) / 3)


def global_scaler(bars: Frame[Bar]) -> Dataset:
    """Standardised by the mean and deviation of all of history."""
    data = Dataset.from_bars(bars)
    values = (data.values - np.nanmean(data.values, axis=0)) / np.nanstd(data.values, axis=0)
    return replace(data, values=values)


def back_fill(bars: Frame[Bar]) -> Dataset:
    """What is unknown is filled from the next row that knows."""
    data = Dataset.from_bars(bars)
    values = data.values.copy()
    for row in range(len(data) - 2, -1, -1):
        if data.symbol[row] == data.symbol[row + 1]:
            values[row] = np.where(np.isnan(values[row]), values[row + 1], values[row])
    return replace(data, values=values)


def early_split(bars: Frame[Bar]) -> Dataset:
    """All prices adjusted once, by the factors that are known today."""
    return Dataset.from_bars(Frame(Bar, adjust(bars, from_meta(bars.meta), as_of=10**5 * DAY).columns))


def survivor_join(bars: Frame[Bar]) -> Dataset:
    """Only symbols that are still there at the end."""
    alive = bars.labels("symbol").take(bars.ints("start") == bars.ints("start").max()).tolist()
    return Dataset.from_bars(bars.take(np.isin(bars.labels("symbol").tolist(), alive)))


def early_revision(bars: Frame[Bar]) -> Dataset:
    """A bar's last version, as if it had been known when the bar closed."""
    return Dataset.from_bars(Frame(Bar, {**bars.columns, "known_at": bars.ints("start") + DAY}, bars.meta))


def early_truth(bars: Frame[Bar]) -> Dataset:
    """Truths to train on as they are known today, not as they were at the cut."""
    return replace(Dataset.from_bars(bars), revisions=NO_REVISIONS)


def label_in_features(bars: Frame[Bar]) -> Dataset:
    """Tomorrow's range among today's features."""
    data = Dataset.from_bars(bars)
    return _with(data, "log_range_1", np.log(np.maximum(_next(data.variance, data), 1e-7)))


def market_of_all_times(bars: Frame[Bar]) -> Dataset:
    """The mean over the symbols, and over all days too."""
    data = Dataset.from_bars(bars)
    return _with(data, "market_return", np.full(len(data), np.nanmean(data.returns)))


class Shifted(Dataset):
    """The truth of a row is what its own bar did."""

    def future(self, horizon: int) -> tuple[Floats, Floats]:
        returns, variance = super().future(horizon)
        return np.roll(returns, 1), np.roll(variance, 1)


def shifted_target(data: Dataset) -> Dataset:
    return Shifted(**vars_of(data))


def vars_of(data: Dataset) -> dict[str, Any]:
    return {name: getattr(data, name) for name in Dataset.__dataclass_fields__}


# -- splits ----------------------------------------------------------------------------------------


def _refitted(cut: Callable[[Dataset, int], Dataset]) -> Callable[..., Outlook]:
    """The tournament, with another idea of what a fit may see of the whole dataset."""

    def mutant(dataset: Dataset, origins: Any, family: Any, *, seed: int, say: Any) -> Outlook:
        def fit(past: Dataset, own_seed: int, own_say: Any) -> Any:
            return family.fit(cut(dataset, int(past.start.max()) + DAY), own_seed, own_say)

        return roll(dataset, origins, replace(family, fit=fit), seed=seed, say=say)

    return mutant


class Knowing(Dataset):
    """Rows of the past with truths that reach over the cut."""

    whole: Dataset
    chosen: Ints

    def future(self, horizon: int) -> tuple[Floats, Floats]:
        returns, variance = self.whole.future(horizon)
        return returns[self.chosen], variance[self.chosen]


def _knowing(data: Dataset, end: int) -> Dataset:
    rows = np.flatnonzero(data.start < end)
    past = Knowing(**vars_of(data.take(rows)))
    object.__setattr__(past, "whole", data)
    object.__setattr__(past, "chosen", rows)
    return past


same_day_split = _refitted(lambda data, end: data.until(end + 21 * DAY))
random_split = _refitted(lambda data, end: data.take(np.random.default_rng(0).random(len(data)) < 0.8))
no_embargo = _refitted(_knowing)


def validation_without_embargo(data: Dataset, plan: Any) -> Any:
    """Neighbours of the validation blocks, whose truths share days with them, are trained on."""
    table = network._Table.of(data, plan)
    session = np.searchsorted(data.sessions, data.start)
    held = network._validation_blocks(session, plan.block, embargo=0)[0]
    return replace(table, used=table.known & ~held)


def scaler_of_validation(data: Dataset, plan: Any) -> Any:
    """The scale of the inputs is taken from all rows."""
    numbers = state(data.names, data.values, network.INPUTS)[1]
    table = network._Table.of(data, plan)
    return replace(table, scaler=Scaler.of(numbers[np.isfinite(numbers).all(axis=1)]))


# -- nets and quantiles ----------------------------------------------------------------------------


def unmasked(keras: Any, inputs: int, plan: Any) -> Any:
    """Encoder blocks instead of decoder blocks: every patch sees every other."""
    layers = training_package("keras_nlp").layers
    masked = layers.TransformerDecoder
    layers.TransformerDecoder = layers.TransformerEncoder
    try:
        return transformer.build(keras, inputs, plan)
    finally:
        layers.TransformerDecoder = masked


def early_residuals(outlook: Outlook, returns: Floats, horizon: int) -> Density:
    """Errors count from the day they are made for, not from the day they are known."""
    return simulate(outlook, np.roll(returns, -horizon, axis=0), horizon)


def shape_of_all_times(outlook: Outlook, returns: Floats, horizon: int) -> Density:
    """Quantiles of all residuals, later ones too."""
    done = simulate(outlook, returns, horizon)
    shape = np.nanquantile(returns, LEVELS)
    return Density(np.broadcast_to(shape, done.plain.shape), done.calibrated)
