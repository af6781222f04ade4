"""`causal-alpha source …`: run a source and publish what it yields to Kafka, until it ends or SIGTERM."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from causal_alpha.commands.options import cancel_by_signals, kafka_options, settings_of
from causal_alpha.intervals import SECOND, interval_ns
from causal_alpha.settings import Settings

if TYPE_CHECKING:
    from causal_alpha.sessions import Sessions
    from causal_alpha.sources.base import Source
    from causal_alpha.sources.publish import Publisher
    from causal_alpha.sources.recorded import Recorded

F = TypeVar("F", bound=Callable[..., Any])
_REPORT_EVERY = 10.0
_MINUTE = 60 * SECOND
_LONG_AGO = 1_735_689_600 * SECOND  # 2025-01-01


@click.group(name="source")
def source() -> None:
    """Publish market data to Kafka: made up, from a file, or from Yahoo."""


def _kafka(command: F) -> F:
    """The options that override CAUSAL_ALPHA_BROKER, CAUSAL_ALPHA_APP_ID and CAUSAL_ALPHA_PARTITIONS."""
    return kafka_options(click.option("--partitions", type=int, help="Partitions of the ticks topic.")(command))


def _settings(broker: str | None, app_id: str | None, partitions: int | None) -> Settings:
    return settings_of(broker=broker, app_id=app_id, partitions=partitions)


@source.command()
@click.option("--seed", default=7, show_default=True, help="The same seed makes the same market.")
@click.option("--symbols", default="8", show_default=True, help="How many, or their names: A,B,C.")
@click.option("--rate", default=50.0, show_default=True, help="Trades a second over all symbols.")
@click.option("--speed", default=1.0, show_default=True, help="Event seconds a second, 0 as fast as possible.")
@click.option("--history", default=240, show_default=True, help="Bars of each interval before the first trade.")
@click.option("--start", type=click.DateTime(), help="Event time to start at, UTC; now by default.")
@click.option("--seconds", type=float, help="Stop after this much event time.")
@_kafka
def simulator(
    seed: int,
    symbols: str,
    rate: float,
    speed: float,
    history: int,
    start: datetime | None,
    seconds: float | None,
    broker: str | None,
    app_id: str | None,
    partitions: int | None,
) -> None:
    """Synthetic trades, marked as such wherever they show.

    At speed 1 from now on they carry the present time. At any other speed they start in the past
    (2025-01-01 unless --start says else), because trades from the future are rejected.
    """
    from causal_alpha.sources.simulator import Simulator, made_up_symbols  # noqa: PLC0415

    settings = _settings(broker, app_id, partitions)
    live = speed == 1.0 and start is None
    if start is not None:
        begin = int(start.replace(tzinfo=UTC).timestamp()) * SECOND
    else:
        begin = time.time_ns() // _MINUTE * _MINUTE if live else _LONG_AGO
    feed = Simulator(
        seed,
        made_up_symbols(int(symbols)) if symbols.isdigit() else tuple(symbols.split(",")),
        rate,
        start=begin,
        length=None if seconds is None else round(seconds * SECOND),
        speed=speed,
        intervals=settings.time_intervals,
        history=history,
        clock=time.time_ns if live else time.monotonic_ns,
        due=begin if live else None,
    )
    _run(feed, settings)


@source.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--speed", default=1.0, show_default=True, help="Event seconds a second, 0 as fast as possible.")
@click.option("--column", "columns", multiple=True, metavar="FIELD=NAME", help="ts=exch_ts_ms: the file's own names.")
@click.option("--symbol", help="The symbol, for a file without such a column.")
@click.option("--interval", help="The bars' interval, where the file doesn't tell.")
@click.option("--stamped", type=click.Choice(["start", "end"]), default="start", show_default=True)
@click.option("--zone", default="UTC", show_default=True, help="Time zone of times without one.")
@click.option("--numbered", is_flag=True, help="Ids count up by one within a symbol: one left out is a gap.")
@_kafka
def replay(
    file: Path,
    speed: float,
    columns: tuple[str, ...],
    symbol: str | None,
    interval: str | None,
    stamped: Literal["start", "end"],
    zone: str,
    numbered: bool,
    broker: str | None,
    app_id: str | None,
    partitions: int | None,
) -> None:
    """Ticks or bars of a Parquet or CSV FILE, with their own event times; or a recording, to the byte."""
    from causal_alpha.recording import is_recording  # noqa: PLC0415
    from causal_alpha.sources.gaps import Numbered  # noqa: PLC0415
    from causal_alpha.sources.recorded import Recorded  # noqa: PLC0415
    from causal_alpha.sources.replay import Replay  # noqa: PLC0415

    settings = _settings(broker, app_id, partitions)
    if is_recording(file):
        asyncio.run(_replay(Recorded(file, speed=speed), settings))
        return
    feed = Replay(
        file,
        speed=speed,
        columns=dict(column.partition("=")[::2] for column in columns),
        symbol=symbol,
        interval=interval,
        stamped=stamped,
        zone=zone,
        lateness=settings.lateness,
    )
    _run(Numbered(feed) if numbered else feed, settings)


@source.command()
@click.option("--symbols", required=True, help="Yahoo's names: AAPL,MSFT,BTC-USD,EURUSD=X.")
@click.option("--period", default=5.0, show_default=True, help="Seconds between two polls.")
@click.option("--delay", default=15.0, show_default=True, help="How old Yahoo's quotes may be, in seconds.")
@click.option("--past", default=240, show_default=True, help="Bars of each interval before the first quote.")
@click.option("--stream/--poll", default=True, show_default=True, help="Quotes over a socket, or by asking alone.")
@_kafka
def yahoo(
    symbols: str,
    stream: bool,
    period: float,
    delay: float,
    past: int,
    broker: str | None,
    app_id: str | None,
    partitions: int | None,
) -> None:
    """Quotes of Yahoo Finance while the exchanges are open, after their recent past.

    They are streamed, and polled every --period seconds while no socket can be had. Bars that were missed are
    fetched later.
    """
    from causal_alpha.calendar import load_sessions, sessions_of  # noqa: PLC0415
    from causal_alpha.sources.fallback import Fallback  # noqa: PLC0415
    from causal_alpha.sources.yahoo import Yahoo  # noqa: PLC0415
    from causal_alpha.sources.yahoo_poll import Poll  # noqa: PLC0415
    from causal_alpha.sources.yahoo_rest import YahooRest  # noqa: PLC0415
    from causal_alpha.sources.yahoo_stream import Stream  # noqa: PLC0415

    settings = _settings(broker, app_id, partitions)
    names = list(dict.fromkeys(name.strip() for name in symbols.split(",") if name.strip()))

    def sessions(symbol: str) -> Sessions:
        return load_sessions(sessions_of(symbol, settings.calendars), cache=settings.cache.expanduser() / "calendars")

    rest = YahooRest(sessions=sessions)
    poll = Poll(names, rest, sessions, period=period)
    line = Fallback(names, Stream(names, sessions), poll) if stream else poll
    _run(Yahoo(names, line, rest, sessions, delay=delay, intervals=settings.time_intervals, past=past), settings)


def _run(feed: Source, settings: Settings) -> None:
    asyncio.run(_publish(feed, settings))


async def _replay(feed: Recorded, settings: Settings) -> None:
    cancel_by_signals()
    click.echo(f"publishing {feed.name} to {settings.app_id}.ticks on {settings.broker}")
    sys.stdout.flush()
    report = asyncio.create_task(_report(feed))
    try:
        await feed.publish(settings.broker, app_id=settings.app_id, partitions=settings.partitions)
        click.echo(f"{feed.name} ended after {feed.rows:,} messages", err=True)
    except asyncio.CancelledError:
        click.echo(f"{feed.name} stopped", err=True)
    finally:
        report.cancel()


async def _publish(feed: Source, settings: Settings) -> None:
    from causal_alpha.sources.publish import Publisher, publish  # noqa: PLC0415

    cancel_by_signals()
    closing = max(interval_ns(interval) for interval in settings.time_intervals)
    try:
        async with Publisher(
            settings.broker, partitions=settings.partitions, app_id=settings.app_id, universe=settings.universe
        ) as publisher:
            click.echo(f"publishing {feed.name} to {settings.app_id}.ticks on {settings.broker}")
            sys.stdout.flush()
            report = asyncio.create_task(_report(publisher))
            try:
                await publish(feed, publisher, closing=closing)
            finally:
                report.cancel()
            click.echo(f"{feed.name} ended after {publisher.rows:,} rows", err=True)
    except asyncio.CancelledError:
        click.echo(f"{feed.name} stopped", err=True)


async def _report(publisher: Publisher | Recorded) -> None:
    before = 0
    while True:
        await asyncio.sleep(_REPORT_EVERY)
        click.echo(f"{publisher.rows:,} rows, {(publisher.rows - before) / _REPORT_EVERY:,.0f} a second", err=True)
        before = publisher.rows
