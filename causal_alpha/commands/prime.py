"""`causal-alpha prime`: quick first models, so that a newcomer soon sees what each family says."""

import asyncio

import click

from causal_alpha.commands.evaluate import single_threads


@click.command()
def prime() -> None:
    """Train quick first models where the registry has none, on real daily history and on what has streamed.

    CAUSAL_ALPHA_MLFLOW_URL names the registry; Kafka and MongoDB are those of the other settings.
    """
    single_threads()
    from causal_alpha import priming  # noqa: PLC0415, after the threads are set
    from causal_alpha.errors import SettingsError  # noqa: PLC0415
    from causal_alpha.settings import load_settings  # noqa: PLC0415

    settings = load_settings()
    if not settings.mlflow_url:
        raise SettingsError("CAUSAL_ALPHA_MLFLOW_URL: expected an MLflow server, was not set")
    market = priming.Market(
        broker=settings.broker,
        app_id=settings.app_id,
        partitions=settings.partitions,
        universe=settings.universe,
        mongo_url=settings.mongo_url,
        database=settings.mongo_database,
    )
    asyncio.run(priming.prime(market, settings.mlflow_url, settings.time_intervals, say=click.echo))
