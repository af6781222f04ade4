"""The latency benchmark runs on the whole worker, and loses no tick. Speed is not tested: the machine may be busy."""

from typing import Any

import numpy as np
import pytest

from benchmarks.arrivals import Arrivals, Row


def test_arrivals_give_a_row_the_age_of_its_oldest_new_tick() -> None:
    sent = np.array([0, 1, 10, 11, 20, 21])
    arrivals = Arrivals(stamps=sent, sent=sent, symbols=2)

    arrivals.take([Row(30, 0, "1s", 0, 3), Row(31, 0, "1m", 0, 3), Row(40, 1, "1m", 0, 6), Row(41, 0, "1s", 0, 5)])

    assert arrivals.oldest.tolist() == [0, 1, 20]
    assert arrivals.rows.tolist() == [30, 39, 21]
    assert arrivals.missing == 0


def test_arrivals_count_a_tick_only_in_the_bar_that_holds_it() -> None:
    stamps = np.array([900, 1_100])
    arrivals = Arrivals(stamps=stamps, sent=stamps, symbols=1)

    arrivals.take([Row(2_000, 0, "1s", 1_000, 2)])

    assert arrivals.missing == 1
    assert arrivals.oldest.tolist() == [1_100]


@pytest.mark.services
@pytest.mark.alone
def test_latency_prints_percentiles_by_stage(quick_on_services: Any) -> None:
    result, _ = quick_on_services("latency")

    assert set(result) == {"rate", "p50_ms", "p99_ms", "stages"}
    assert result["rate"] == 500
    assert list(result["stages"]) == ["kafka", "bars", "hub", "client"]
    assert all(0 <= stage["p50_ms"] <= stage["p99_ms"] for stage in result["stages"].values())
    assert result["stages"]["client"] == {"p50_ms": result["p50_ms"], "p99_ms": result["p99_ms"]}
    assert result["stages"]["hub"]["p50_ms"] <= result["p50_ms"], "the hub's rows are missing"
