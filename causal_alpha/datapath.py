"""The data path as the agents' package declares it: a table in its docstring, read without importing it."""

import ast
import importlib.machinery
import re
import sys
from pathlib import Path
from typing import NamedTuple


class Step(NamedTuple):
    """A function of the path. `reads` is "" for what runs by a clock."""

    name: str
    reads: str
    writes: tuple[str, ...]


def read_path(package: str, folder: Path) -> tuple[Step, ...]:
    """The steps of an agents' package, from `folder` or wherever Python finds it; none where it has no table."""
    spec = importlib.machinery.PathFinder.find_spec(package, [str(folder), *sys.path])
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return ()
    return parse_path(ast.get_docstring(ast.parse(Path(spec.origin).read_text())) or "")


def parse_path(docstring: str) -> tuple[Step, ...]:
    """The rows of a table with the columns function, reads, writes and table.

    >>> parse_path('''
    ... ==============  =====  =============  ===========
    ... function        reads  writes         table
    ... ==============  =====  =============  ===========
    ... bars.make_bars  ticks  bars, rejects  open-bars
    ... ==============  =====  =============  ===========
    ... ''')
    (Step(name='bars.make_bars', reads='ticks', writes=('bars', 'rejects')),)
    """
    parts = re.split(r"^=+(?:  +=+)+$", docstring, flags=re.MULTILINE)
    if len(parts) < 4:
        return ()
    rows = [re.split(r"\s{2,}", line.strip()) for line in parts[2].strip().splitlines()]
    return tuple(
        Step(row[0], "" if row[1] == "-" else row[1], () if row[2] == "-" else tuple(row[2].split(", ")))
        for row in rows
        if len(row) >= 3
    )
