"""The documents are true: what they show is run or compared with what is there."""

import doctest
import importlib
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from causal_alpha.cli import COMMANDS, cli
from causal_alpha.commands.up import SOURCES, up
from causal_alpha.features import DEFAULT
from causal_alpha.intake import Reader
from causal_alpha.settings import Settings
from causal_alpha.sources.layout import PRICES, find_layout
from tests.conftest import ROOT
from tests.docs.blocks import FILES, blocks, links, shell_lines, table

DOCS = ROOT / "docs"


def make_variables() -> set[str]:
    """What `make run VARIABLE=…` passes on, and what the Makefile itself takes."""
    own = re.findall(r"^([A-Z]+) \?=", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    return {str(option.envvar) for option in up.params if option.envvar} | set(own)


def check_make(words: list[str]) -> None:
    target, *assignments = words
    assert re.search(rf"^{target}:.*##", (ROOT / "Makefile").read_text(), flags=re.MULTILINE), f"no target {target}"
    given = dict(assignment.split("=", 1) for assignment in assignments)
    assert given.keys() <= make_variables()
    assert given.get("SOURCE", "none") in SOURCES


def check_ours(words: list[str], folder: Path) -> None:
    """Parse as click does. Files that a document names are made first."""
    for word in words:
        if re.fullmatch(r"rec|\w+\.(csv|parquet)", word):
            (folder / word).touch()
    command: click.Command = cli
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(click.Context(command), name)
        assert found is not None, f"no command {name}"
        command = found
    command.make_context(command.name, words)


def check_line(line: str, folder: Path) -> None:
    """Raise for a line of shell that can't run as it stands."""
    words = shlex.split(line.replace("$(date -u +%FT%TZ)", "2026-01-31T14:30:00Z"))
    if words[0] == "export":
        words = [*words[1:], "true"]
    while re.match(r"[A-Z_]+=", words[0]):
        name = words.pop(0).partition("=")[0]
        assert name.removeprefix("CAUSAL_ALPHA_").lower() in Settings.model_fields, name
    match words:
        case ["true"] | ["curl", *_] | ["source", ".venv/bin/activate"]:  # those of curl run in test_readme
            return
        case ["make", *rest]:
            check_make(rest)
        case ["causal-alpha", *rest]:
            check_ours(rest, folder)
        case _:
            assert words == ["faust", "-A", "causal_alpha", "worker"]


@pytest.mark.parametrize(("file", "line"), shell_lines())
def test_shell_line_of_documents_can_run(file: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    check_line(line, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "make walk",
        "make run SAUCE=replay",
        "make run SOURCE=bloomberg",
        "causal-alpha fly",
        "causal-alpha source replay missing.json",
        "causal-alpha up --sauce none",
        "CAUSAL_ALPHA_BROKERS=a faust -A causal_alpha worker",
        "faust -A agents worker",
    ],
)
def test_shell_line_that_cannot_run_is_found(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, click.ClickException)):
        check_line(line, tmp_path)


