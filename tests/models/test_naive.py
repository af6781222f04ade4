from itertools import islice

import numpy as np
import pytest

from causal_alpha.inference import DEPTH, Inference
from causal_alpha.lineup import Lineup
from causal_alpha.models import naive
from causal_alpha.models.artefact import look_back, seal
from causal_alpha.models.base import Vectors
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.models.naive import Naive
from tests.panel import SERVED, dataset, loaded, times

NAMES = ("return_1", "log_range_1")


def vectors(returns: np.ndarray) -> Vectors:
    values = np.stack([returns, np.log(np.maximum(returns**2, 1e-10))], axis=-1)
    return Vectors(NAMES, tuple(f"S{row}" for row in range(len(returns))), values)


def test_variance_is_the_mean_of_the_bars_that_are_known() -> None:
    returns = np.full((3, DEPTH), 0.01)
    returns[1, :-22] = np.nan  # a young symbol
    returns[2, 40:60] = np.nan  # bars without a price
    returns[:, -2] = 0.03

    said = Naive().outlook(vectors(returns))

    assert said.squares is not None
    expected = np.nanmean(returns**2, axis=1)
    assert said.squares[:, 0] == pytest.approx(expected)
    assert said.squares[:, 1] == pytest.approx(5 * expected)
    assert said.ranges == pytest.approx(np.stack([expected, expected], axis=1))
    assert (said.location == 0).all()


def test_it_is_silent_with_too_few_returns_or_without_the_newest() -> None:
    returns = np.full((2, DEPTH), 0.01)
    returns[0, :-21] = np.nan
    returns[1, -1] = np.nan

    said = Naive().outlook(vectors(returns))

    assert said.squares is not None
    assert np.isnan([*said.location, *said.ranges, *said.squares]).all()


def test_worker_hears_it_of_every_symbol_from_the_22nd_return_on() -> None:
    models = Lineup((loaded(seal(naive.fit(dataset()), dataset(), seed=0)),), ("naive",))
    inference, heard = Inference(frozenset({SERVED.hash, VOLATILITY.hash})), []
    for frame in islice(times(), 40):
        said = inference.push("default|1d", frame, models)
        heard.append({row.symbol for row in said.rows() if row.family == "naive"})

    first = next(place for place, names in enumerate(heard) if names)
    assert first == naive.Naive().least
    assert heard[-1] == set(dataset().symbols) - {"NEW"}


def test_dataset_and_worker_hear_the_same() -> None:
    data = dataset()
    said = look_back(Naive(), data, np.flatnonzero(data.place < 40)).ranges[:, 0]

    assert (np.isfinite(said) == (data.place[data.place < 40] >= 22)).all()
