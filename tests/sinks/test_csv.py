"""CsvSink: each row once, over restarts, torn lines and other writers."""

import asyncio
import csv
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.records import Bar
from causal_alpha.sinks.checks import check_sink
from causal_alpha.sinks.csv import CsvSink


def bar(n: int, symbol: str = "A", revision: int = 0, close: float = 1.5) -> Bar:
    return Bar(
        symbol=symbol,
        interval="1s",
        start=n * SECOND,
        open=1,
        high=2,
        low=1,
        close=close,
        volume=1,
        vwap=1.5,
        trades=1,
        revision=revision,
    )


def frame(*bars: Bar) -> Frame[Bar]:
    return Frame.of(Bar, bars)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.csv")}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


async def test_csv_passes_the_sink_check(tmp_path: Path) -> None:
    await check_sink(CsvSink(tmp_path))

    first = snapshot(tmp_path)
    await check_sink(CsvSink(tmp_path))  # another process that replays the same log

    assert snapshot(tmp_path) == first
    assert set(first) == {
        "bars/1m/2019-02-13.csv",
        "bars/1s/2019-02-13.csv",
        "features/1m/2019-02-13.csv",
        "forecasts/1m/2019-02-13.csv",
        "rejects/2019-02-13.csv",
        "scores/1m/2019-02-13.csv",
    }
    minute = rows(tmp_path / "bars/1m/2019-02-13.csv")
    assert [(row["start"][:10], row["revision"], row["high"]) for row in minute if row["symbol"] == "AAPL"] == [
        ("1550068920", "0", "333333333333.3333"),
        ("1550068980", "0", "333333333333.3333"),
        ("1550069040", "0", "333333333333.3333"),
        ("1550069100", "0", "333333333333.3333"),
        ("1550069100", "2", "99.0"),
    ]


async def test_csv_puts_each_day_into_its_own_file(tmp_path: Path) -> None:
    last, first = DAY // SECOND - 1, DAY // SECOND

    await CsvSink(tmp_path).write([frame(bar(last), bar(first))])

    assert [row["start"] for row in rows(tmp_path / "bars/1s/1970-01-01.csv")] == [str(last * SECOND)]
    assert [row["start"] for row in rows(tmp_path / "bars/1s/1970-01-02.csv")] == [str(first * SECOND)]


@given(cut=st.integers(0, 400), n=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
async def test_csv_repairs_a_file_torn_at_any_byte(tmp_path_factory: pytest.TempPathFactory, cut: int, n: int) -> None:
    folder = tmp_path_factory.mktemp("torn")
    log = frame(*(bar(k, symbol='say "λ",') for k in range(n)))
    await CsvSink(folder).write([log])
    whole = snapshot(folder)
    (path,) = folder.rglob("*.csv")
    path.write_bytes(path.read_bytes()[:-cut] if cut else path.read_bytes())

    await CsvSink(folder).write([log])

    assert snapshot(folder) == whole


WRITER = """
import asyncio, sys
from pathlib import Path
from tests.sinks.test_csv import bar, frame
from causal_alpha.sinks.csv import CsvSink

async def main():
    sink = CsvSink(Path(sys.argv[1]))
    for n in range(0, 80_000, 40):
        await sink.write([frame(*(bar(k, symbol="x" * 500) for k in range(n, n + 40)))])

asyncio.run(main())
"""


async def test_csv_has_each_row_once_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "bars/1s/1970-01-01.csv"
    size = 0
    for _ in range(3):
        command = (sys.executable, "-c", WRITER, str(tmp_path))
        writer = await asyncio.create_subprocess_exec(*command, cwd=Path(__file__).parents[2])
        async with asyncio.timeout(60):
            while not path.exists() or path.stat().st_size < size + 200_000:  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.01)
        writer.kill()
        await writer.wait()
        size = path.stat().st_size
    n = len(rows(path)) + 40

    await CsvSink(tmp_path).write([frame(*(bar(k, symbol="x" * 500) for k in range(n)))])

    assert [int(row["start"]) for row in rows(path)] == [k * SECOND for k in range(n)]


async def test_csv_notices_what_another_process_wrote(tmp_path: Path) -> None:
    ours, theirs = CsvSink(tmp_path), CsvSink(tmp_path)

    await ours.write([frame(bar(0))])
    await theirs.write([frame(bar(0), bar(1))])
    await ours.write([frame(bar(1), bar(2))])

    assert [row["start"] for row in rows(tmp_path / "bars/1s/1970-01-01.csv")] == [str(k * SECOND) for k in range(3)]


async def test_csv_keeps_a_row_on_one_line_and_floats_to_the_last_digit(tmp_path: Path) -> None:
    odd = bar(0, symbol='a\n"b",c', close=0.1 + 0.2)

    await CsvSink(tmp_path).write([frame(odd)])
    await CsvSink(tmp_path).write([frame(odd)])

    (row,) = rows(tmp_path / "bars/1s/1970-01-01.csv")
    assert row["symbol"] == 'a\\n"b",c'
    assert float(row["close"]) == 0.1 + 0.2
    assert list(row) == list(Bar.__struct_fields__)


async def test_csv_drops_lower_revisions_and_forming_bars(tmp_path: Path) -> None:
    sink = CsvSink(tmp_path)

    await sink.write([frame(bar(0, revision=1), bar(0), msgspec.structs.replace(bar(1), state="forming"))])

    assert [row["revision"] for row in rows(tmp_path / "bars/1s/1970-01-01.csv")] == ["1"]


async def test_csv_says_what_it_expected_when_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "bars").write_text("a file where a folder must be")

    with pytest.raises(SinkError, match="expected a folder to write to"):
        await CsvSink(tmp_path).write([frame(bar(0))])


async def test_csv_writes_again_what_a_full_disk_refused(tmp_path: Path) -> None:
    path = tmp_path / "bars/1s/1970-01-01.csv"
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    sink = CsvSink(tmp_path)
    with pytest.raises(SinkError, match="No space left"):
        await sink.write([frame(bar(0))])

    path.unlink()
    await sink.write([frame(bar(0), bar(1))])

    assert [row["start"] for row in rows(path)] == ["0", str(SECOND)]


async def test_csv_refuses_a_file_that_is_not_its_own(tmp_path: Path) -> None:
    path = tmp_path / "bars/1s/1970-01-01.csv"
    path.parent.mkdir(parents=True)
    path.write_text("date,price\n1970-01-01,3")

    with pytest.raises(SinkError, match="expected rows of this sink"):
        await CsvSink(tmp_path).write([frame(bar(0))])

    assert path.read_text() == "date,price\n1970-01-01,3"
