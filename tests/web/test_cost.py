"""What the page weighs and whether it grows: `npm run cost` in its short form. The whole one is for a quiet machine."""

import json
import os
import subprocess

import pytest

from causal_alpha.ui import page_build
from tests.web.conftest import WEB

INITIAL_KB = 100
"""Of the first paint, transferred."""
SLACK = 1.25
"""Of the heap: what a collection leaves differs by a tenth; an hour's events that stayed would double it."""


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.timeout(200)
def test_page_is_light_and_does_not_grow_with_hours(node_path: str) -> None:
    assert page_build(), "expected the built page in causal_alpha/ui/static, was nothing: cd web && npm run build"
    run = subprocess.run(
        ["npm", "run", "--silent", "cost"],
        cwd=WEB,
        env={**os.environ, "PATH": node_path, "SECONDS": "0", "HOURS": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    cost = json.loads(run.stdout)
    assert cost["initial_kb"] <= INITIAL_KB
    _, full, last = cost["heap_mb"]  # in the first hour the buffers fill
    assert last <= full * SLACK
