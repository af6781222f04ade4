"""`causal-alpha record`: topics into Parquet files, every byte of them, for later replays and for study."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import click

from causal_alpha.commands.options import (
    kafka_options,
    read_length,
    read_since,
    read_time,
    settings_of,
    short_name,
    stop_by_signals,
    topic_name,
)
from causal_alpha.errors import SettingsError
from causal_alpha.intervals import SECOND
from causal_alpha.recording import Facts, Recorder, join
from causal_alpha.settings import Settings

_MOST = 64 * 1024 * 1024
"""Bytes of messages after which a part is written early."""


@click.command()
@click.argument("topics", nargs=-1, required=True, metavar="TOPIC...")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="A folder or, for one topic, a .parquet file."
)
@click.option(
    "--since", default="now", show_default=True, metavar="TIME", help="start, an age (10m), a time, an offset."
)
@click.option(
    "--until", metavar="TIME", help="Without messages of this time or age and later; `now` for what is there."
)
@click.option("--for", "length", metavar="LENGTH", help="Stop so long after --since: 10m, 1h.")
@click.option(
    "--part", default="1m", show_default=True, metavar="LENGTH", help="Write a file so often; a kill loses less."
)
@kafka_options
def record(
    *,
    topics: tuple[str, ...],
    out: Path,
    since: str,
    until: str | None,
    length: str | None,
    part: str,
    broker: str | None,
    app_id: str | None,
) -> None:
    """Keep topics (ticks, bars, forming, features, forecasts, scores, rejects, requests, or a full name) until Ctrl-C.

    `causal-alpha source replay` plays a recording of ticks and bars.
    """
    now = time.time_ns()
    begin = read_since(since, now)
    if until is not None and length is not None:
        raise SettingsError("--until, --for: expected one of them, was both")
    end = None if until is None else read_time("--until", until, now)
    if length is not None:
        if begin.time is None:
            raise SettingsError(f"--for: expected --since to be a time, was {since!r}")
        end = begin.time + read_length("--for", length)
    single = out.suffix == ".parquet"
    if single and len(topics) > 1:
        raise SettingsError(f"--out: expected a folder for {len(topics)} topics, was {out}")
    folder = out.with_name(f"{out.name}.parts") if single else out
    for place in {out, folder}:
        if place.is_file() or (place.is_dir() and any(place.iterdir())):
            raise SettingsError(f"--out: expected a new file or an empty folder, was {place}")
    settings = settings_of(broker=broker, app_id=app_id)
    shorts = [short_name(settings.app_id, topic) for topic in topics]
    names = {topic_name(settings.app_id, short): short for short in shorts}
    recorders = asyncio.run(_record(settings, names, folder, begin, end, read_length("--part", part) / SECOND))
    if single:
        join(recorders[0].folder, out)
        folder.rmdir()
    for recorder in recorders:
        click.echo(f"{recorder.written:,} messages of {recorder.facts.topic} in {out}", err=True)


async def _record(
    settings: Settings, names: Mapping[str, str], folder: Path, since: Any, until: int | None, every: float
) -> list[Recorder]:
    from causal_alpha.scan import partition_counts, scan  # noqa: PLC0415  --help needs no Kafka client

    partitions = await partition_counts(settings.broker, names)
    recorders = {
        name: Recorder(folder / short, Facts(topic=short, partitions=partitions[name], app_id=settings.app_id))
        for name, short in names.items()
    }
    click.echo(f"recording {', '.join(names)} on {settings.broker} into {folder}")
    sys.stdout.flush()
    due, size = time.monotonic() + every, 0
    with stop_by_signals():
        async with aclosing(scan(settings.broker, partitions, since, until=until)) as found:
            async for batch in found:
                for message in batch:
                    recorders[message.topic].messages.append(message)
                    size += len(message.value or b"")
                if time.monotonic() >= due or size >= _MOST:
                    await _write([recorder for recorder in recorders.values() if recorder.messages])
                    due, size = time.monotonic() + every, 0
    await _write([recorder for recorder in recorders.values() if recorder.messages or not recorder.parts])
    return list(recorders.values())


async def _write(recorders: Sequence[Recorder]) -> None:
    """A part each, beside the event loop."""
    for recorder in recorders:
        writing = asyncio.ensure_future(asyncio.to_thread(recorder.write, recorder.take()))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await writing
            raise
