"""The throughput benchmark runs, and a number takes right bars. Speed is not tested: the machine may be busy."""

from typing import Any

import pandas as pd
import pytest

from benchmarks import market
from benchmarks.throughput import compare
from causal_alpha.errors import ServiceError

TICKS = market.make_ticks(20_000)


def bars() -> pd.DataFrame:
    """Right ones, as they come from a topic: in any order."""
    return market.oracle(TICKS).reset_index().sample(frac=1, random_state=1)


def test_compare_passes_the_bars_of_the_same_ticks() -> None:
    compare(bars(), market.oracle(TICKS), "ours")


@pytest.mark.parametrize(("column", "factor"), [("close", 1 + 1e-12), ("volume", 1 + 1e-8), ("trades", 2)])
def test_compare_refuses_a_wrong_value(column: str, factor: float) -> None:
    wrong = bars().astype({column: float}).reset_index(drop=True)
    wrong.loc[7, column] *= factor

    with pytest.raises(ServiceError, match=column):
        compare(wrong, market.oracle(TICKS), "ours")


@pytest.mark.parametrize("rows", [slice(1, None), slice(0, 0), [0, *range(200)]])
def test_compare_refuses_bars_missing_or_twice(rows: Any) -> None:
    with pytest.raises(ServiceError, match=r"expected .* bars"):
        compare(bars().iloc[rows], market.oracle(TICKS), "ours")


def test_compare_refuses_a_run_too_short_for_a_bar() -> None:
    few = market.make_ticks(100)

    with pytest.raises(ServiceError, match="more --ticks"):
        compare(bars(), market.oracle(few, "stream"), "quix")


@pytest.mark.services
@pytest.mark.alone
def test_throughput_prints_the_speed_of_every_contender(quick_on_services: Any) -> None:
    result, progress = quick_on_services("throughput")

    names = ["ours_json", "ours_frames", "faust", "quix", "bytewax"]
    assert set(result) == {"runs", *(f"{name}_per_cpu_s" for name in names)}
    assert progress.count("bars right") == len(names)
    assert result["runs"] == {name: [result[f"{name}_per_cpu_s"]] for name in names}
    assert 0 < result["faust_per_cpu_s"] < result["ours_json_per_cpu_s"] < result["ours_frames_per_cpu_s"]
    assert min(result["quix_per_cpu_s"], result["bytewax_per_cpu_s"]) > 0
