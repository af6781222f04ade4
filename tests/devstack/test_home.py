import os
from pathlib import Path

import pytest

from causal_alpha.devstack.home import home
from causal_alpha.errors import ServiceError, SettingsError


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """Where temporary folders are made."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_home_is_deleted_at_the_end():
    with home(None, say=print) as folder:
        (folder / "file").touch()

    assert not folder.exists()


def test_home_is_deleted_after_an_interrupt():
    with pytest.raises(KeyboardInterrupt), home(None, say=print) as folder:
        raise KeyboardInterrupt

    assert not folder.exists()


def test_home_keeps_the_logs_after_an_error_and_says_where():
    said: list[str] = []

    with pytest.raises(ServiceError), home(None, say=said.append) as folder:
        raise ServiceError("no")

    assert folder.exists()
    assert said == [f"logs are kept until the next start: {folder / 'logs'}"]


def test_home_that_is_named_stays(tmp_path):
    with home(tmp_path / "mine", say=print) as folder:
        (folder / "file").touch()

    assert (tmp_path / "mine" / "file").exists()


def test_home_that_is_named_belongs_to_one_run(tmp_path):
    with (
        home(tmp_path, say=print),
        pytest.raises(SettingsError, match=f"expected a data folder that no other run uses, was {tmp_path}"),
        home(tmp_path, say=print),
    ):
        pytest.fail("two runs in one folder")


def test_home_sweeps_what_a_killed_run_left_and_only_that(temporary):
    left = temporary / "causal-alpha-left"
    left.mkdir()
    marker = left / ".lock"
    marker.touch()
    os.utime(marker, (0, 0))

    with home(None, say=print) as running:
        os.utime(running / ".lock", (0, 0))
        with home(None, say=print):
            assert not left.exists()
            assert running.exists()


def test_home_takes_a_data_folder_that_does_not_exist_yet(tmp_path):
    with home(tmp_path / "a" / "b", say=print) as folder:
        assert folder == Path(tmp_path / "a" / "b")