def test_documents_name_every_source_and_command() -> None:
    lines = [line for _, line in shell_lines()]
    for name in set(SOURCES) - {"simulator"}:
        assert any(f"SOURCE={name}" in line for line in lines), name
    text = "".join(file.read_text() for file in FILES)
    assert {name for name in COMMANDS if name != "fetch" and f"causal-alpha {name}" not in text} == {"worker"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_sessions_in_document_give_what_it_shows(file: Path) -> None:
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for number, block in enumerate(blocks(file, "python")):
        runner.run(parser.get_doctest(block, {}, f"{file.name}, block {number}", str(file), 0))
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_of_document_lead_somewhere(file: Path) -> None:
    own = [link.partition("#")[0] for link in links(file) if not re.match(r"https?:|#", link)]
    assert [link for link in own if not (file.parent / link).exists()] == []


def test_readme_shows_the_example_agent_as_it_is() -> None:
    [block] = [block for block in blocks(ROOT / "README.md", "python") if "app.agent" in block]
    example = (ROOT / "examples" / "custom_agent.py").read_text()
    assert example.endswith(f'"""\n\n{block}')


def test_settings_document_is_the_class() -> None:
    expected = [
        [f"`CAUSAL_ALPHA_{name.upper()}`", _as_text(field.default), field.description or ""]
        for name, field in Settings.model_fields.items()
    ]
    text = "\n".join(f"| {' | '.join(row)} |" for row in expected)
    assert table(DOCS / "settings.md", "variable") == expected, f"paste this into docs/settings.md:\n{text}"


def _as_text(default: object) -> str:
    """As it is written in the environment; nothing for None and an empty text."""
    text = ",".join(default) if isinstance(default, tuple) else default
    return "" if text in {None, ""} else f"`{text}`"


def test_features_document_is_the_default_set() -> None:
    own = [[f"`{feature.name}`", str(feature.lookback)] for feature in DEFAULT.features]
    market = [[f"`{feature.name}`", f"of `{feature.of}`, over the universe"] for feature in DEFAULT.market]
    rows = table(DOCS / "features.md", "feature")
    assert [row[:2] for row in rows] == own + market
    assert all(unit and says for _, _, unit, says, _ in rows)


BAD_TICKS = [
    b"{",
    b'{"symbol": "A", "ts": 1}',
    b'{"symbol": "A", "ts": 1, "price": 1, "size": 1, "colour": 1}',
    b'{"symbol": "A", "ts": 1, "price": NaN, "size": 1}',
    b'{"symbol": "A", "ts": 1, "price": -1, "size": 1}',
    b'{"symbol": "A", "ts": 1, "price": 1e12, "size": 1}',
    b'{"symbol": "A", "ts": 60000, "price": 1, "size": 1}',
]


def test_bars_document_lists_the_reasons_of_rejects() -> None:
    reader = Reader(topic="ticks", partition=0, tolerance=0)
    messages = [SimpleNamespace(offset=i, timestamp=1_000, value=value) for i, value in enumerate(BAD_TICKS)]
    reasons = [reject.reason for reject in sorted(reader.read(messages).rejects, key=lambda reject: reject.offset)]
    assert [row[0].strip("`") for row in table(DOCS / "bars.md", "reason")] == [*reasons, "late"]


def test_replay_document_lists_the_names_that_are_found() -> None:
    rows = {field: cell.split(", ") for field, cell in table(DOCS / "replay.md", "field") if field != "the rest"}
    for time in rows["time"]:
        for symbol in rows["symbol"]:
            bars = find_layout([symbol, time, *PRICES], {})
            assert (bars.kind, bars.columns["symbol"], bars.columns["start"]) == ("bars", symbol, time)
    for size in rows["size"]:
        for name in rows["id"]:
            ticks = find_layout(["symbol", "ts", "price", size, name, "bid", "ask", "kind"], {})
            assert (ticks.kind, ticks.columns["size"], ticks.columns["id"]) == ("ticks", size, name)


def test_recipes_have_at_most_eight_steps() -> None:
    recipes = re.findall(r"^## Add an? (\w+)\n(.*?)(?=^## |\Z)", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    assert [noun for noun, _ in recipes] == ["agent", "feature", "model", "source", "sink"]
    assert max(len(re.findall(r"^\d\. ", steps, re.M)) for _, steps in recipes) <= 8


def test_contributing_names_files_and_functions_that_exist() -> None:
    words = re.findall(r"`([^`\s<>…]+)`", (ROOT / "CONTRIBUTING.md").read_text())
    files = [word for word in words if "/" in word and not (ROOT / word).exists()]
    assert [file for file in files if not (ROOT / "causal_alpha" / file).exists()] == []
    for word in words:
        if word.startswith("causal_alpha."):
            module, _, name = word.rpartition(".")
            assert hasattr(importlib.import_module(module), name), word
