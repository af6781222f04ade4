"""Options that several commands share, and what people write for points in time."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from causal_alpha.errors import SettingsError
from causal_alpha.intervals import MILLISECOND, SECOND

if TYPE_CHECKING:
    from causal_alpha.scan import Since
    from causal_alpha.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
OURS = frozenset({"ticks", "bars", "forming", "features", "forecasts", "scores", "rejects", "requests"})
"""Topics that go by their short names."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def kafka_options(command: F) -> F:
    """`--broker` and `--app-id`, which override CAUSAL_ALPHA_BROKER and CAUSAL_ALPHA_APP_ID."""
    command = click.option("--app-id", help="Prefix of the topics.")(command)
    return click.option("--broker", help="Kafka bootstrap servers, host:port,host:port.")(command)


def mongo_options(command: F) -> F:
    """`--mongo-url` and `--mongo-database`, which override the settings of that name."""
    command = click.option("--mongo-database", help="Database of the archive.")(command)
    return click.option("--mongo-url", help="MongoDB connection string.")(command)


def settings_of(**given: Any) -> Settings:
    """The settings of the environment, those given on the command line instead where there are some."""
    from causal_alpha.settings import load_settings  # noqa: PLC0415

    return load_settings(**{name: value for name, value in given.items() if value is not None})


def topic_name(app_id: str, topic: str) -> str:
    """The name in Kafka of one of our topics; any other is taken as it stands.

    >>> topic_name("causal-alpha", "bars"), topic_name("causal-alpha", "causal-alpha.alerts")
    ('causal-alpha.bars', 'causal-alpha.alerts')
    """
    return f"{app_id}.{topic}" if topic in OURS else topic


def short_name(app_id: str, topic: str) -> str:
    """The short name of one of our topics that is given by its full one; any other is taken as it stands.

    >>> short_name("causal-alpha", "causal-alpha.bars"), short_name("causal-alpha", "causal-alpha.alerts")
    ('bars', 'causal-alpha.alerts')
    """
    short = topic.removeprefix(f"{app_id}.")
    return short if short in OURS else topic


def cancel_by_signals() -> None:
    """From now on SIGTERM and Ctrl-C cancel the task that calls this."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@contextmanager
def stop_by_signals() -> Iterator[None]:
    """SIGTERM and Ctrl-C end the block, and nothing but the block; for coroutines."""
    cancel_by_signals()
    with suppress(asyncio.CancelledError):
        yield


def read_length(name: str, text: str) -> int:
    """A length of time in ns.

    >>> read_length("--for", "1h30m") // SECOND
    5400
    """
    if not re.fullmatch(r"([0-9]+[smhd])+", text):
        raise SettingsError(f"{name}: expected a length such as 90s, 10m or 1h30m, was {text!r}")
    return sum(int(n) * _UNITS[unit] for n, unit in re.findall(r"([0-9]+)([smhd])", text)) * SECOND


def read_time(name: str, text: str, now: int) -> int:
    """A time in ns: an age before `now`, or ISO 8601, UTC where it names no zone.

    >>> read_time("--since", "1970-01-01T01:00+01:00", now=0), read_time("--since", "10s", now=10 * SECOND)
    (0, 0)
    """
    if re.fullmatch(r"([0-9]+[smhd])+", text):
        return now - read_length(name, text)
    if text == "now":
        return now
    try:
        time = datetime.fromisoformat(text)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        return round(time.timestamp() * 1_000) * MILLISECOND
    except (ValueError, OverflowError):
        raise SettingsError(
            f"{name}: expected an age such as 10m or a time such as 2026-01-31T14:30Z, was {text!r}"
        ) from None


def read_since(text: str, now: int) -> Since:
    """`start`, an offset, an age or a time.

    >>> read_since("start", 0), read_since("4711", 0)
    (Since(time=None, offset=0, after=None), Since(time=None, offset=4711, after=None))
    """
    from causal_alpha.scan import Since  # noqa: PLC0415

    if text == "start":
        return Since(offset=0)
    return Since(offset=int(text)) if text.isdecimal() else Since(time=read_time("--since", text, now))
