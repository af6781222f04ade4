"""What the training DAGs have in common: a data check by batches of symbols, then an interval after the other."""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, ExceptionRetryPolicy, RetryAction, RetryRule, dag, get_current_context, task

FINAL = RetryRule("causal_alpha.errors.ModelError", RetryAction.FAIL, reason="trying again can't help")
AGAIN = {"retries": 2, "retry_delay": timedelta(minutes=1), "retry_policy": ExceptionRetryPolicy([FINAL])}
PARAMS = {"intervals": ["1d", "1m", "1s"], "sessions": 250, "quick": False}


def training(family: str, *, cron: str, limit: timedelta) -> DAG:
    """The DAG `train_FAMILY`: fit, evaluation, gate, registration and alias, once a run. `limit` is a task's."""
    defaults = {**AGAIN, "execution_timeout": limit}

    @dag(f"train_{family}", schedule=cron, catchup=False, max_active_runs=1, default_args=defaults, params=PARAMS)
    def steps() -> None:
        @task
        def plan() -> Any:
            from causal_alpha.schedule import batches

            return batches(get_current_context()["params"])

        @task
        def check(batch: Any) -> Any:
            from causal_alpha.schedule import check

            return check(batch, get_current_context()["params"])

        @task
        def gather(checked: Any) -> Any:
            from causal_alpha.schedule import gather

            return gather(list(checked))

        @task(pool="training")
        def train(batch: Any) -> Any:
            from causal_alpha.schedule import train

            return train(family, batch, get_current_context()["params"], run=get_current_context()["run_id"])

        train.expand(batch=gather(check.expand(batch=plan())))

    return steps()
