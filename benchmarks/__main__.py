"""`python -m benchmarks NAME`: progress on stderr, one JSON object a benchmark on stdout."""

import importlib
import sys
from collections.abc import Mapping

import click

from causal_alpha.errors import CausalAlphaError

SUMMARIES: Mapping[str, str] = {
    "throughput": "Ticks a CPU-second from Kafka to bars, beside Faust, Quix Streams and Bytewax.",
    "features": "Microseconds a symbol-bar for the default features, beside pandas and talipp.",
    "latency": "Milliseconds from a tick produced to its bar at a WebSocket.",
    "memory": "Megabytes of a worker for 1,000 symbols.",
    "scaling": "Cost of a tick, a bar and a snapshot from 10 to 10,000 symbols.",
    "forecast": "Milliseconds to forecast 500 symbols, beside Keras' predict and statsmodels' append.",
    "training": "CPU-seconds to train each family on 80 names of nine years.",
    "hub": "Sends a second from the hub to 200 WebSockets, beside a naive FastAPI loop.",
    "report": "Run all of them, and write docs/performance.md.",
}
"""A benchmark is a file of this folder, with a click command of the same name in it."""


class Benchmarks(click.Group):
    """A group that imports a benchmark when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUMMARIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return None
        command = getattr(importlib.import_module(f"benchmarks.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Benchmarks"):
            formatter.write_dl(list(SUMMARIES.items()))


@click.group(cls=Benchmarks)
def main() -> None:
    """Measure Causal Alpha on this machine. The result is one JSON object on stdout."""


if __name__ == "__main__":
    try:
        main()
    except CausalAlphaError as error:
        click.echo(f"benchmarks: {error}", err=True)
        sys.exit(1)
