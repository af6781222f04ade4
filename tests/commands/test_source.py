import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.liveness import read_signs
from causal_alpha.records import Bar, Tick

CSV = "symbol,ts_ms,price,size\nA,1719835200000,1.5,2\nB,1719835200500,2.5,3\nA,1719835201000,1.6,4\n"


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`causal-alpha source …`, killed at the end if it still runs."""
    argv = [sys.executable, "-m", "causal_alpha", "source", *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def values(broker: str, topic: str, n: int) -> list[bytes]:
    """The first `n` values of a topic."""
    found: list[bytes] = []
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
        while len(found) < n:
            found.append((await consumer.getone()).value)
    return found


@pytest.mark.services
async def test_source_replays_a_file_and_ends(kafka: str, app_id: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    with command("replay", str(tmp_path / "t.csv"), "--speed", "0", "--broker", kafka, "--app-id", app_id) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == f"publishing replay:t.csv to {app_id}.ticks on {kafka}\n"
    assert "replay:t.csv ended after 3 rows" in err
    frames = [Frame.decode(Tick, value) for value in await values(kafka, f"{app_id}.ticks", 3)]
    assert [len(frame) for frame in frames] == [3, 0, 0]
    newest = 1_719_835_201 * SECOND
    assert frames[1].meta == {"heartbeat": str(newest), "source": "replay:t.csv"}
    assert frames[2].meta == {"heartbeat": str(newest + 60 * SECOND)}  # closes the longest bars, of a minute


@pytest.mark.services
async def test_source_tells_the_gaps_of_a_numbered_file(kafka: str, app_id: str, tmp_path: Path) -> None:
    rows = "id,symbol,ts_ms,price,size\n1,A,1719835200000,1.5,2\n2,A,1719835200500,2.5,3\n5,A,1719835201000,1.6,4\n"
    (tmp_path / "t.csv").write_text(rows)
    options = ("--numbered", "--speed", "0", "--broker", kafka, "--app-id", app_id)
    with command("replay", str(tmp_path / "t.csv"), *options) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    first, second, *_ = [Frame.decode(Tick, value) for value in await values(kafka, f"{app_id}.ticks", 2)]
    (gap,) = read_signs(first.meta, 0)
    assert (gap.source, gap.start // SECOND, len(second)) == ("replay:t.csv", 1_719_835_200, 3)  # type: ignore[union-attr]


@pytest.mark.services
@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
async def test_source_simulates_the_present_until_it_is_stopped(
    kafka: str, app_id: str, signal_number: signal.Signals
) -> None:
    arguments = ("--symbols", "3", "--rate", "100", "--history", "50", "--broker", kafka, "--app-id", app_id)
    with command("simulator", *arguments) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"publishing simulator:7 to {app_id}.ticks on {kafka}\n"
        now = time.time_ns()
        bars = [Frame.decode(Bar, value) for value in await values(kafka, f"{app_id}.bars", 2)]
        ticks = [Frame.decode(Tick, value) for value in await values(kafka, f"{app_id}.ticks", 100)]
        process.send_signal(signal_number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert err == "simulator:7 stopped\n"
    assert {bar.quality for frame in bars for bar in frame.rows()} <= {"ok", "no_trade"}
    assert [frame.meta["closed"] for frame in bars] == ["1", "1"]
    newest = max(int(frame.ints("ts").max()) for frame in ticks if len(frame))
    assert abs(newest - now) < 10 * SECOND
    assert {symbol for frame in ticks for symbol in frame.labels("symbol").tolist()} == {
        "SIM:ALFA",
        "SIM:BRAVO",
        "SIM:CHARLIE",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("replay", "absent.csv"), "does not exist"),
        (("simulator", "--start", "2019-01-01"), "simulator: expected a start from"),
        (("simulator", "--rate", "-1"), "expected a seed >= 0, distinct symbols and 0 < rate"),
        (("simulator", "--partitions", "0"), "CAUSAL_ALPHA_PARTITIONS"),
        (("yahoo",), "Missing option '--symbols'"),
    ],
)
def test_source_refuses_what_it_can_not_run_in_one_line(arguments: tuple[str, ...], message: str) -> None:
    with command(*arguments) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert message in err
    assert "Traceback" not in err


def test_source_refuses_a_file_without_the_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with command("replay", str(tmp_path / "t.csv")) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "t.csv: columns: expected symbol, ts, price, size of ticks" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("line", ["--stream", "--poll"])
def test_source_yahoo_refuses_calendars_that_are_none(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setenv("CAUSAL_ALPHA_CALENDARS", "A=")
    with command("yahoo", "--symbols", "A", line) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "calendars: expected PATTERN=NAME,... such as SIM*=24/7,*=auto, was 'A='" in err
    assert len(err.splitlines()) == 1


def test_source_help_imports_neither_kafka_nor_yahoo() -> None:
    code = "import sys, causal_alpha.commands.source; sys.exit(any(m in sys.modules for m in ('aiokafka', 'yfinance')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ).returncode == 0
