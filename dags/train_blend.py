"""Airflow's DAG that trains the blend on weekday evenings, once the day's bars are there."""

from datetime import timedelta

from dags.training import training

train_blend = training("blend", cron="50 22 * * 1-5", limit=timedelta(minutes=120))
