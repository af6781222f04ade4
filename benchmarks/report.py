"""Runs every benchmark in turn and writes what came out, with the machine that it came from.

`performance.json` keeps the results, `performance.md` is made of it by `benchmarks.document`, and a test
holds the two together. Results of another machine or of other versions don't belong beside these: they
go when a new one comes.
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from benchmarks.document import Result, Saved, document
from benchmarks.machine import Machine, say
from benchmarks.services import ROOT
from causal_alpha.errors import ServiceError

COMMANDS = (
    "throughput",
    "latency --rate 5000",
    "latency --rate 20000",
    "features",
    "memory",
    "scaling",
    "forecast",
    "training",
    "hub",
)
DATA, PAGE = "performance.json", "performance.md"


@click.command()
@click.option("--only", multiple=True, metavar="NAME", help="Run these again; keep the others' results.")
@click.option("--render", is_flag=True, help="Run nothing; write the page again from the saved results.")
@click.option("--quick", is_flag=True, help="Small runs, to see that it works: not for docs.")
@click.option(
    "--folder", type=click.Path(path_type=Path, file_okay=False), default=ROOT / "docs", help="Default: docs."
)
def report(only: tuple[str, ...], render: bool, quick: bool, folder: Path) -> None:
    """Run all benchmarks, and write docs/performance.json and docs/performance.md.

    Each benchmark's JSON object goes to stdout, on a line of its own.
    """
    names = {command.split()[0] for command in COMMANDS}
    if unknown := set(only) - names:
        raise click.UsageError(f"--only: expected some of {sorted(names)}, was {sorted(unknown)}")
    saved = load(folder / DATA)
    for command in () if render else COMMANDS:
        if not only or command.split()[0] in only:
            result = run(f"{command} --quick" if quick else command)
            saved = add(saved, result, Machine.here())
            save(saved, folder)
            click.echo(json.dumps(result.values))
    save(saved, folder)


def run(command: str) -> Result:
    """One benchmark, in a process of its own. Raises ServiceError if it fails; its progress goes to stderr."""
    say(f"-- {command}")
    load_before, begin = os.getloadavg()[0], time.monotonic()
    argv = [sys.executable, "-m", "benchmarks", *command.split()]
    done = subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"{command}: expected it to work, was status {done.returncode}")
    return Result(
        command=command,
        date=datetime.now(UTC).date().isoformat(),
        seconds=round(time.monotonic() - begin),
        load_before=round(load_before, 1),
        values=json.loads(done.stdout),
    )


def add(saved: Saved, result: Result, machine: Machine) -> Saved:
    """With this result instead of an older one of the same command, and none of another machine."""
    others = saved.results if saved.machine == machine else ()
    every = {other.command: other for other in others} | {result.command: result}
    order = {command: place for place, command in enumerate(COMMANDS)}
    ordered = sorted(every.values(), key=lambda one: order.get(one.command.removesuffix(" --quick"), len(order)))
    return Saved(machine=machine, results=tuple(ordered))


def load(path: Path) -> Saved:
    """The saved results; none where there is no file."""
    return msgspec.json.decode(path.read_bytes(), type=Saved) if path.exists() else Saved(Machine.here(), ())


def save(saved: Saved, folder: Path) -> None:
    """Both files."""
    text = msgspec.json.format(msgspec.json.encode(saved), indent=2)
    (folder / DATA).write_bytes(text + b"\n")
    (folder / PAGE).write_text(document(saved))
