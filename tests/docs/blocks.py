"""What the documents say: their blocks of code, lines of shell, tables and links."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(file: Path, language: str) -> list[str]:
    """The fenced blocks of a language, without the fences."""
    return re.findall(rf"^```{language}\n(.*?)^```$", file.read_text(), flags=re.MULTILINE | re.DOTALL)


def shell_lines() -> Iterator[tuple[str, str]]:
    """File and line of every command in the documents, without its comment."""
    for file in FILES:
        for block in blocks(file, "sh"):
            for line in block.splitlines():
                yield file.name, re.sub(r"\s+#.*", "", line)


def table(file: Path, head: str) -> list[list[str]]:
    """The cells of the rows of the table whose first heading is `head`."""
    lines = file.read_text().partition(f"\n| {head} |")[2].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def links(file: Path) -> list[str]:
    """Targets of links and pictures."""
    return re.findall(r"\]\(([^)]+)\)", file.read_text())
