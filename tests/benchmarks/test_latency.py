"""The latency benchmark runs on the whole worker, and loses no tick. Speed is not tested: the machine may be busy."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.arrivals import Arrivals, Row

ROOT = Path(__file__).resolve().parents[2]


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
def test_latency_prints_one_object_of_percentiles(kafka: str, mongo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSAL_ALPHA_BROKER", kafka)
    monkeypatch.setenv("CAUSAL_ALPHA_MONGO_URL", mongo)

    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "latency", "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert set(result) == {"rate", "p50_ms", "p99_ms"}
    assert result["rate"] == 500
    assert 0 < result["p50_ms"] <= result["p99_ms"]
