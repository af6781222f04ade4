"""The hub benchmark runs and measures what it says."""

import json
import subprocess
import sys

from tests.conftest import ROOT


def test_hub_benchmark_prints_its_figures() -> None:
    argv = [sys.executable, "-m", "benchmarks", "hub", "--quick"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)

    result = json.loads(done.stdout)

    assert {"sends_per_s", "p99_ms", "stalled_client_mb", "naive_sends_per_s"} <= set(result)
    assert 0 < result["sends_per_s"] <= 1.2 * result["clients"] * result["rate"]
    assert result["p99_ms"] > 0
