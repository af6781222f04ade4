"""The page in a real browser, fed by a real worker: Kafka, MongoDB, simulator, Chromium. What it checks: web/e2e."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from causal_alpha.ui import page_build
from tests.conftest import Workers
from tests.web.conftest import WEB, InWeb


@pytest.fixture
def page_url(worker: Workers, kafka: str) -> Iterator[str]:
    """A worker's page, with made-up trades coming in."""
    assert page_build(), "expected the built page in causal_alpha/ui/static, was nothing: cd web && npm run build"
    one = worker()
    simulator = subprocess.Popen(
        [
            *(sys.executable, "-m", "causal_alpha", "source", "simulator", "--symbols", "6", "--rate", "60"),
            *("--broker", kafka, "--app-id", one.app_id),
        ]
    )
    yield one.url
    simulator.terminate()
    simulator.wait(20)


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_page_shows_a_real_worker_and_survives_a_killed_socket(page_url: str, in_web: InWeb, tmp_path: Path) -> None:
    run = in_web(
        *("npx", "--no-install", "playwright", "test", "--output", str(tmp_path / "results")),
        **{"BASE_URL": page_url, "FORCE_COLOR": "0"},
    )
    assert run.returncode == 0, run.stdout
    assert " passed" in run.stdout
    assert " skipped" not in run.stdout


@pytest.mark.services
@pytest.mark.alone
@pytest.mark.timeout(300)
def test_page_finds_a_worker_again_that_was_killed(worker: Workers, kafka: str, node_path: str, tmp_path: Path) -> None:
    assert page_build(), "expected the built page in causal_alpha/ui/static, was nothing: cd web && npm run build"
    one = worker()
    wanted = tmp_path / "kill"
    simulate = [sys.executable, "-m", "causal_alpha", "source", "simulator", "--symbols", "2", "--rate", "20"]
    simulator = subprocess.Popen([*simulate, "--broker", kafka, "--app-id", one.app_id])
    with (tmp_path / "playwright.log").open("w") as log:
        run = subprocess.Popen(
            ["npx", "--no-install", "playwright", "test", "e2e/kill.desktop.spec.ts", "--retries=0"],
            cwd=WEB,
            env={**os.environ, "PATH": node_path, "BASE_URL": one.url, "KILL_SIGNAL": str(wanted), "FORCE_COLOR": "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            while not wanted.exists() and run.poll() is None:
                time.sleep(0.1)
            one.kill()
            time.sleep(2)
            one.start()
            code = run.wait(200)
        finally:
            run.kill()
            simulator.terminate()
            simulator.wait(20)
    assert code == 0, (tmp_path / "playwright.log").read_text()


def test_page_names_what_to_install_when_there_is_no_browser(node_path: str, tmp_path: Path) -> None:
    """The finder, copied to where no npm package is in reach."""
    (tmp_path / "browser.mjs").write_bytes((WEB / "tools" / "browser.mjs").read_bytes())
    node = shutil.which("node", path=node_path)
    assert node is not None
    run = subprocess.run(
        [node, "-e", "import('./browser.mjs').then((m) => m.findBrowser()).catch((e) => console.log(e.message))"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    for way in ("CHROMIUM_PATH", "npm ci", "playwright install"):
        assert way in run.stdout
