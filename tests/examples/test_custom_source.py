from pathlib import Path

import pytest

from causal_alpha.checks import check_source
from causal_alpha.errors import SourceError
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Tick
from examples.custom_source import ROWS, JsonLines
from tests.examples.feed import T0, lines, ticks


async def rows(source: JsonLines) -> list[Tick]:
    return [tick async for frame in source.frames() for tick in frame.rows()]


async def test_custom_source_passes_the_check_of_sources(tmp_path: Path) -> None:
    file = tmp_path / "ticks.jsonl"
    file.write_text(lines())
    await check_source(JsonLines(file))


async def test_custom_source_yields_every_line_in_order(tmp_path: Path) -> None:
    file = tmp_path / "ticks.jsonl"
    file.write_text(lines() * 5)
    found = await rows(JsonLines(file))
    assert len(found) == 1_200 > ROWS
    assert [(tick.symbol, tick.ts // MILLISECOND, tick.price) for tick in found] == [
        (tick["symbol"], tick["ts"], tick["price"]) for tick in ticks() * 5
    ]
    assert [tick.id for tick in found] == list(range(1_200))
    assert {tick.source for tick in found} == {"jsonl:ticks.jsonl"}


async def test_custom_source_says_how_far_it_is(tmp_path: Path) -> None:
    file = tmp_path / "ticks.jsonl"
    file.write_text(lines())
    beats = [int(frame.meta["heartbeat"]) async for frame in JsonLines(file).frames()]
    assert beats == [(T0 + 119_000) * MILLISECOND]


@pytest.mark.parametrize("line", ["{", '{"symbol": "A"}', '{"symbol": "A", "ts": "soon", "price": 1, "size": 1}'])
async def test_custom_source_names_the_line_it_cannot_read(tmp_path: Path, line: str) -> None:
    file = tmp_path / "ticks.jsonl"
    file.write_text('{"symbol": "A", "ts": 1, "price": 1, "size": 1}\n' + line)
    with pytest.raises(SourceError, match=r"ticks\.jsonl, line 2: expected a tick, was"):
        await rows(JsonLines(file))
