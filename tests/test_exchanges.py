import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from causal_alpha.errors import SettingsError
from causal_alpha.exchanges import exchange_sessions, keep, path_of, read


def test_exchange_sessions_come_from_the_file_once_it_is_there(tmp_path: Path) -> None:
    computed = exchange_sessions("XSHG", cache=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [path_of(tmp_path, "XSHG").name]
    kept = read(tmp_path, "XSHG")
    assert kept is not None
    assert [times.tolist() for times in kept] == [times.tolist() for times in computed]
    keep(tmp_path, "XSHG", (np.array([5]), np.array([7])))
    assert [times.tolist() for times in exchange_sessions("XSHG", cache=tmp_path)] == [[5], [7]]


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00", "floats", "falling", "flat"])
def test_exchange_sessions_are_computed_where_the_file_is_none(tmp_path: Path, content: bytes | str) -> None:
    file = path_of(tmp_path, "XSHG")
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        wrong = {"floats": np.ones((2, 3)), "falling": np.array([[5, 9], [7, 8]]), "flat": np.arange(6)}
        with file.open("wb") as stream:
            np.save(stream, wrong[content])
    opens, closes = exchange_sessions("XSHG", cache=tmp_path)
    assert len(opens) == len(closes) > 8_000
    assert read(tmp_path, "XSHG") is not None


def test_exchange_sessions_do_without_a_folder_that_takes_no_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    opens, _ = exchange_sessions("XSHG", cache=tmp_path / "file")
    assert len(opens) > 8_000
    assert "calendar XSHG: expected to keep it in" in caplog.text


def test_exchange_sessions_of_a_kept_exchange_need_no_pandas(tmp_path: Path) -> None:
    exchange_sessions("XSHG", cache=tmp_path)
    code = f"""
import pathlib, sys
from causal_alpha.calendar import load_sessions
assert len(load_sessions("XSHG", cache=pathlib.Path({str(tmp_path)!r})).opens) > 8_000
sys.exit("pandas" in sys.modules or "exchange_calendars" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_exchange_that_nobody_knows_is_refused_and_not_kept(tmp_path: Path) -> None:
    for name in ("NOWHERE", "../../etc", "A/B"):
        with pytest.raises(SettingsError, match="expected an exchange code such as XNYS, 24/7 or FX, was"):
            exchange_sessions(name, cache=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_exchange_sessions_do_not_depend_on_the_day_they_are_computed() -> None:
    opens, closes = exchange_sessions("XNYS")
    days = [np.datetime64(int(times), "ns").astype("datetime64[D]").astype(str) for times in (opens[0], closes[-1])]
    assert days == ["1990-01-02", "2049-12-31"]
