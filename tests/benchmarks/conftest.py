"""`quick` runs a benchmark small, as a user would: what it prints on stdout, read as JSON, and its stderr."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

Quick = Callable[..., tuple[Any, str]]


@pytest.fixture
def quick() -> Quick:
    """`quick("scaling")`; more arguments follow the name. Fails with stderr unless the command succeeds."""

    def run(*arguments: str) -> tuple[Any, str]:
        argv = [sys.executable, "-m", "benchmarks", *arguments, "--quick"]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), done.stderr

    return run


@pytest.fixture
def quick_on_services(quick: Quick, kafka: str, mongo: str, monkeypatch: pytest.MonkeyPatch) -> Quick:
    """The same, on the services of this test session."""
    monkeypatch.setenv("CAUSAL_ALPHA_BROKER", kafka)
    monkeypatch.setenv("CAUSAL_ALPHA_MONGO_URL", mongo)
    return quick
