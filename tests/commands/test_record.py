import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner

from causal_alpha.cli import cli
from causal_alpha.errors import CausalAlphaError
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.recording import Recording
from causal_alpha.records import Tick
from tests.consumer import Consumer, Stamped

T0 = 1_700_000_000 * SECOND
STAMP = 1_700_000_000_000


@contextmanager
def command(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`causal-alpha …`, killed at the end if it still runs."""
    argv = [sys.executable, "-m", "causal_alpha", *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: str) -> str:
    """What `causal-alpha …`, in this process, says on stderr."""
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return done.stderr


def frame(n: int) -> bytes:
    return Frame.of(Tick, [Tick(symbol="A", ts=T0 + n, price=1.5, size=2.0, id=n)]).encode()


async def produce(broker: str, topic: str, first: int, last: int) -> list[bytes]:
    """Frames of one tick, a second apart by their Kafka stamps."""
    values = [frame(n) for n in range(first, last)]
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for n, value in zip(range(first, last), values, strict=True):
            await producer.send_and_wait(topic, value=value, key=b"A", timestamp_ms=STAMP + 1_000 * n)
    return values


def recorded(path: Path, topic: str = "ticks") -> list[bytes | None]:
    return [message.value for message in Recording(path).messages(topic)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def wait_for(check: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"expected {check} within {seconds} s"
        time.sleep(0.1)


@pytest.mark.services
def test_record_keeps_what_was_there_between_two_times(kafka: str, app_id: str, tmp_path: Path) -> None:
    values = asyncio.run(produce(kafka, f"{app_id}.ticks", 0, 10))
    where = ("--broker", kafka, "--app-id", app_id)
    since, until = "2023-11-14T22:13:23Z", "2023-11-14T22:13:27Z"

    whole = run("record", "ticks", "--out", str(tmp_path / "all.parquet"), "--since", "start", "--until", "now", *where)
    run("record", "ticks", "--out", str(tmp_path / "some"), "--since", since, "--until", until, *where)
    run("record", "ticks", "--out", str(tmp_path / "for"), "--since", since, "--for", "4s", *where)
    run("record", "ticks", "--out", str(tmp_path / "none"), "--until", "now", *where)

    assert whole == f"10 messages of ticks in {tmp_path}/all.parquet\n"
    assert recorded(tmp_path / "all.parquet") == values
    assert pd.read_parquet(tmp_path / "all.parquet")["id"].tolist() == list(range(10))
    assert recorded(tmp_path / "some") == recorded(tmp_path / "for") == values[3:7]
    assert recorded(tmp_path / "none") == []
    assert names(tmp_path) == ["all.parquet", "for", "none", "some"]


@pytest.mark.services
def test_record_until_a_time_leaves_out_what_a_fast_clock_stamped_and_no_more(
    kafka: str, app_id: str, tmp_path: Path
) -> None:
    values = [
        value
        for n in (0, 3000, 1, 5, 2)  # seconds
        for value in asyncio.run(produce(kafka, f"{app_id}.ticks", n, n + 1))
    ]
    since, where = "2023-11-14T22:13:20Z", ("--broker", kafka, "--app-id", app_id)

    run("record", "ticks", "--out", str(tmp_path / "rec"), "--since", since, "--for", "3s", *where)

    assert recorded(tmp_path / "rec") == [values[0], values[2], values[4]]


@pytest.mark.services
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_record_stopped_or_killed_leaves_what_it_wrote(
    kafka: str, app_id: str, tmp_path: Path, number: signal.Signals
) -> None:
    values = asyncio.run(produce(kafka, f"{app_id}.ticks", 0, 3))
    out = tmp_path / "rec.parquet"
    parts = tmp_path / "rec.parquet.parts"
    options = ("--since", "start", "--part", "1s", "--broker", kafka, "--app-id", app_id)
    with command("record", "ticks", "--out", str(out), *options) as process:
        wait_for(lambda: any(parts.glob("ticks/part-*")))
        values += asyncio.run(produce(kafka, f"{app_id}.ticks", 3, 5))
        wait_for(lambda: len(list(parts.glob("ticks/part-*"))) == 2)
        process.send_signal(number)
        process.communicate(timeout=30)

    stopped = number == signal.SIGTERM
    assert process.returncode == (0 if stopped else -signal.SIGKILL)
    assert out.exists() == stopped
    assert recorded(out if stopped else parts) == values


@pytest.mark.services
def test_record_and_replay_move_several_topics(kafka: str, app_id: str, tmp_path: Path) -> None:
    values = asyncio.run(produce(kafka, f"{app_id}.ticks", 0, 5))
    alerts = asyncio.run(produce(kafka, f"{app_id}.alerts", 0, 2))
    where = ("--broker", kafka, "--app-id", app_id)
    there = ("--broker", kafka, "--app-id", f"{app_id}-b")
    span = ("--since", "start", "--until", "now")

    run("record", "ticks", f"{app_id}.alerts", "--out", str(tmp_path / "a"), *span, *where)
    said = run("source", "replay", str(tmp_path / "a"), "--speed", "0", *there)
    run("record", "ticks", "--out", str(tmp_path / "b"), *span, *there)

    assert said == "recorded:a ended after 5 messages\n"
    assert recorded(tmp_path / "a", f"{app_id}.alerts") == alerts
    assert recorded(tmp_path / "b") == values
    first, second = (list(Recording(tmp_path / name).messages("ticks")) for name in "ab")
    assert first == second


@pytest.mark.services
def test_replay_refuses_other_partitions_than_were_recorded(kafka: str, app_id: str, tmp_path: Path) -> None:
    asyncio.run(produce(kafka, f"{app_id}.ticks", 0, 2))
    where = ("--broker", kafka, "--app-id", app_id)
    run("record", "ticks", "--out", str(tmp_path / "a"), "--since", "start", "--until", "now", *where)
    partitions = Recording(tmp_path / "a").topics["ticks"].partitions

    with pytest.raises(CausalAlphaError, match=f"^partitions: expected {partitions}, as the ticks were recorded, was "):
        run("source", "replay", str(tmp_path / "a"), "--partitions", str(partitions + 1), *where)


@pytest.mark.parametrize("topic", ["scores", "app.scores"])
def test_record_takes_our_topics_by_short_and_by_full_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, topic: str
) -> None:
    async def counts(_broker: str, topics: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(topics, 1)

    log = Consumer({0: [Stamped(0, 0, STAMP, b"{", topic="app.scores")]})
    monkeypatch.setattr("causal_alpha.scan.AIOKafkaConsumer", log)
    monkeypatch.setattr("causal_alpha.scan.partition_counts", counts)

    run("record", topic, "--out", str(tmp_path), "--since", "start", "--until", "2023-11-15", "--app-id", "app")

    assert recorded(tmp_path, "scores") == [b"{"]
    assert "crps" in pd.read_parquet(tmp_path / "scores").columns


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ticks", "--out", "x", "--since", "soon"), "--since: expected an age such as 10m or a time"),
        (("ticks", "--out", "x", "--for", "long"), "--for: expected a length such as 90s"),
        (("ticks", "--out", "x", "--since", "start", "--for", "1h"), "--for: expected --since to be a time"),
        (("ticks", "--out", "x", "--until", "now", "--for", "1h"), "--until, --for: expected one of them, was both"),
        (("ticks", "bars", "--out", "x.parquet"), "--out: expected a folder for 2 topics"),
        (("ticks", "--out", "taken"), "--out: expected a new file or an empty folder, was taken"),
        (("ticks", "--out", "x", "--broker", "127.0.0.1:9"), "expected Kafka at 127.0.0.1:9, was KafkaConnectionError"),
    ],
)
def test_record_refuses_what_it_can_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CausalAlphaError) as caught:
        run("record", *arguments)

    assert str(caught.value).startswith(message)
    assert names(tmp_path) == ["taken"]
