"""Airflow's DAG that trains the floor model on weekday evenings, once the day's bars are there."""

from datetime import timedelta

from dags.training import training

train_har = training("har", cron="55 21 * * 1-5", limit=timedelta(minutes=20))
