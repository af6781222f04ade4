"""When models are trained and promoted: Airflow's DAGs, each a few lines over `causal_alpha.schedule`."""
