"""The page's unit and component tests, src/**/*.spec.ts, in a real browser."""

import pytest

from tests.web.conftest import WEB, InWeb


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.timeout(300)
def test_components_pass_their_tests_in_a_browser(in_web: InWeb) -> None:
    run = in_web("npm", "test", "--silent", NO_COLOR="1")
    assert run.returncode == 0, run.stdout
    assert "web (chromium)" in run.stdout
    files = len(list(WEB.glob("src/**/*.spec.ts")))
    assert f"Test Files  {files} passed ({files})" in run.stdout
