"""The throughput benchmark runs, and a number takes right bars. Speed is not tested: the machine may be busy."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from benchmarks import market
from benchmarks.throughput import compare
from causal_alpha.bars import NEVER, BarState, close, roll
from causal_alpha.errors import ServiceError
from causal_alpha.intervals import DAY

ROOT = Path(__file__).resolve().parents[2]


def our_bars(count: int) -> pd.DataFrame:
    state = BarState.new(market.INTERVALS, 1.0)
    beats = np.full(count + 1, NEVER)
    beats[-1] = market.START + DAY
    roll(state, market.make_ticks(count), beats)
    return pd.DataFrame(map(msgspec.structs.asdict, (bar for frame in close(state).values() for bar in frame.rows())))


def test_compare_passes_the_bars_of_the_same_ticks() -> None:
    compare(our_bars(20_000), market.oracle(market.make_ticks(20_000)), "ours")


@pytest.mark.parametrize(("column", "factor"), [("close", 1 + 1e-12), ("volume", 1 + 1e-8), ("trades", 2)])
def test_compare_refuses_a_wrong_value(column: str, factor: float) -> None:
    bars = our_bars(5_000)
    bars[column] = bars[column].astype(float)
    bars.loc[7, column] *= factor

    with pytest.raises(ServiceError, match=column):
        compare(bars, market.oracle(market.make_ticks(5_000)), "ours")


@pytest.mark.parametrize("rows", [slice(1, None), slice(0, 0), [0, *range(200)]])
def test_compare_refuses_bars_missing_or_twice(rows: object) -> None:
    with pytest.raises(ServiceError, match=r"expected .* bars"):
        compare(our_bars(5_000).iloc[rows], market.oracle(market.make_ticks(5_000)), "ours")  # type: ignore[call-overload]


@pytest.mark.services
def test_throughput_prints_one_object_of_speeds(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSAL_ALPHA_BROKER", kafka)

    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "throughput", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert set(result) == {"ours_json_per_cpu_s", "ours_frames_per_cpu_s", "faust_per_cpu_s"}
    assert 0 < result["faust_per_cpu_s"] < result["ours_json_per_cpu_s"] < result["ours_frames_per_cpu_s"]
    assert run.stderr.count("bars right") == 3
