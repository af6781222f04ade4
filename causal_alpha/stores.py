"""The process's one connection to MongoDB, shared by the agents that read and write there."""

from functools import cache
from typing import Any

from causal_alpha.sinks.mongo import mongo_database


@cache
def shared_database(url: str, name: str) -> Any:
    """A motor database; call it on the event loop that will use it."""
    return mongo_database(url, name)
