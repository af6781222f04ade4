"""Progress and the description of the machine, for stderr: numbers mean nothing without it."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import click

_PACKAGES = ("faust-streaming", "aiokafka", "numpy", "pyarrow", "msgspec", "uvicorn")


def say(line: str) -> None:
    click.echo(line, err=True)


def describe_machine() -> None:
    """Processor, memory, load and versions, in a few lines."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    say(f"machine: {os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.release()}")
    say(f"load before the start: {load}")
    say(f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in _PACKAGES))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
