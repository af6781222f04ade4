import subprocess
import sys

import pytest
from click.testing import CliRunner

from causal_alpha.commands.check_features import check_features
from causal_alpha.errors import FeatureError, SettingsError

HEAD = "from causal_alpha.features import Feature, FeatureSet, MarketFeature, market_mean\n"
GOOD = 'good = Feature("last", lambda window: window.close[:, -1], lookback=1)\n'
BAD = 'bad = Feature("mean", lambda window: window.close[:, -30:].mean(axis=1), lookback=3)\n'
MARKET = 'market = MarketFeature("market_mean", "return_1", market_mean)\n'
BOTH = 'BOTH = FeatureSet((good,), (MarketFeature("market_last", "last", market_mean),))\n'


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module into an empty working directory; gives its name."""
    monkeypatch.chdir(tmp_path)
    name = "features_of_mine"

    def write(text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    yield write
    sys.modules.pop(name, None)


def test_check_features_prints_a_line_for_each_that_is_fine(module):
    answer = CliRunner().invoke(check_features, [module(HEAD + GOOD + MARKET + BOTH)])

    lines = answer.output.splitlines()
    assert answer.exit_code == 0
    assert lines[:2] == ["ok     good: last, lookback 1", "ok     market: market_mean, of return_1 over the universe"]
    assert lines[2].startswith("ok     BOTH: last, market_last; lookback 1, hash ")
    assert len(lines) == 3


def test_check_features_says_what_is_wrong_and_goes_on(module):
    answer = CliRunner().invoke(check_features, [module(HEAD + BAD + GOOD)])

    assert answer.exit_code == 1
    assert answer.output.splitlines() == [
        "WRONG  bad: mean: expected a lookback of the 30 bars that it looks at, was 3",
        "ok     good: last, lookback 1",
    ]


@pytest.mark.parametrize("text", ["", "mean = max\n", HEAD])
def test_check_features_of_a_module_without_any_says_so(module, text):
    answer = CliRunner().invoke(check_features, [module(text)])

    assert isinstance(answer.exception, FeatureError)
    assert "expected a Feature, MarketFeature or FeatureSet at its top level, was none" in str(answer.exception)


def test_check_features_of_a_module_that_is_not_there_says_so(module):
    answer = CliRunner().invoke(check_features, ["nowhere"])

    assert isinstance(answer.exception, SettingsError)
    assert "or an installed one, was 'nowhere'" in str(answer.exception)


@pytest.mark.parametrize(("text", "status"), [(HEAD + GOOD, 0), (HEAD + BAD, 1), ("", 1)])
def test_check_features_finds_a_module_of_the_working_directory_even_without_asserts(module, text, status):
    command = [sys.executable, "-O", "-P", "-m", "causal_alpha", "check-features", module(text)]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
