"""Airflow's DAG that trains the Transformer on weekday evenings, once the day's bars are there."""

from datetime import timedelta

from dags.training import training

train_transformer = training("transformer", cron="30 22 * * 1-5", limit=timedelta(minutes=120))
