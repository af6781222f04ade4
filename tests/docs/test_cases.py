"""Every case of `docs/cases.md` is held by tests that exist; each case is there, and each test named after one."""

import re
from pathlib import Path

from tests.conftest import ROOT

LINES = [line for line in (ROOT / "docs" / "cases.md").read_text().splitlines() if re.match(r"\| \d", line)]
NAMED = re.compile(r"`([\w./-]+)::([^`]+)`")


def exists(file: str, name: str) -> bool:
    path = ROOT / file
    text = path.read_text() if path.is_file() else ""
    return bool(re.search(rf"def {name}\(" if path.suffix == ".py" else rf"it\('{re.escape(name)}'", text))


def test_every_case_is_held_by_tests_that_exist() -> None:
    assert sorted(int(line.split(" | ")[0].strip("| ")) for line in LINES) == list(range(1, 26))
    named = {line: NAMED.findall(line) for line in LINES}
    assert [line for line, tests in named.items() if not tests] == []
    assert [test for tests in named.values() for test in tests if not exists(*test)] == []


def test_a_test_that_does_not_exist_is_missed() -> None:
    here = str(Path(__file__).relative_to(ROOT))
    assert exists(here, "test_a_test_that_does_not_exist_is_missed")
    assert not exists(here, "test_of_nothing")
    assert not exists("tests/nowhere.py", "test_of_nothing")
    assert not exists("web/src/app/core/market/bar-series.spec.ts", "of nothing")


def test_every_test_named_after_a_case_is_in_its_row() -> None:
    rows = {line.split(" | ")[0].strip("| "): line for line in LINES}
    for file in sorted((ROOT / "tests" / "peers").glob("test_*.py")):
        for name, case in re.findall(r"def (test_case_(\d+)_\w+)\(", file.read_text()):
            assert f"`tests/peers/{file.name}::{name}`" in rows[case]
