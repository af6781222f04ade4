"""The page of a hub that asks for tokens, in a real browser: web/e2e/sign-in.spec.ts."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Workers

WEB = Path(__file__).resolve().parents[2] / "web"
VIEWER, OPERATOR = "a-viewer's-token/+=", "an-operator's-token/+="
"""With what base64 has and a subprotocol of a socket could not carry."""


@pytest.mark.services
@pytest.mark.timeout(300)
def test_sign_in_opens_the_page_by_role(worker: Workers, node_path: str, tmp_path: Path) -> None:
    one = worker(tokens=f"viewer:{VIEWER},operator:{OPERATOR}")
    run = subprocess.run(
        ["npx", "--no-install", "playwright", "test", "sign-in", "--output", str(tmp_path / "results")],
        cwd=WEB,
        env={
            **os.environ,
            **{"PATH": node_path, "BASE_URL": one.url, "CI": "1", "FORCE_COLOR": "0"},
            **{"VIEWER_TOKEN": VIEWER, "OPERATOR_TOKEN": OPERATOR},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert "6 passed" in run.stdout
