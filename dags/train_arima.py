"""Airflow's DAG that trains ARIMA on weekday evenings, once the day's bars are there."""

from datetime import timedelta

from dags.training import training

train_arima = training("arima", cron="0 22 * * 1-5", limit=timedelta(minutes=20))
