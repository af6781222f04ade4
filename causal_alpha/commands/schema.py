"""`causal-alpha schema`: the hub's types for clients."""

import click

from causal_alpha.hub.schema import components
from causal_alpha.hub.typescript import typescript


@click.command()
def schema() -> None:
    """Print the hub's messages and answers as TypeScript.

    A hub serves the same as OpenAPI and AsyncAPI: /api/v1/openapi.json and /api/v1/asyncapi.json.
    """
    click.echo(typescript(components()), nl=False)
