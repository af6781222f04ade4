import pytest

from causal_alpha.errors import SettingsError
from causal_alpha.settings import load_settings


def test_settings_come_from_the_environment_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAUSAL_ALPHA_PARTITIONS", "3")
    monkeypatch.setenv("CAUSAL_ALPHA_AGENTS", "agents, mine")
    monkeypatch.setenv("CAUSAL_ALPHA_LATENESS", "9")

    settings = load_settings(lateness=2.5)

    assert (settings.partitions, settings.agents, settings.lateness) == (3, ("agents", "mine"), 2.5)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().partitions = 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PARTITIONS", "0", "PARTITIONS: .* was '0'"),
        ("LATENESS", "-1", "LATENESS: .* was '-1'"),
        ("INTERVALS", "1m,1s", "INTERVALS: .*expected the finest interval first"),
        ("INTERVALS", "7m", "INTERVALS: .*expected a divisor of one day"),
        ("INTERVALS", "", "INTERVALS: .*"),
        ("AGENTS", "", "AGENTS: .*"),
        ("HUB_PORT", "70000", "HUB_PORT: .*"),
    ],
)
def test_settings_name_what_is_wrong(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(f"CAUSAL_ALPHA_{name}", value)

    with pytest.raises(SettingsError, match=says):
        load_settings()


def test_settings_refuse_unknown_names() -> None:
    with pytest.raises(SettingsError, match="COLOUR"):
        load_settings(colour="red")
