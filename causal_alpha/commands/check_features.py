"""`causal-alpha check-features MODULE`: the shipped check on features of one's own."""

import sys

import click

from causal_alpha.checks import check_feature
from causal_alpha.errors import FeatureError
from causal_alpha.features import Feature, FeatureSet, MarketFeature
from causal_alpha.references import load_module


@click.command("check-features")
@click.argument("module")
def check_features(module: str) -> None:
    """Check every Feature, MarketFeature and FeatureSet of MODULE, in this folder or installed.

    Prints a line for each: that it is fine, or what it broke. Exit status 1 if one is wrong.
    """
    found = {
        name: value
        for name, value in vars(load_module(module)).items()
        if isinstance(value, Feature | MarketFeature | FeatureSet)
    }
    if not found:
        raise FeatureError(f"{module}: expected a Feature, MarketFeature or FeatureSet at its top level, was none")
    wrong = 0
    for name, value in found.items():
        try:
            check_feature(value)
            click.echo(f"ok     {name}: {_describe(value)}")
        except AssertionError as error:
            click.echo(f"WRONG  {name}: {error}")
            wrong += 1
    sys.exit(1 if wrong else 0)


def _describe(value: Feature | MarketFeature | FeatureSet) -> str:
    match value:
        case Feature():
            return f"{value.name}, lookback {value.lookback}"
        case MarketFeature():
            return f"{value.name}, of {value.of} over the universe"
    return f"{', '.join(value.names)}; lookback {value.lookback}, hash {value.hash}"
