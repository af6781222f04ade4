"""`causal-alpha doctor`: what each service would run on, without starting or fetching any."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import click

from causal_alpha.devstack import docker, kafka_jars, mongo_wheels
from causal_alpha.devstack.cache import cache_folder
from causal_alpha.devstack.java import find_java, java_version
from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.errors import CausalAlphaError
from causal_alpha.settings import load_settings


@click.command()
def doctor() -> None:
    """Say what is there and what is missing. Exit status 1 if something is."""
    checks: dict[str, Callable[[], str]] = {
        "settings": _settings,
        "java": _java,
        "kafka": lambda: _cached(f"kafka-{kafka_jars.VERSION}", Kafka.variable),
        "mongo": lambda: _cached(f"mongod-{mongo_wheels.VERSION}", Mongo.variable),
        "docker": lambda: docker.daemon_problem() or "answers",
        "page": _page,
    }
    wrong = 0
    for name, check in checks.items():
        try:
            click.echo(f"{name:<9} {check()}")
        except CausalAlphaError as error:
            click.echo(f"{name:<9} WRONG: {error}")
            wrong += 1
    sys.exit(1 if wrong else 0)


def _settings() -> str:
    load_settings()
    return ", ".join(sorted(name for name in os.environ if name.startswith("CAUSAL_ALPHA_"))) or "all at their defaults"


def _java() -> str:
    java = find_java()
    return f"{java_version(java)} at {java}"


def _cached(name: str, variable: str) -> str:
    if os.environ.get(variable):
        return f"external, as {variable} says"
    folder = cache_folder() / name
    return str(folder) if folder.exists() else f"not in the cache yet: causal-alpha fetch makes {folder}"


def _page() -> str:
    index = Path(__file__).parent.parent / "ui" / "static" / "index.html"
    return str(index.parent) if index.exists() else "not built: the API works without it"
