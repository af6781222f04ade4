"""Airflow's DAG that judges each challenger by what it said beside the champion, and promotes it if it has won."""

from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task

from dags.training import AGAIN

DEFAULTS = {**AGAIN, "execution_timeout": timedelta(minutes=10)}


@dag("evaluate_and_promote", schedule="0 6 * * *", catchup=False, max_active_runs=1, default_args=DEFAULTS)
def steps() -> None:
    @task
    def challenged() -> Any:
        from causal_alpha.schedule import challenged

        return challenged()

    @task
    def evaluate(name: str) -> Any:
        from causal_alpha.schedule import evaluate

        return [name] if evaluate(name) else []

    @task
    def gate(verdicts: Any) -> Any:
        return [name for names in verdicts for name in names]

    @task(pool="training")
    def promote(name: str) -> Any:
        from causal_alpha.schedule import promote

        return promote(name)

    promote.expand(name=gate(evaluate.expand(name=challenged())))


evaluate_and_promote = steps()
