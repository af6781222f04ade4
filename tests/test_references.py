import sys

import pytest

from causal_alpha.errors import SettingsError
from causal_alpha.features import DEFAULT
from causal_alpha.references import load_feature_set, load_module

SETS = "from causal_alpha.features import DEFAULT\nMINE = DEFAULT\nOTHER = DEFAULT\nnumber = 7\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with some modules in it."""
    monkeypatch.chdir(tmp_path)
    texts = {
        "sets_of_mine": SETS,
        "broken_ones": "1 / 0\n",
        "in_want": "import package_that_nobody_has\n",
        "without": "",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    yield tmp_path
    for name in texts:
        sys.modules.pop(name, None)


def test_load_feature_set_finds_one_in_the_working_directory(folder):
    before = list(sys.path)

    assert load_feature_set("sets_of_mine:MINE") is DEFAULT
    assert sys.path == before


def test_load_feature_set_finds_one_that_is_installed():
    assert load_feature_set("causal_alpha.features:DEFAULT") is DEFAULT


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("", "feature set: expected module:NAME, was ''"),
        ("sets_of_mine", "feature set: expected module:NAME, was 'sets_of_mine'"),
        ("sets_of_mine:", "feature set: expected module:NAME, was 'sets_of_mine:'"),
        ("nowhere:MINE", "feature set: expected a module in .* or an installed one, was 'nowhere'"),
        ("nowhere.at.all:MINE", "feature set: expected a module in .*, was 'nowhere.at.all'"),
        ("sets_of_mine.py:MINE", "feature set: expected the name of a module, such as my_features, was 'sets_of_mine"),
        ("../sets:MINE", "feature set: expected the name of a module, such as my_features, was '../sets'"),
        (
            "broken_ones:MINE",
            "feature set: module broken_ones: importing it raised ZeroDivisionError: division by zero",
        ),
        ("in_want:MINE", "feature set: module in_want: No module named 'package_that_nobody_has'"),
        ("sets_of_mine:YOURS", r"expected one of sets_of_mine \(DEFAULT, MINE, OTHER\), was no YOURS"),
        ("sets_of_mine:number", r"expected one of sets_of_mine \(DEFAULT, MINE, OTHER\), was 7"),
        ("without:MINE", r"expected one of without \(it has none\), was no MINE"),
    ],
)
def test_load_feature_set_says_what_is_wrong(folder, reference, says):
    with pytest.raises(SettingsError, match=says):
        load_feature_set(reference)


def test_load_module_gives_a_package_s_module(folder):
    (folder / "pack_of_mine").mkdir()
    (folder / "pack_of_mine" / "part.py").write_text(SETS)

    assert load_module("pack_of_mine.part").number == 7
