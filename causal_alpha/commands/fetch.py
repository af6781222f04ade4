"""`causal-alpha fetch`: fills the cache, so that later starts need no network."""

import time

import click

from causal_alpha.devstack import kafka_jars, mongo_wheels
from causal_alpha.devstack.java import find_java


@click.command()
def fetch() -> None:
    """Fill the cache with Kafka's jars and mongod. Does nothing when they are there."""
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:5.1f} s  {line}")

    say(f"java: {find_java()}")
    say(f"kafka {kafka_jars.VERSION}: {kafka_jars.fetch(say)}")
    say(f"mongod {mongo_wheels.VERSION}: {mongo_wheels.fetch(say)}")
