"""The features benchmark runs, and a number takes right values. Speed is not tested: the machine may be busy."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import features, features_pandas
from benchmarks.features_talipp import NAMES, TalippFeatures
from causal_alpha.checks.walk import walk
from causal_alpha.errors import ServiceError
from causal_alpha.features import DEFAULT, FIELDS
from causal_alpha.frames import Floats
from causal_alpha.history import history

ROOT = Path(__file__).resolve().parents[2]
TIMES = 60


def ours(market: Floats) -> Floats:
    """Vectors (times, symbols, names) over all of history."""
    bars = features.frames(market)
    values = history(DEFAULT, bars[0].concat(bars), DEFAULT.lookback).floats("values")
    return values.reshape(market.shape[2], market.shape[1], -1)


def test_features_are_those_of_pandas_at_every_bar() -> None:
    market = walk(4, TIMES, seed=3)
    values = ours(market)

    contender = features_pandas.PandasFeatures(market[:, :, : DEFAULT.lookback])
    for time in range(DEFAULT.lookback, TIMES):
        theirs = contender.push(market[:, :, time])

        assert list(theirs.columns) == list(DEFAULT.names)
        assert values[time] == pytest.approx(theirs.to_numpy(), rel=1e-9, abs=1e-13)


def test_features_are_those_of_talipp_at_every_bar() -> None:
    market = walk(1, TIMES, seed=4)
    values = ours(market)[:, 0, [DEFAULT.names.index(name) for name in NAMES]]

    contender = TalippFeatures()
    for time in range(TIMES):
        contender.push(tuple(market[:, 0, time].tolist()))
        if time >= DEFAULT.lookback:
            assert values[time] == pytest.approx(np.asarray(contender.values()), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("contender", ["pandas", "talipp"])
def test_check_refuses_another_value(contender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    market = walk(3, features.WARM + 1, seed=5)
    features.check(market, 64)
    if contender == "pandas":
        right = features_pandas.compute
        monkeypatch.setattr(features_pandas, "compute", lambda bars: right(bars) * (1 + 1e-6))
    else:
        monkeypatch.setattr(TalippFeatures, "values", lambda self: (0.0,) * len(NAMES))

    with pytest.raises(ServiceError, match=f"{contender}: expected return_1 as we have it"):
        features.check(market, 64)


def test_features_timed_beside_talipp_are_those_that_it_has() -> None:
    assert set(features.SHARED.names) == set(NAMES)


def test_time_of_talipp_is_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    market = walk(2, features.WARM + 4, seed=6)
    times = iter([10.0, 10.5])  # half a second for 2 symbols × 4 bars
    monkeypatch.setattr("benchmarks.features.time.process_time", lambda: next(times))

    assert features.time_talipp(market) == pytest.approx(0.5 / 8 * 1e6)


def test_frames_hold_the_bars_of_a_minute() -> None:
    market = walk(3, 2, seed=6)

    first, second = features.frames(market)

    assert second.ints("start").tolist() == [60 * 10**9] * 3
    assert all((first.columns[name] == market[place, :, 0]).all() for place, name in enumerate(FIELDS))


def test_features_benchmark_prints_one_object_of_microseconds() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "features", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert set(result) == {
        *("us_per_symbol_bar", "pandas_us", "talipp_us", "ours_of_talipp_us"),
        *("features", "talipp_features"),
    }
    assert min(result.values()) > 0
    assert (result["features"], result["talipp_features"]) == (len(DEFAULT.names), len(NAMES))
    assert (
        f"{len(DEFAULT.names)} features, 20 symbols: pandas gives the same, talipp {len(NAMES)} of them" in run.stderr
    )
