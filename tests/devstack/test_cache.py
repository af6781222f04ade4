import subprocess
import sys
from pathlib import Path

import pytest

from causal_alpha.devstack.cache import cache_folder, fill

FILL = """
import sys, time
from pathlib import Path
from causal_alpha.devstack.cache import fill

def build(place):
    print("built", flush=True)
    time.sleep(0.5)
    (place / "file").touch()

fill(Path(sys.argv[1]), build)
"""


def test_cache_folder_is_the_named_one(monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSAL_ALPHA_CACHE", str(tmp_path))

    assert cache_folder() == tmp_path


def test_cache_folder_is_in_the_cache_of_the_user(monkeypatch, tmp_path):
    monkeypatch.delenv("CAUSAL_ALPHA_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_folder() == tmp_path / "causal-alpha"


def test_fill_leaves_nothing_behind_when_the_build_fails(tmp_path):
    def build(place: Path) -> None:
        (place / "half").touch()
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        fill(tmp_path / "tool", build)

    assert [file.name for file in tmp_path.iterdir()] == [".tool.lock"]


def test_fill_clears_what_a_killed_build_left(tmp_path):
    (tmp_path / ".tool-abc").mkdir()

    fill(tmp_path / "tool", lambda place: None)

    assert not (tmp_path / ".tool-abc").exists()


def test_fill_builds_once_for_two_processes(tmp_path):
    argv = [sys.executable, "-c", FILL, str(tmp_path / "tool")]
    both = [subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) for _ in range(2)]

    said = [process.communicate(timeout=30)[0] for process in both]

    assert sorted(said) == ["", "built\n"]
    assert [process.returncode for process in both] == [0, 0]
    assert (tmp_path / "tool" / "file").exists()
