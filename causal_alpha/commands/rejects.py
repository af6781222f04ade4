"""`causal-alpha rejects …`: what could not be used and why, and sending it again."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import click

from causal_alpha.commands.display import Table, dump, iso, json_line, json_row
from causal_alpha.commands.options import kafka_options, mongo_options, read_time, settings_of
from causal_alpha.errors import FrameError, SettingsError, SinkError
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Tick
from causal_alpha.redrive import Kept, Mail, Redriver, Redrives, Selection, Verdict
from causal_alpha.settings import Settings
from causal_alpha.sinks.identity import record_id

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


@click.group(name="rejects")
def rejects() -> None:
    """Show rows that could not be used, and send them again."""


def _filters(command: F) -> F:
    """The options that choose rejects."""
    options = (
        click.option("--reason", help="late, future, not_positive, …"),
        click.option("--symbol", help="Of this symbol."),
        click.option("--since", metavar="TIME", help="From this age or time on: 10m, 2026-01-31T14:30Z."),
        click.option("--until", metavar="TIME", help="Before this age or time."),
        click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="The newest so many."),
    )
    for option in reversed(options):
        command = option(command)
    return command


_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@rejects.command(name="list")
@_filters
@_as_json
@mongo_options
def list_(*, as_json: bool, mongo_url: str | None, mongo_database: str | None, **filters: Any) -> None:
    """The newest rejects, newest last."""
    settings = settings_of(mongo_url=mongo_url, mongo_database=mongo_database)
    wanted = _selection(None, **filters)
    found = _ask(settings, lambda store: store.find(wanted))
    table = Table(["id", "ts", "reason", "symbol", "redrive", "detail"], [28, 24, 12])
    if found and not as_json:
        click.echo(table.head())
    for kept in found:
        row = _row(kept)
        cells = [row["id"], row["ts"], row["reason"], row["symbol"], _story(kept), row["detail"]]
        click.echo(json_line(row) if as_json else table.line(cells))


@rejects.command()
@click.argument("reject", metavar="ID")
@click.option("--raw", is_flag=True, help="Nothing but the original bytes.")
@_as_json
@mongo_options
def show(*, reject: str, raw: bool, as_json: bool, mongo_url: str | None, mongo_database: str | None) -> None:
    """One reject with its original bytes, decoded where possible."""
    settings = settings_of(mongo_url=mongo_url, mongo_database=mongo_database)
    found = _ask(settings, lambda store: store.find(Selection(ids=(reject,))))
    if not found:
        raise SettingsError(f"ID: expected that of a reject in {settings.mongo_database}, was {reject!r}")
    [kept] = found
    row, payload = _row(kept), kept.reject.payload
    if raw:
        sys.stdout.buffer.write(payload)
    elif as_json:
        click.echo(json_line(row))
    else:
        for name in ("id", "ts", "reason", "detail", "symbol", "source"):
            click.echo(f"{name:<8} {row[name]}")
        click.echo(f"{'redrive':<8} {_story(kept) or 'never'}")
        click.echo(f"{'payload':<8} {len(payload)} bytes")
        for line in _decoded(payload):
            click.echo(f"  {line}")


@rejects.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_filters
@click.option("--payload", help="Send this JSON tick instead of the original; with one ID.")
@click.option("--force", is_flag=True, help="Also what is late, or sure to be rejected again.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@_as_json
@kafka_options
@mongo_options
def redrive(
    *,
    ids: tuple[str, ...],
    payload: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
    broker: str | None,
    app_id: str | None,
    mongo_url: str | None,
    mongo_database: str | None,
    **filters: Any,
) -> None:
    """Send rejects to the ticks topic again, by ID or by filter; each one once."""
    filtered = any(filters[name] is not None for name in ("reason", "symbol", "since", "until"))
    if bool(ids) == filtered:
        was = "both" if ids else "neither"
        raise SettingsError(f"expected IDs or else --reason, --symbol, --since or --until, was {was}")
    if payload is not None and len(ids) != 1:
        raise SettingsError(f"--payload: expected one ID with it, was {len(ids)}")
    settings = settings_of(broker=broker, app_id=app_id, mongo_url=mongo_url, mongo_database=mongo_database)
    wanted = _selection(ids or None, **filters, fresh=not ids)
    text = payload.encode() if payload is not None else None
    verdicts = _ask(settings, lambda store: _redrive(settings, store, wanted, text, force=force, rehearse=dry_run))
    table = Table(["id", "verdict", "detail"], [28, 11])
    for verdict in verdicts:
        word = verdict.reason or ("would go to" if dry_run else "sent to")
        click.echo(json_line(verdict) if as_json else table.line([verdict.id, word, verdict.to or verdict.detail]))
    sent = sum(verdict.ok for verdict in verdicts)
    click.echo(f"{sent} {'would be sent' if dry_run else 'sent'}, {len(verdicts) - sent} refused", err=True)
    sys.exit(0 if sent or not verdicts else 1)


def _selection(
    ids: tuple[str, ...] | None,
    *,
    reason: str | None,
    symbol: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    fresh: bool = False,
) -> Selection:
    now = time.time_ns()
    return Selection(
        ids=ids,
        reason=reason,
        symbol=symbol,
        start=None if since is None else read_time("--since", since, now),
        end=None if until is None else read_time("--until", until, now),
        limit=limit,
        fresh=fresh,
    )


def _ask(settings: Settings, question: Callable[[Redrives], Awaitable[T]]) -> T:
    """What the archive in MongoDB answers."""
    from causal_alpha.sinks.mongo import mongo_database  # noqa: PLC0415  motor isn't needed for --help
    from causal_alpha.sinks.redrives import MongoRedrives  # noqa: PLC0415

    async def answer() -> T:
        database = mongo_database(settings.mongo_url, settings.mongo_database)
        try:
            return await question(MongoRedrives(database))
        finally:
            database.client.close()

    return asyncio.run(answer())


async def _redrive(
    settings: Settings, store: Redrives, wanted: Selection, payload: bytes | None, *, force: bool, rehearse: bool
) -> list[Verdict]:
    from causal_alpha.scan import partition_counts  # noqa: PLC0415  nor is aiokafka
    from causal_alpha.sources.publish import partition_of  # noqa: PLC0415

    topic = f"{settings.app_id}.ticks"
    partitions = (await partition_counts(settings.broker, [topic]))[topic]
    redriver = Redriver(
        store,
        partial(_post, settings.broker, topic),
        topic=topic,
        place=partial(partition_of, partitions=partitions),
        tolerance=round(settings.future_tolerance * SECOND),
        clock=time.time_ns,
    )
    return await redriver.run(wanted, payload=payload, force=force, rehearse=rehearse)


async def _post(broker: str, topic: str, mails: Sequence[Mail]) -> list[int]:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    try:
        async with AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True) as producer:
            sends = [
                await producer.send(topic, mail.value, mail.key, mail.partition, headers=list(mail.headers))
                for mail in mails
            ]
            return [(await delivered).offset for delivered in sends]
    except KafkaError as error:
        raise SinkError(f"expected Kafka at {broker} to take rows for {topic}, was {error!r}") from error


def _row(kept: Kept) -> dict[str, Any]:
    row = {"id": record_id(kept.reject), **json_row(kept.reject)}
    if kept.redrive is not None:
        row["redrive"] = {"state": kept.redrive.state, "at": iso(kept.redrive.at), "to": kept.redrive.to}
    return row | ({"redrive_of": kept.redrive_of} if kept.redrive_of else {})


def _story(kept: Kept) -> str:
    """Whether and where it was sent again, and of what it is itself a redrive."""
    said = f"{kept.redrive.state} {kept.redrive.to}".rstrip() if kept.redrive else ""
    return ", ".join(filter(None, [said, kept.redrive_of and f"of {kept.redrive_of}"]))


def _decoded(payload: bytes) -> list[str]:
    """The ticks of a frame, else text as text and bytes as a dump."""
    try:
        return [json_line(json_row(tick)) for tick in Frame.decode(Tick, payload).rows()]
    except FrameError:
        return dump(payload)
