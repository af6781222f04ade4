"""Progress, and the description of the machine: numbers mean nothing without it."""

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

_PACKAGES = (
    *("faust-streaming", "quixstreams", "bytewax", "aiokafka", "confluent-kafka"),
    *("numpy", "pandas", "pyarrow", "msgspec", "orjson", "talipp", "uvloop", "uvicorn"),
)


@dataclass(frozen=True)
class Machine:
    """What the numbers depend on and a reader may know. No names of hosts or people."""

    processor: str
    cores: int
    memory_gib: int
    system: str
    python: str
    packages: dict[str, str]

    @classmethod
    def here(cls) -> "Machine":
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
        return cls(
            processor=_processor(),
            cores=os.cpu_count() or 1,
            memory_gib=round(memory),
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            packages={name: version(name) for name in _PACKAGES},
        )


def say(line: str) -> None:
    click.echo(line, err=True)


def describe_machine() -> None:
    """Processor, memory, load and versions, in a few lines."""
    machine = Machine.here()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    say(f"machine: {machine.cores} x {machine.processor}, {machine.memory_gib} GiB, {machine.system}")
    say(f"load before the start: {load}")
    say(f"Python {machine.python}, " + ", ".join(f"{name} {text}" for name, text in machine.packages.items()))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
