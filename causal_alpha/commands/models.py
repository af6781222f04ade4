"""`causal-alpha models …`: what is registered, and who is champion."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from causal_alpha.commands.display import Table, iso, json_line
from causal_alpha.commands.options import mongo_options, settings_of
from causal_alpha.errors import SettingsError

if TYPE_CHECKING:
    from causal_alpha.registry import Registry
    from causal_alpha.settings import Settings


@click.group()
def models() -> None:
    """Show registered models; promote one, or go back to the one before."""


_url = click.option("--mlflow-url", help="MLflow server; CAUSAL_ALPHA_MLFLOW_URL if left out.")
_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@models.command(name="list")
@_as_json
@_url
def list_(as_json: bool, mlflow_url: str | None) -> None:
    """All versions of all models, the newest first, and each model's changes of champion."""
    with _registry(settings_of(mlflow_url=mlflow_url)) as registry:
        found = registry.models()
    table = Table(["model", "version", "alias", "until", "metrics"], [16, 7, 10, 12])
    if found and not as_json:
        click.echo(table.head())
    for model in found:
        by_number = {number: alias for alias, number in model.aliases.items()}
        for version in model.versions:
            alias, until = by_number.get(version.number, ""), version.tags.get("until", "")
            if as_json:
                row = {"model": model.name, "version": version.number, "alias": alias, "created": iso(version.created)}
                click.echo(json_line(row | {"tags": dict(version.tags)}))
            else:
                cells = [model.name, str(version.number), alias, until, version.tags.get("metrics", "")]
                click.echo(table.line(cells))
        for change in () if as_json else model.history:
            before = str(change.before or "none")
            click.echo(f"  {iso(change.at)} champion {before} -> {change.after}: {change.why}")


@models.command()
@click.argument("name", required=False)
@click.option("--version", type=click.IntRange(1), help="This one, whatever the scores say; needs NAME.")
@click.option("--reason", default="by an operator", show_default=True, help="Kept in the history.")
@_url
@mongo_options
def promote(
    name: str | None,
    version: int | None,
    reason: str,
    mlflow_url: str | None,
    mongo_url: str | None,
    mongo_database: str | None,
) -> None:
    """Let the challenger of NAME, or of every model, take over if it has earned that by its scores."""
    settings = settings_of(mlflow_url=mlflow_url, mongo_url=mongo_url, mongo_database=mongo_database)
    with _registry(settings) as registry:
        if version is not None:
            if name is None:
                raise SettingsError("--version: expected the NAME of a model with it, was none")
            change = registry.crown(name, version, at=time.time_ns(), why=reason)
            click.echo(f"{name}: champion {change.before or 'none'} -> {change.after}")
            return
        from causal_alpha.promotion import promote as decide  # noqa: PLC0415, not needed for --help
        from causal_alpha.warehouse import read_scores  # noqa: PLC0415

        for model in [registry.need(name)] if name else registry.models():
            family, _, interval = model.name.rpartition("-")
            scores = read_scores(settings.mongo_url, settings.mongo_database, interval, family)
            decision = decide(registry, model.name, scores, at=time.time_ns())
            verdict = f"promoted version {decision.challenger}" if decision.promote else "stays"
            click.echo(f"{model.name}: {verdict}: {decision.why} (e {decision.e:.3g}, {decision.sessions} sessions)")


@models.command()
@click.argument("name")
@_url
def rollback(name: str, mlflow_url: str | None) -> None:
    """Make the champion of NAME before this one the champion again."""
    with _registry(settings_of(mlflow_url=mlflow_url)) as registry:
        number, why = registry.need(name).former()
        change = registry.crown(name, number, at=time.time_ns(), why=why)
    click.echo(f"{name}: champion {change.before} -> {change.after}")


@contextmanager
def _registry(settings: "Settings") -> "Iterator[Registry]":
    if not settings.mlflow_url:
        raise SettingsError("--mlflow-url: expected an MLflow server, or CAUSAL_ALPHA_MLFLOW_URL, was neither")
    from causal_alpha.registry import Registry  # noqa: PLC0415, not needed for --help

    registry = Registry(settings.mlflow_url)
    try:
        yield registry
    finally:
        registry.close()
