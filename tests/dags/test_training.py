import asyncio
import urllib.error
import urllib.request

import numpy as np
import pytest

from causal_alpha.intervals import DAY
from causal_alpha.records import Score
from causal_alpha.registry import Registry
from tests.dags.conftest import write_scores

pytestmark = [pytest.mark.services, pytest.mark.alone]

FAMILIES = ("har", "arima", "lstm", "transformer")
DAGS = {"evaluate_and_promote", "train_blend", *(f"train_{family}" for family in FAMILIES)}
QUICK = {"intervals": ["1d"], "sessions": 200, "quick": True}


@pytest.fixture
def registry(mlflow):
    registry = Registry(mlflow)
    yield registry
    registry.close()


def test_schedules_are_all_there(scheduler):
    names = {one["dag_id"] for one in scheduler.known(len(DAGS))}

    assert names == DAGS
    assert scheduler.airflow.ask("GET", "/api/v2/importErrors")["import_errors"] == []


def test_schedules_are_nobodys_without_a_password(scheduler):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{scheduler.airflow.url}/api/v2/dags", timeout=20)


def test_training_without_bars_fails_with_a_clear_message_and_moves_no_alias(scheduler, registry):
    before = registry.models()

    scheduler.trigger("train_arima", "empty", **QUICK)

    assert scheduler.wait("train_arima", "empty") == "failed"
    assert scheduler.tasks("train_arima", "empty")["plan"] == ["failed"]  # no second try
    assert "bars: expected some of 1d in MongoDB's 'scheduled', was none" in scheduler.log("empty")
    assert registry.models() == before


def test_training_of_each_family_registers_a_champion(scheduler, archived, registry):
    for family in FAMILIES:
        scheduler.trigger(f"train_{family}", "first", **QUICK)

    for family in FAMILIES:
        assert scheduler.wait(f"train_{family}", "first") == "success", scheduler.errors("first")
        model = registry.need(f"{family}-1d")
        assert model.aliases == {"champion": model.versions[0].number}
        assert model.versions[0].tags["run"] == "first"
    said = scheduler.log("first")
    assert "NEW: left out, expected at least 500 bars of 1d, was 60" in said
    assert "STILL: left out, expected a price that moves, was 1 throughout" in said


def test_training_done_again_registers_no_second_version(scheduler, archived, registry):
    before = registry.need("arima-1d")

    scheduler.clear("train_arima", "first", "train")

    assert scheduler.wait("train_arima", "first") == "success"
    assert registry.need("arima-1d") == before
    assert f"arima: run first made version {before.versions[0].number} already" in scheduler.log("first")


def test_promotion_without_scores_fails_with_a_clear_message_and_moves_no_alias(scheduler, archived, registry):
    """A second run makes a challenger that nobody has heard yet."""
    scheduler.trigger("train_arima", "second", **QUICK)
    assert scheduler.wait("train_arima", "second") == "success", scheduler.errors("second")
    before = registry.need("arima-1d")
    assert before.aliases == {"champion": 1, "challenger": 2}

    scheduler.trigger("evaluate_and_promote", "unheard")

    assert scheduler.wait("evaluate_and_promote", "unheard") == "failed"
    assert "scores: expected some of arima-1d in MongoDB's 'scheduled', was none" in scheduler.log("unheard")
    assert registry.need("arima-1d").aliases == before.aliases


def test_promotion_of_a_challenger_that_has_won(scheduler, archived, registry, mongo):
    asyncio.run(write_scores(mongo, better(sessions=120)))

    scheduler.trigger("evaluate_and_promote", "heard")

    assert scheduler.wait("evaluate_and_promote", "heard") == "success", scheduler.errors("heard")
    model = registry.need("arima-1d")
    assert model.aliases == {"champion": 2}
    assert model.history[-1].why.startswith("e ")


def better(sessions):
    """Scores of versions 1 and 2 of ARIMA on two symbols: the second loses a fifth less, every session."""
    rng = np.random.default_rng(5)
    return [
        Score(symbol=symbol, interval="1d", start=day * DAY, made=(day + 1) * DAY, horizon=1, due=(day + 2) * DAY,
              family="arima", version=version, price=1.0, truth=1.0, ret=float(0.01 * rng.standard_normal()),
              crps=0.0023 if version == "1" else 0.0018, crps_naive=0.0025, crps_ewma=0.0023, qlike=1.0,
              inside_80=1.0, inside_95=1.0, winkler_80=0.03, scored=(day + 2) * DAY, shadow=version == "2")
        for day in range(17_000, 17_000 + sessions)
        for symbol in ("^GSPC", "^IXIC")
        for version in ("1", "2")
    ]  # fmt: skip
