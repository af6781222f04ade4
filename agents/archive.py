"""Sink: final bars, features, forecasts, scores and rejects go to MongoDB, and to CSV where a folder is set."""

from functools import cache
from typing import Any

from causal_alpha import app
from causal_alpha.archive import archive
from causal_alpha.sinks.base import Sink
from causal_alpha.sinks.csv import CsvSink
from causal_alpha.sinks.mongo import MongoSink
from causal_alpha.stores import shared_database

settings = app.settings


@cache
def sinks() -> tuple[Sink, ...]:
    mongo = MongoSink(shared_database(settings.mongo_url, settings.mongo_database))
    return (mongo, CsvSink(settings.csv_folder)) if settings.csv_folder else (mongo,)


@app.agent(app.bars)
async def archive_bars(stream: Any) -> None:
    await archive(stream, sinks)


@app.agent(app.features)
async def archive_features(stream: Any) -> None:
    await archive(stream, sinks)


@app.agent(app.forecasts)
async def archive_forecasts(stream: Any) -> None:
    await archive(stream, sinks)


@app.agent(app.scores)
async def archive_scores(stream: Any) -> None:
    await archive(stream, sinks)


@app.agent(app.rejects)
async def archive_rejects(stream: Any) -> None:
    await archive(stream, sinks)
