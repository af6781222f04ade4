"""`causal-alpha fetch`: fills the cache, so that later starts need no network."""

import os
import time
from collections.abc import Callable

import click

from causal_alpha.devstack import docker, kafka_jars, mongo_wheels
from causal_alpha.devstack.cache import Say
from causal_alpha.devstack.java import find_java
from causal_alpha.devstack.kafka import Kafka, make_class_archive
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.service import Service
from causal_alpha.errors import ServiceError


@click.command()
def fetch() -> None:
    """Fill the cache with Kafka and MongoDB. Does nothing when they are there."""
    began = time.monotonic()

    def say(line: str) -> None:
        click.echo(f"{time.monotonic() - began:5.1f} s  {line}")

    for service, fill in ((Kafka, _kafka), (Mongo, _mongo)):
        _fetch(service, fill, say)


def _fetch(service: type[Service], fill: Callable[[Say], str], say: Say) -> None:
    if os.environ.get(service.variable):
        say(f"{service.name}: external, as {service.variable} says")
        return
    try:
        say(f"{service.name}: {fill(say)}")
    except ServiceError as error:
        if docker.daemon_problem():
            raise
        say(f"{service.name}: Docker will do ({error})")


def _kafka(say: Say) -> str:
    java = find_java()
    folder = kafka_jars.fetch(say)
    make_class_archive(say)
    return f"{kafka_jars.VERSION} in {folder}, on {java}"


def _mongo(say: Say) -> str:
    return f"{mongo_wheels.VERSION} in {mongo_wheels.fetch(say)}"
