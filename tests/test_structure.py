"""The structure stays what it is meant to be: light import, small modules, no clock in the stages, names that resolve.

Who may import whom is in the import contracts of `setup.cfg`, which `make check` enforces.
"""

import ast
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import causal_alpha
from tests.conftest import ROOT

PACKAGE = ROOT / "causal_alpha"
MODULES = {
    str(file.relative_to(ROOT)): file.read_text()
    for folder in (PACKAGE, ROOT / "agents", ROOT / "examples")
    for file in sorted(folder.rglob("*.py"))
}
STAGES = (
    *("records", "frames", "intervals", "calendar", "ticks", "intake", "keys", "ids", "sums", "book", "bars"),
    *("transform", "streamtime", "crosssection", "features", "windows", "universe", "models", "forecasts"),
    *("asking", "calibration", "calibrator", "inference", "ledger", "lineup", "rejects", "scores", "scoring"),
    *("series", "vectors"),
)
"""Modules of the stages: they get time as an argument."""
CLOCKS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "random": {"random"},
}


class Imported(NamedTuple):
    """What importing did in an interpreter of its own."""

    took: float
    modules: set[str]
    threads: int
    sockets: int
    errors: str


def import_afresh(statements: str) -> Imported:
    """`statements` import what is to be looked at."""
    code = f"""
import json, sys, time
before, began = set(sys.modules), time.perf_counter()
{statements}
took, modules = time.perf_counter() - began, sorted(set(sys.modules) - before)
import psutil
me = psutil.Process()
print(json.dumps([took, modules, me.num_threads(), len(me.net_connections("all"))]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    took, modules, threads, sockets = json.loads(done.stdout)
    return Imported(took, set(modules), threads, sockets, done.stderr)


def test_import_starts_nothing_and_loads_nothing() -> None:
    said = import_afresh("import causal_alpha")
    assert (said.threads, said.sockets, said.errors) == (1, 0, "")
    assert {name for name in said.modules if name.startswith("causal_alpha.")} == set()
    heavy = {"aiokafka", "fastapi", "faust", "motor", "numpy", "pandas", "pyarrow", "pydantic", "tensorflow"}
    assert heavy.isdisjoint(name.partition(".")[0] for name in said.modules)


def test_import_takes_at_most_300_ms() -> None:
    assert min(import_afresh("import causal_alpha").took for _ in range(3)) <= 0.3


def test_import_of_every_module_opens_no_connection_and_needs_no_deep_learning() -> None:
    names = [name.removesuffix(".py").replace("/", ".") for name in MODULES if name.startswith("causal_alpha/")]
    names = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    said = import_afresh(f"import importlib\nfor name in {names}: importlib.import_module(name)")
    assert set(names) <= said.modules
    assert said.sockets == 0
    assert {"tensorflow", "keras", "mlflow"}.isdisjoint(said.modules)


def test_public_names_resolve() -> None:
    for name in set(causal_alpha.__all__) - {"app"}:  # which is made from a worker's environment
        assert getattr(causal_alpha, name).__name__ == name
    assert set(causal_alpha.__all__) <= set(dir(causal_alpha))
    assert len(set(causal_alpha.__all__)) == len(causal_alpha.__all__)


def test_public_name_that_is_none_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'nothing'"):
        causal_alpha.nothing  # noqa: B018


def test_modules_are_small() -> None:
    lines = {name: len(text.splitlines()) for name, text in MODULES.items()}
    assert {name: n for name, n in lines.items() if n > 400} == {}
    assert statistics.median(lines.values()) <= 120


def test_modules_have_names_that_say_something() -> None:
    vague = {"utils", "util", "helpers", "common", "manager", "core", "misc"}
    assert {name for name in MODULES if Path(name).stem in vague} == set()


def test_stages_read_no_clock() -> None:
    starts = tuple(f"causal_alpha/{stage}{end}" for stage in STAGES for end in (".py", "/"))
    stages = {name: text for name, text in MODULES.items() if name.startswith(starts)}
    assert len(stages) >= len(STAGES)
    read = {name: list(clocks(ast.parse(text))) for name, text in stages.items()}
    assert {name: places for name, places in read.items() if places} == {}


def clocks(tree: ast.AST) -> Iterator[str]:
    """Where code reads a clock, or makes random numbers without a seed."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                if name in CLOCKS.get(owner, ()):
                    yield f"{owner}.{name}, line {node.lineno}"
            case ast.ImportFrom(module=str(owner), names=aliases):
                for alias in aliases:
                    if alias.name in CLOCKS.get(owner, ()):
                        yield f"{owner}.{alias.name}, line {node.lineno}"
            case ast.Call(func=ast.Attribute(attr="default_rng"), args=[]):
                yield f"default_rng(), line {node.lineno}"


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.time()",
        "from time import monotonic",
        "from datetime import datetime\nlater = datetime.now",
        "import datetime\ndatetime.datetime.utcnow()",
        "import numpy as np\nnp.random.default_rng()",
        "import numpy as np\nnp.random.random()",
    ],
)
def test_clock_in_code_is_found(code: str) -> None:
    assert list(clocks(ast.parse(code)))


def test_modules_and_classes_say_what_they_are() -> None:
    silent = {name: list(undocumented(ast.parse(text))) for name, text in MODULES.items() if text}
    assert {name: what for name, what in silent.items() if what} == {}


def undocumented(tree: ast.Module) -> Iterator[str]:
    """The module, and public classes of more than a few lines, without a docstring."""
    if not ast.get_docstring(tree):
        yield "the module"
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            brief = (node.end_lineno or 0) - node.lineno <= 3
            if not brief and not ast.get_docstring(node):
                yield node.name


def test_undocumented_class_is_found() -> None:
    assert list(undocumented(ast.parse("class Bars:\n    a: int\n    b: int\n    c: int\n    d: int"))) == [
        "the module",
        "Bars",
    ]
