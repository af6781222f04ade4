"""The command `causal-alpha`. A command's module is imported when it is called, so that the command line is quick."""

import importlib
import sys
from dataclasses import dataclass

import click

from causal_alpha import __version__
from causal_alpha.errors import CausalAlphaError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, `module:attribute`, and what `--help` says of it."""

    target: str
    summary: str


COMMANDS = {
    "up": Entry("causal_alpha.commands.up:up", "Run everything on this machine: services, a worker, a source."),
    "worker": Entry("causal_alpha.commands.worker:worker", "Run a worker: faust -A causal_alpha worker -l info."),
    "hub": Entry("causal_alpha.commands.hub:hub", "Serve the page and its API without a worker."),
    "source": Entry("causal_alpha.commands.source:source", "Publish market data to Kafka."),
    "tail": Entry("causal_alpha.commands.tail:tail", "Show the rows of a topic."),
    "rejects": Entry("causal_alpha.commands.rejects:rejects", "Show rows that could not be used, and send them again."),
    "record": Entry("causal_alpha.commands.record:record", "Keep a topic in Parquet files, to replay it later."),
    "check-features": Entry(
        "causal_alpha.commands.check_features:check_features", "Check features of your own: no look-ahead, no leaks."
    ),
    "fetch": Entry("causal_alpha.commands.fetch:fetch", "Fill the cache with Kafka and MongoDB."),
    "train": Entry("causal_alpha.commands.train:train", "Fit a family of models on a file of daily bars."),
    "prime": Entry("causal_alpha.commands.prime:prime", "Train quick first models where the registry has none."),
    "evaluate": Entry("causal_alpha.commands.evaluate:evaluate", "Say how good each family is on daily bars."),
    "schema": Entry("causal_alpha.commands.schema:schema", "Print the hub's messages and answers as TypeScript."),
    "models": Entry("causal_alpha.commands.models:models", "Show registered models, promote one, or roll back."),
    "doctor": Entry("causal_alpha.commands.doctor:doctor", "Say what is there and what is missing."),
}


class Commands(click.Group):
    """A group that looks its commands up in a table."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="causal-alpha")
def cli() -> None:
    """Market data streams on Faust: bars, features, forecasts."""


def main() -> None:
    """The entry point: our own errors end in one clear line on stderr and exit status 1."""
    try:
        cli()
    except CausalAlphaError as error:
        click.echo(f"causal-alpha: {error}", err=True)
        sys.exit(1)
