"""Airflow's DAG that trains the LSTM on weekday evenings, once the day's bars are there."""

from datetime import timedelta

from dags.training import training

train_lstm = training("lstm", cron="15 22 * * 1-5", limit=timedelta(minutes=60))
