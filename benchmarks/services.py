"""Real services for a benchmark: its own, or those that the environment names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.machine import say
from causal_alpha.devstack.service import Service
from causal_alpha.devstack.stack import Stack

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def running(*kinds: type[Service]) -> Iterator[tuple[Path, list[str]]]:
    """A folder for data and logs, gone afterwards, and the URLs of the services in the order given."""
    with TemporaryDirectory(prefix="causal-alpha-benchmark-") as name:
        folder = Path(name)
        services = [
            kind(folder=folder, logs=folder / "logs", say=say, external=os.environ.get(kind.variable)) for kind in kinds
        ]
        with Stack(*services):
            yield folder, [service.url for service in services]
