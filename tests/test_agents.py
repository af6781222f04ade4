"""The table in `agents/__init__.py` is what the agents' code says: who reads, sends and remembers what."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest

from causal_alpha.assembly import FOLLOWED
from tests.conftest import ROOT

AGENTS = ROOT / "agents"
OUTSIDE = {"requests"}
"""Topics that only others than agents write."""


class Row(NamedTuple):
    """A line of the table. Reads "-": it runs by a clock."""

    function: str
    reads: str
    writes: tuple[str, ...]
    table: str


def declared(docstring: str) -> list[Row]:
    """The rows between the second and the third rule of the table."""
    body = re.split(r"^=+(?:  =+)+$", docstring, flags=re.MULTILINE)[2]
    rows = [re.split(r"\s{2,}", line) for line in body.strip().splitlines()]
    return [
        Row(function, reads, tuple(writes.split(", ")) if writes != "-" else (), table)
        for function, reads, writes, table in rows
    ]


def written(module: str, source: str) -> Iterator[Row]:
    """What the functions of an agents' file do. Raises AssertionError for code that can't be told."""
    tree = ast.parse(source)
    tables = dict(_checkpoints(tree))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("agents."):
            other = (AGENTS / f"{node.module.removeprefix('agents.')}.py").read_text()
            tables |= dict(_checkpoints(ast.parse(other)))
    for node in tree.body:
        if isinstance(node, ast.AsyncFunctionDef):
            reads = _reads(node)
            writes = tuple(dict.fromkeys(_sends(node)))
            names = {leaf.id for leaf in ast.walk(node) if isinstance(leaf, ast.Name)}
            table = next((tables[name] for name in names if name in tables), "-")
            by_a_clock = table != "-" and [ast.unparse(line) for line in node.decorator_list] == ["app.task"]
            if reads or writes or by_a_clock:
                yield Row(f"{module}.{node.name}", reads or "-", writes, table)


def _checkpoints(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Name → table of every `name = Checkpoints(app.some_table, …)`."""
    for node in tree.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="Checkpoints"), args=[ast.Attribute(attr=table), *_]),
            ):
                yield name, table.replace("_", "-")


def _reads(function: ast.AsyncFunctionDef) -> str:
    """The topic of its `@app.agent(app.topic)` or of its `app.follow(app.topic, …)`, "" for neither."""
    for decorator in function.decorator_list:
        match decorator:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="app"), attr="agent"), args=args, keywords=keywords):
                assert "sink" not in {keyword.arg for keyword in keywords}, "sink=[…] loses the key: send yourself"
                match args:
                    case [ast.Attribute(value=ast.Name(id="app"), attr=topic)]:
                        return topic
                raise AssertionError(f"{function.name}: expected @app.agent(app.<topic>)")
    for node in ast.walk(function):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="app"), attr="follow"),
                args=[ast.Attribute(value=ast.Name(id="app"), attr=topic), *_],
            ):
                return topic
    return ""


def _sends(function: ast.AsyncFunctionDef) -> Iterator[str]:
    """The topics of its `app.topic.send(…)`; any other way to send is an error."""
    for node in sorted(ast.walk(function), key=lambda node: getattr(node, "lineno", 0)):
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id="app"), attr=topic), attr="send"):
                yield topic
            case ast.Attribute(attr="send" | "send_soon" | "cast" | "ask") | ast.Yield():
                raise AssertionError(f"{function.name}: expected to send by app.<topic>.send(key=, value=)")


def sources() -> Mapping[str, str]:
    """The files of agents in the order in which `agents/__init__.py` imports them."""
    for node in ast.parse((AGENTS / "__init__.py").read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.module == "agents":
            return {name.name: (AGENTS / f"{name.name}.py").read_text() for name in node.names}
    raise AssertionError("expected `from agents import …` in agents/__init__.py")


def found(files: Mapping[str, str]) -> list[Row]:
    return [row for module, source in files.items() for row in written(module, source)]


def table() -> list[Row]:
    return declared(ast.get_docstring(ast.parse((AGENTS / "__init__.py").read_text())) or "")


def test_table_of_agents_is_what_the_code_does() -> None:
    assert table() == found(sources())


def test_agents_all_are_imported() -> None:
    assert set(sources()) == {file.stem for file in AGENTS.glob("*.py")} - {"__init__"}


def test_agents_read_what_agents_before_them_write() -> None:
    """The order of the table is that of the data: nothing flows back."""
    known = set(OUTSIDE)
    for module in sources():
        rows = [row for row in table() if row.function.startswith(f"{module}.")]
        assert {row.reads for row in rows} - {"-"} <= known, module
        known |= {topic for row in rows for topic in row.writes}


def test_table_of_agents_fits_one_screen() -> None:
    lines = (AGENTS / "__init__.py").read_text().splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 120


@pytest.mark.parametrize("module", sources())
def test_functions_of_agents_are_short(module: str) -> None:
    for node in ast.walk(ast.parse(sources()[module])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 40, node.name


@pytest.mark.parametrize(
    "row", [row for row in table() if row.reads != "-" and row.writes], ids=lambda row: row.function
)
def test_agents_that_send_ack_an_event_once_it_is_done(row: Row) -> None:
    """Faust would ack it as well when an error or a stop breaks it off, and it would never come again."""
    module, _, name = row.function.partition(".")
    functions = [node for node in ast.walk(ast.parse(sources()[module])) if isinstance(node, ast.AsyncFunctionDef)]
    [text] = [ast.unparse(function) for function in functions if function.name == name]
    assert "stream.noack().events()" in text
    assert re.search(r"await (stream\.ack\(event\)|checkpoints\.advance\(held, stream, event, sent\))$", text)


CHANGES = {
    "a send is gone": ("forecasts", "await app.forecasts.send(key=event.key, value=part)", "None"),
    "a send goes elsewhere": ("features", "app.features.send", "app.rejects.send"),
    "another topic is read": ("archive", "@app.agent(app.features)", "@app.agent(app.bars)"),
    "another table is used": ("features", "app.recent_bars", "app.open_bars"),
    "an agent is gone": ("broadcast", "@app.agent(app.rejects)", ""),
}


@pytest.mark.parametrize("change", CHANGES)
def test_table_of_agents_differs_when(change: str) -> None:
    module, old, new = CHANGES[change]
    files = dict(sources())
    assert old in files[module]
    files[module] = files[module].replace(old, new)
    assert table() != found(files)


@pytest.mark.parametrize(
    "code",
    [
        "@app.agent(app.bars, sink=[app.features])\nasync def f(stream): ...",
        "@app.agent(app.bars)\nasync def f(stream):\n    topic = app.features\n    await topic.send(value=1)",
        "@app.agent(app.bars)\nasync def f(stream):\n    async for bar in stream:\n        yield bar",
        "@app.agent('bars')\nasync def f(stream): ...",
    ],
)
def test_agents_that_hide_where_they_send_are_refused(code: str) -> None:
    with pytest.raises(AssertionError):
        list(written("f", code))


def test_table_of_agents_is_a_path_of_topics_that_exist() -> None:
    names = set(re.findall(r"self\.(\w+) = self\._topic\(", (ROOT / "causal_alpha" / "topology.py").read_text()))
    used = {row.reads for row in table()} | {topic for row in table() for topic in row.writes}
    assert used - {"-"} == names


def test_topics_that_are_followed_are_known_to_the_pipeline_page() -> None:
    followed = {topic for source in sources().values() for topic in re.findall(r"app\.follow\(app\.(\w+)", source)}
    assert followed == set(FOLLOWED)
