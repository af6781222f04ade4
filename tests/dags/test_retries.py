import sys
from pathlib import Path

import pytest

from causal_alpha.errors import ModelError, ServiceError

DAGS = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture
def policy(monkeypatch: pytest.MonkeyPatch):
    """What a training's task does with an error."""
    monkeypatch.syspath_prepend(str(DAGS))
    monkeypatch.delitem(sys.modules, "training", raising=False)
    from training import AGAIN

    yield AGAIN["retry_policy"]
    sys.modules.pop("training", None)


def test_service_that_is_away_is_asked_again_and_data_that_will_not_do_is_not(policy) -> None:
    from airflow.sdk import RetryAction

    away = policy.evaluate(ServiceError("archive: expected MongoDB to give it, was away"), 1, 3)
    wrong = policy.evaluate(ModelError("bars: expected some of 1d, was none"), 1, 3)

    assert away.action is RetryAction.DEFAULT
    assert wrong.action is RetryAction.FAIL
