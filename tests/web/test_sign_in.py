"""The page of a hub that asks for tokens, in a real browser: web/e2e/sign-in.spec.ts."""

from pathlib import Path

import pytest

from tests.conftest import Workers
from tests.web.conftest import InWeb

VIEWER, OPERATOR = "a-viewer's-token/+=", "an-operator's-token/+="
"""With what base64 has and a subprotocol of a socket could not carry."""


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.timeout(300)
def test_sign_in_opens_the_page_by_role(worker: Workers, in_web: InWeb, tmp_path: Path) -> None:
    one = worker(tokens=f"viewer:{VIEWER},operator:{OPERATOR}")
    run = in_web(
        *("npx", "--no-install", "playwright", "test", "sign-in", "--output", str(tmp_path / "results")),
        **{"BASE_URL": one.url, "FORCE_COLOR": "0", "VIEWER_TOKEN": VIEWER, "OPERATOR_TOKEN": OPERATOR},
    )
    assert run.returncode == 0, run.stdout
    assert "6 passed" in run.stdout
