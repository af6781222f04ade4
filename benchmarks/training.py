"""CPU-seconds to train each family on 80 names of nine years of days, all threads of a process of its own.

The names are made up: the time doesn't depend on what prices do. What counts is the fit with the shape of its errors,
the import of TensorFlow among it; making the features of the bars is told apart.
"""

import json
import os
import subprocess
import sys
import time

import click

from benchmarks.machine import describe_machine, say
from benchmarks.services import ROOT
from causal_alpha.errors import ServiceError

NAMES = ("arima", "lstm", "transformer")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")


@click.command()
@click.option("--symbols", default=80, show_default=True, help="Names.")
@click.option("--sessions", default=2_265, show_default=True, help="Days of each.")
@click.option("--only", help="One family in this process: what the others are started with.")
@click.option("--quick", is_flag=True, help="One small run, to see that it works.")
def training(symbols: int, sessions: int, only: str | None, quick: bool) -> None:
    """CPU-seconds to train ARIMA, LSTM and Transformer on 80 names of nine years."""
    symbols, sessions = (4, 520) if quick else (symbols, sessions)
    if only:
        click.echo(json.dumps(spent(only, symbols, sessions, quick)))
        return
    describe_machine()
    found: dict[str, float] = {}
    for name in NAMES:
        argv = [sys.executable, "-m", "benchmarks", "training", "--only", name, f"--symbols={symbols}"]
        argv += [f"--sessions={sessions}", *(["--quick"] if quick else [])]
        environment = os.environ | dict.fromkeys(THREADS, "1") | {"TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise ServiceError(f"training of {name}: expected it to work, was status {done.returncode}")
        said = json.loads(done.stdout)
        found[f"{name}_cpu_s"], found["features_cpu_s"] = said["fit"], said["features"]
        say(f"{name}: {said['fit']:.1f} CPU-seconds")
    click.echo(json.dumps(found))


def spent(name: str, symbols: int, sessions: int, quick: bool) -> dict[str, float]:
    """CPU-seconds of this process for the features and for the fit."""
    from causal_alpha.checks.forecaster import made_up  # noqa: PLC0415, so that the parent imports nothing heavy
    from causal_alpha.dataset import Dataset  # noqa: PLC0415
    from causal_alpha.families import FAMILIES, QUICK  # noqa: PLC0415
    from causal_alpha.models.artefact import seal  # noqa: PLC0415

    bars = made_up(symbols=symbols, sessions=sessions, odd=False)
    begin = time.process_time()
    dataset = Dataset.from_bars(bars)
    made = time.process_time()
    seal((QUICK if quick else FAMILIES)[name].fit(dataset, 0, say), dataset, seed=0)
    return {"features": round(made - begin, 2), "fit": round(time.process_time() - made, 2)}
