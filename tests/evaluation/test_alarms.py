import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.evaluation.alarms import LEVELS, alarms


def test_figures_of_honest_models_raise_no_alarm() -> None:
    measured = {"qlike_har": 0.867, "qlike_t": -3.2, "crps_ewma": 0.979, "crps_t": -8.5, "rmse_rw": 0.9999}

    assert alarms(measured | {"direction": 0.528, "rank_ic": 0.017, "rank_ic_t": 1.4}) == []
    assert alarms(measured, {2018: 0.895, 2019: 0.970, 2020: 0.789}) == []


@pytest.mark.parametrize(
    ("mistake", "figures", "named"),
    [
        ("a row taken late", {"r2": 0.25, "direction": 0.653}, ["direction", "r2"]),
        ("a random split", {"r2": 0.18, "direction": 0.645}, ["direction", "r2"]),
        ("error far below no change", {"rmse_rw": 0.98}, ["r2"]),
        ("ranks known beforehand", {"rank_ic": 0.09}, ["rank_ic"]),
        ("ranks turned round", {"rank_ic": -0.09}, ["rank_ic"]),
        ("spread of the future", {"crps_ewma": 0.95, "qlike_har": 0.79}, ["crps_ewma", "qlike_har"]),
        ("nothing at all", {"crps_ewma": math.nan}, ["crps_ewma"]),
    ],
)
def test_figures_of_known_mistakes_raise_alarms(mistake: str, figures: dict[str, float], named: list[str]) -> None:
    assert [line.partition(":")[0] for line in alarms(figures)] == named, mistake


def test_calm_year_too_good_is_named_though_the_whole_is_not() -> None:
    assert alarms({"qlike_har": 0.85}, {2016: 0.79, 2020: 0.6}) == [
        "qlike_har of 2016: expected at least 0.8, was 0.79"
    ]


def test_fewer_sessions_widen_the_levels_and_a_leak_is_seen_still() -> None:
    """A whole and a half year of honest models strays by chance; a row taken late is far beyond that."""
    honest = {"qlike_har": 0.79, "crps_ewma": 0.957, "direction": 0.57}

    assert len(alarms(honest)) == 3
    assert alarms(honest, sessions=60) == []
    assert alarms(honest, sessions=5_000) == alarms(honest)
    assert [line.partition(":")[0] for line in alarms({"direction": 0.653, "r2": 0.25}, sessions=60)] == [
        "direction",
        "r2",
    ]


def test_part_of_a_year_is_judged_by_its_own_sessions() -> None:
    years = {2015: 0.79, 2016: 0.79}

    assert alarms({}, years, of_year={2015: 90, 2016: 250}) == ["qlike_har of 2016: expected at least 0.8, was 0.79"]


@given(st.integers(1, 2_000), st.integers(1, 2_000))
def test_levels_never_get_narrower_with_fewer_sessions(few: int, many: int) -> None:
    few, many = sorted((few, many))
    for level in LEVELS:
        assert level.over(few).least <= level.over(many).least
        assert level.over(few).most >= level.over(many).most
        assert level.over(many).most >= level.most
