"""What well-known symbols are called: `names.csv` beside this file, as Yahoo writes the symbols."""

import csv
from collections.abc import Mapping
from importlib.resources import files


def load_names() -> Mapping[str, str]:
    """Names by symbol.

    >>> load_names()["MSFT"]
    'Microsoft'
    """
    lines = (files(__package__) / "names.csv").read_text(encoding="utf-8").splitlines()
    return {row["symbol"]: row["name"] for row in csv.DictReader(lines)}
