"""The page's unit and component tests, src/**/*.spec.ts, in a real browser."""

import os
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"


@pytest.mark.services
@pytest.mark.timeout(300)
def test_components_pass_their_tests_in_a_browser(node_path: str) -> None:
    assert (WEB / "node_modules").is_dir(), "expected the page's test tools, was nothing: cd web && npm ci"
    run = subprocess.run(
        ["npm", "test", "--silent"],
        cwd=WEB,
        env={**os.environ, "PATH": node_path, "CI": "1", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "web (chromium)" in run.stdout
    files = len(list(WEB.glob("src/**/*.spec.ts")))
    assert f"Test Files  {files} passed ({files})" in run.stdout
