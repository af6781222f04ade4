"""`causal-alpha worker`: short for `faust -A causal_alpha worker -l info`."""

import os
import sys

import click


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def worker(arguments: tuple[str, ...]) -> None:
    """Run a worker in this process; ARGUMENTS go to Faust's worker command. Settings: CAUSAL_ALPHA_*."""
    argv = [sys.executable, "-m", "faust", "-L", "uvloop", "-A", "causal_alpha", "worker", "-l", "info", *arguments]
    os.execv(sys.executable, argv)
