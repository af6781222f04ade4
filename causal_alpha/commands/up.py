"""`causal-alpha up`: the whole product on this machine, until Ctrl-C."""

import os
import signal
import sys
import threading
import time
import webbrowser
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from causal_alpha.devstack.kafka import Kafka
from causal_alpha.devstack.mlflow import MLflow
from causal_alpha.devstack.mongo import Mongo
from causal_alpha.devstack.ports import is_free
from causal_alpha.devstack.product import Places, Plan, run
from causal_alpha.errors import SettingsError
from causal_alpha.settings import load_settings

SOURCES = ("simulator", "replay", "yahoo", "none")


@click.command()
@click.option("--source", default="simulator", envvar="SOURCE", show_default=True, help="/".join(SOURCES))
@click.option("--file", envvar="FILE", help="What the source replay plays: Parquet or CSV, ticks or bars.")
@click.option("--speed", envvar="SPEED", help="How many event seconds a second; 0 as fast as possible.")
@click.option("--seed", envvar="SEED", help="The simulator's: the same seed makes the same market.")
@click.option("--symbols", envvar="SYMBOLS", help="For yahoo: A,B,C.")
@click.option("--port", envvar="PORT", help="Of the page, 8000 by default; 0: any free ones for all.")
@click.option("--data", envvar="DATA", help="A folder that keeps data and logs; without it they are temporary.")
@click.option("--open/--no-open", "open_page", default=None, envvar="OPEN", help="Open the page in a browser.")
@click.option("--mlflow/--no-mlflow", default=True, envvar="MLFLOW", help="A registry, first models, and Airflow.")
@click.option("--airflow/--no-airflow", default=True, envvar="AIRFLOW", help="Schedules that train models.")
@click.option("--with-parent", is_flag=True, hidden=True, help="Stop when the calling process is gone.")
def up(
    *,
    source: str,
    file: str | None,
    speed: str | None,
    seed: str | None,
    symbols: str | None,
    port: str | None,
    data: str | None,
    open_page: bool | None,
    mlflow: bool,
    airflow: bool,
    with_parent: bool,
) -> None:
    """Run Kafka, MongoDB, a worker, a source, MLflow and Airflow on this machine, until Ctrl-C.

    Every option is also a variable of the environment: SOURCE, FILE, SPEED, SEED, SYMBOLS, PORT, DATA, OPEN, MLFLOW,
    AIRFLOW. CAUSAL_ALPHA_BROKER, CAUSAL_ALPHA_MONGO_URL and CAUSAL_ALPHA_MLFLOW_URL name running services to use;
    more settings: CAUSAL_ALPHA_*.

    Services listen at their usual ports (9092, 27017, 5000, 8080) where these are free, else at any free ones: a line
    `export …` tells other terminals where.
    """
    settings = load_settings()
    plan = Plan(
        source=source_arguments(source, file=file, speed=speed, seed=seed, symbols=symbols),
        host=settings.hub_host,
        port=usable_port(port or str(settings.hub_port), settings.hub_host),
        data=Path(data).resolve() if data else None,
        broker=os.environ.get(Kafka.variable),
        mongo_url=os.environ.get(Mongo.variable),
        mlflow_url=os.environ.get(MLflow.variable) or None,
        mlflow=mlflow,
        airflow=airflow,
    )
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if with_parent:
        threading.Thread(target=_stop_with, args=(os.getppid(),), daemon=True).start()

    def announce(places: Places) -> None:
        click.echo(str(places))
        sys.stdout.flush()
        if _has_desktop() if open_page is None else open_page:
            webbrowser.open(places.page)

    try:
        run(plan, say=_say, announce=announce)
    except KeyboardInterrupt:
        _say("stopped")


def source_arguments(
    source: str, *, file: str | None, speed: str | None, seed: str | None, symbols: str | None
) -> tuple[str, ...]:
    """The arguments of `causal-alpha source`; empty for none. Raises SettingsError.

    >>> source_arguments("simulator", file=None, speed="10", seed=None, symbols=None)
    ('simulator', '--speed', '10')
    """
    if source not in SOURCES:
        raise SettingsError(f"SOURCE: expected {', '.join(SOURCES[:-1])} or {SOURCES[-1]}, was {source}")
    if source == "none":
        return ()
    if source == "replay":
        if not file:
            raise SettingsError("FILE: expected the file to replay, was not set: SOURCE=replay FILE=ticks.parquet")
        if not Path(file).is_file():
            raise SettingsError(f"FILE: expected an existing file, was {file}")
    if source == "yahoo" and not symbols:
        raise SettingsError("SYMBOLS: expected symbols, was not set: SOURCE=yahoo SYMBOLS=AAPL,MSFT")
    if speed is not None and not _is_speed(speed):
        raise SettingsError(f"SPEED: expected a number >= 0, was {speed}")
    if seed is not None and not seed.isdigit():
        raise SettingsError(f"SEED: expected an integer >= 0, was {seed}")
    allowed = {
        "simulator": {"--speed": speed, "--seed": seed, "--symbols": symbols},
        "replay": {"--speed": speed},
        "yahoo": {"--symbols": symbols},
    }[source]
    options = [word for name, value in allowed.items() if value is not None for word in (name, value)]
    return (source, str(Path(file).resolve()), *options) if source == "replay" and file else (source, *options)


def usable_port(text: str, host: str) -> int:
    """The port, checked to be free now; 0 is always fine. Raises SettingsError.

    >>> usable_port("0", "127.0.0.1")
    0
    """
    if not text.isdigit() or int(text) > 65535:
        raise SettingsError(f"PORT: expected 0 to 65535, was {text}")
    port = int(text)
    if port and not is_free(port, host):
        raise SettingsError(f"PORT: expected a free port, was {port}, which is in use; PORT=0 takes any free one")
    return port


def _is_speed(text: str) -> bool:
    try:
        return 0 <= float(text) < float("inf")
    except ValueError:
        return False


def _has_desktop() -> bool:
    return sys.stdout.isatty() and (
        sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    )


def _stop_with(parent: int) -> None:
    """Stops this process when it has lost its parent: `make` can be killed, too."""
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, _leave)
    _say("stopping; once more to leave at once")
    raise KeyboardInterrupt


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    """The guards stop the children on their own once we are gone."""
    os._exit(128 + number)


def _say(line: str) -> None:
    click.echo(f"causal-alpha: {line}", err=True)
