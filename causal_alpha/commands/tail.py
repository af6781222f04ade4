"""`causal-alpha tail`: the rows of a topic as a table or as JSON lines."""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from causal_alpha.commands.display import TIMES, Table, iso, json_line, json_row, payload
from causal_alpha.commands.options import (
    kafka_options,
    read_since,
    settings_of,
    short_name,
    stop_by_signals,
    topic_name,
)
from causal_alpha.errors import SettingsError
from causal_alpha.intervals import MILLISECOND

if TYPE_CHECKING:
    from causal_alpha.rows import Progress, Row
    from causal_alpha.settings import Settings

_NEWEST = 10
_PATIENCE = 2.0
"""Seconds between words on a look back that takes long."""
_WIDTHS = MappingProxyType({**dict.fromkeys(TIMES, 24), "timestamp": 24, "ts": 27, "symbol": 12, "source": 12})
_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Tick": ("ts", "symbol", "price", "size", "bid", "ask", "id", "source"),
        "Bar": (
            *("start", "symbol", "interval", "open", "high", "low", "close", "volume", "vwap", "trades"),
            *("state", "revision", "quality", "source"),
        ),
        "Features": ("start", "symbol", "interval", "close", "source", "values"),
        "Forecast": (
            *("made", "symbol", "interval", "horizon", "due", "price", "variance", "family", "version", "shadow"),
            "quantiles",
        ),
        "Score": (
            *("scored", "symbol", "interval", "horizon", "family", "version", "shadow", "truth", "ret"),
            *("crps", "crps_ewma", "crps_naive", "qlike", "inside_80", "inside_95"),
        ),
        "Reject": ("ts", "reason", "symbol", "partition", "offset", "row", "payload", "detail"),
        "Request": ("id", "source", "kind", "symbols", "interval", "start", "end"),
        "": ("timestamp", "key", "value"),
    }
)
"""What the table shows of each record; "" is a message of a topic that isn't ours."""


@click.command()
@click.argument("topic")
@click.option("--symbol", help="Only of this symbol.")
@click.option("--interval", help="Only of this interval: 1s, 1m.")
@click.option("--since", metavar="TIME", help="From an age (10m), a time, an offset or `start` on.")
@click.option("--limit", type=click.IntRange(1), help="The newest so many, 10 by default; with --since the first.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("-f", "--follow/--no-follow", default=False, help="Go on with what comes, until Ctrl-C.")
@kafka_options
def tail(
    *,
    topic: str,
    symbol: str | None,
    interval: str | None,
    since: str | None,
    limit: int | None,
    as_json: bool,
    follow: bool,
    broker: str | None,
    app_id: str | None,
) -> None:
    """Show rows of TOPIC: ticks, bars, forming, features, forecasts, scores, rejects, requests, or a full name."""
    from causal_alpha.rows import record_of  # noqa: PLC0415  --help needs no Kafka client

    settings = settings_of(broker=broker, app_id=app_id)
    topic = short_name(settings.app_id, topic)
    record = record_of(topic)
    for name, value in (("symbol", symbol), ("interval", interval)):
        if value is not None and not (record and {name, f"{name}s"} & set(record.__struct_fields__)):
            raise SettingsError(f"--{name}: expected a topic whose rows have one, was {topic}")
    printer = Printer(record.__name__ if record else "", as_json=as_json)
    try:
        asyncio.run(_tail(settings, printer, topic, (symbol, interval), since, limit, follow))
    except BrokenPipeError:  # `head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _tail(
    settings: "Settings",
    show: "Printer",
    topic: str,
    chosen: tuple[str | None, str | None],
    since: str | None,
    limit: int | None,
    follow: bool,
) -> None:
    from causal_alpha.rows import Rows  # noqa: PLC0415
    from causal_alpha.scan import partition_counts  # noqa: PLC0415

    with stop_by_signals():
        name = topic_name(settings.app_id, topic)
        partitions = (await partition_counts(settings.broker, [name]))[name]
        rows = Rows(
            broker=settings.broker, topic=topic, name=name, partitions=partitions, symbol=chosen[0], interval=chosen[1]
        )
        if since is not None:
            begin = read_since(since, time.time_ns())
        else:
            newest, begin = await rows.newest(limit or _NEWEST, Searching())
            for row in newest:
                show(row)
            if not follow:
                return
            limit = None
        async with aclosing(rows.read(begin, follow=follow)) as found:
            async for row in found:
                show(row)
                if limit is not None and show.rows >= limit:
                    return


class Searching:
    """Says on stderr every two seconds how far back has been looked for rows."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._due = clock, clock() + _PATIENCE

    def __call__(self, progress: "Progress") -> None:
        if self._clock() < self._due:
            return
        self._due = self._clock() + _PATIENCE
        looked, total, oldest, found = progress
        back = iso(oldest * MILLISECOND)
        click.echo(f"looked at {looked:,} of {total:,} messages, back to {back}, rows so far: {found}", err=True)


class Printer:
    """Writes rows to stdout. Beside a table, what can't be read goes to stderr."""

    def __init__(self, record: str, *, as_json: bool) -> None:
        self.rows = 0
        self._columns, self._json = _COLUMNS[record], as_json
        self._table: Table | None = None

    def __call__(self, row: "Row") -> None:
        message = row.message
        if row.record is not None:
            said = json_row(row.record)
        else:
            said = {"timestamp": iso(message.timestamp * MILLISECOND)}
            said |= payload("key", message.key or b"") | payload("value", message.value or b"")
        if self._json:
            said |= {"error": row.error} if row.error else {}
            click.echo(json_line(said | {"kafka_partition": message.partition, "kafka_offset": message.offset}))
        elif row.error:
            click.echo(f"partition {message.partition}, offset {message.offset}: {row.error}", err=True)
        else:
            self._print(said)
        self.rows += 1

    def _print(self, said: Mapping[str, object]) -> None:
        if self._table is None:
            self._table = Table(self._columns, [_WIDTHS.get(name, 8) for name in self._columns])
            click.echo(self._table.head())
        click.echo(self._table.line([said.get(name) for name in self._columns]))
