import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from click.testing import CliRunner

from causal_alpha.commands.tail import Searching
from causal_alpha.commands.tail import tail as tail_command
from causal_alpha.errors import CausalAlphaError
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import SECOND
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject, Request, Score, Tick
from causal_alpha.rows import Progress
from tests.consumer import Consumer, Stamped

T0 = 1_700_000_000 * SECOND


@contextmanager
def command(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """`causal-alpha tail …`, killed at the end if it still runs."""
    argv = [sys.executable, "-m", "causal_alpha", "tail", *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def tail(*arguments: str) -> tuple[list[str], str]:
    """The lines that the command prints, and what it says on stderr; in this process, which is quicker."""
    answer = CliRunner().invoke(tail_command, arguments, catch_exceptions=False)
    assert answer.exit_code == 0
    return answer.stdout.splitlines(), answer.stderr


def rows(*arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tail(*arguments, "--json")[0]]


async def produce(broker: str, topic: str, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
        for value in values:
            await producer.send_and_wait(topic, value=value, key=b"k")


def tick(n: int, **changes: Any) -> Tick:
    return Tick(**{"symbol": f"S{n % 2}", "ts": T0 + n, "price": 0.1 + 0.2, "size": 1.0, "id": n, **changes})


@pytest.fixture
def ticks(kafka: str, app_id: str) -> tuple[str, ...]:
    """Twelve ticks in frames and JSON, heartbeats and something unreadable; the options that lead there."""
    frames = [Frame.of(Tick, [tick(n), tick(n + 1)]).encode() for n in range(0, 10, 2)]
    single = [b'{"symbol": "S0", "ts": 1700000000500, "price": 5, "size": 6}', b'{"symbol": "S1", "ts": 1, "price": 5']
    values = (*frames, heartbeat(T0).encode(), *single, heartbeat(T0).encode())
    asyncio.run(produce(kafka, f"{app_id}.ticks", *values))
    return ("ticks", "--broker", kafka, "--app-id", app_id)


@pytest.mark.services
def test_tail_shows_the_newest_rows_as_a_table(ticks: tuple[str, ...]) -> None:
    lines, err = tail(*ticks, "--limit", "3")

    assert lines[0].split() == ["ts", "symbol", "price", "size", "bid", "ask", "id", "source"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["2023-11-14T22:13:20.000000009Z", "S1", "0.3", "1"],
        ["2023-11-14T22:13:20.500Z", "S0", "5", "6"],
    ]
    assert lines[2].split()[4:] == ["-", "-", "-", "foreign"]
    assert re.fullmatch(r"partition 0, offset 7: expected one JSON tick, was .*\n", err)


@pytest.mark.services
def test_tail_gives_rows_as_json_by_symbol_and_place(ticks: tuple[str, ...]) -> None:
    mine = rows(*ticks, "--symbol", "S1", "--since", "start", "--limit", "2")
    from_offset = rows(*ticks, "--since", "4")

    assert mine[0] == {
        **{"symbol": "S1", "ts": "2023-11-14T22:13:20.000000001Z", "price": 0.1 + 0.2, "size": 1.0, "id": 1},
        **{"bid": None, "ask": None, "bid_size": None, "ask_size": None, "source": "foreign"},
        **{"kafka_partition": 0, "kafka_offset": 0},
    }
    assert [row["id"] for row in mine] == [1, 3]
    assert [row.get("id") for row in from_offset] == [8, 9, None, None]
    assert from_offset[-1]["value"] == '{"symbol": "S1", "ts": 1, "price": 5'
    assert "expected one JSON tick" in from_offset[-1]["error"]


@pytest.mark.services
def test_tail_looks_back_past_messages_without_rows(kafka: str, app_id: str) -> None:
    beats = [heartbeat(T0 + n).encode() for n in range(150)]
    asyncio.run(produce(kafka, f"{app_id}.ticks", Frame.of(Tick, [tick(3)]).encode(), *beats))

    assert [row["id"] for row in rows("ticks", "--broker", kafka, "--app-id", app_id)] == [3]


RECORDS = {
    "bars": Bar(symbol="A", interval="1s", start=T0, open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=2),
    "forming": Bar(symbol="A", interval="1s", start=T0, open=1, high=2, low=1, close=2, volume=3, vwap=1.5, trades=2),
    "features": Features(symbol="A", interval="1s", start=T0, close=2.0, values=(1.0, 0.5), feature_set="f"),
    "rejects": Reject(topic="t", partition=1, offset=2, row=3, ts=T0, reason="r", detail="d", payload=b"\x00\xff"),
    "forecasts": Forecast(
        symbol="A", interval="1s", start=T0, made=T0, horizon=1, due=T0 + SECOND, price=2.0, location=0.0,
        variance=1e-6, quantiles=LEVELS, family="ewma", version="1", feature_set="f",
    ),
    "scores": Score(
        symbol="A", interval="1s", start=T0, made=T0, horizon=1, due=T0 + SECOND, family="ewma", version="1", price=2.0,
        truth=2.5, ret=0.2, crps=0.1, crps_naive=0.2, crps_ewma=0.1, qlike=1.0, inside_80=1.0, inside_95=1.0,
        winkler_80=0.3, scored=T0 + 2 * SECOND,
    ),
    "requests": Request(id="7", source="yahoo", kind="quotes", symbols=("A", "B")),
}  # fmt: skip


@pytest.mark.services
def test_tail_knows_every_topic(kafka: str, app_id: str) -> None:
    for topic, row in RECORDS.items():
        own = json.dumps({"id": "7", "source": "yahoo", "kind": "quotes", "symbols": ["A", "B"]}).encode()
        value = own if isinstance(row, Request) else Frame.of(type(row), [row]).encode()
        asyncio.run(produce(kafka, f"{app_id}.{topic}", value))
    asyncio.run(produce(kafka, f"{app_id}.alerts", b"hello\nworld", b"\xff"))
    where = ("--broker", kafka, "--app-id", app_id)

    for topic in RECORDS:
        head, line = tail(topic, *where)[0]
        assert head.split()
        assert line.strip()
    assert rows("rejects", *where)[0] | {"kafka_partition": 0} == {
        **{"topic": "t", "partition": 1, "offset": 2, "row": 3, "ts": "2023-11-14T22:13:20.000Z", "reason": "r"},
        **{"detail": "d", "payload": "AP8=", "payload_encoding": "base64", "symbol": "", "source": "foreign"},
        **{"kafka_partition": 0, "kafka_offset": 0},
    }
    assert rows("features", "--interval", "1s", *where)[0]["values"] == [1.0, 0.5]
    assert rows("bars", "--interval", "1m", *where) == []
    assert rows("requests", "--symbol", "B", *where)[0]["id"] == "7"
    alerts = rows(f"{app_id}.alerts", *where)
    assert [row["value"] for row in alerts] == ["hello\nworld", "/w=="]


@pytest.mark.services
def test_tail_follows_until_it_is_interrupted(ticks: tuple[str, ...], kafka: str, app_id: str) -> None:
    with command(*ticks, "--follow", "--limit", "1", "--json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["kafka_offset"] == 7
        asyncio.run(produce(kafka, f"{app_id}.ticks", Frame.of(Tick, [tick(20), tick(21)]).encode()))
        assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [20, 21]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.services
def test_tail_ends_when_nobody_reads_on(ticks: tuple[str, ...], kafka: str, app_id: str) -> None:
    asyncio.run(produce(kafka, f"{app_id}.ticks", Frame.of(Tick, [tick(n) for n in range(5_000)]).encode()))
    with command(*ticks, "--since", "start") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(30) == 0
    assert "Error" not in err
    assert "Traceback" not in err


@pytest.mark.services
def test_tail_refuses_a_topic_that_is_not_there(kafka: str, app_id: str) -> None:
    with pytest.raises(CausalAlphaError, match=rf"^topic: expected one of .*, was {app_id}\.bars$"):
        tail("bars", "--broker", kafka, "--app-id", app_id)


@pytest.mark.parametrize("topic", sorted(RECORDS.keys() - {"requests"}))
@pytest.mark.parametrize("prefix", ["", "app."])
def test_tail_decodes_a_topic_by_its_short_and_its_full_name(
    monkeypatch: pytest.MonkeyPatch, topic: str, prefix: str
) -> None:
    async def counts(_broker: str, topics: list[str]) -> dict[str, int]:
        return dict.fromkeys(topics, 1)

    row = RECORDS[topic]
    asked = Consumer({0: [Stamped(0, 0, 1, Frame.of(type(row), [row]).encode())]})
    monkeypatch.setattr("causal_alpha.scan.AIOKafkaConsumer", asked)
    monkeypatch.setattr("causal_alpha.scan.partition_counts", counts)

    [found] = rows(f"{prefix}{topic}", "--app-id", "app")

    assert {place.topic for place in asked.places} == {f"app.{topic}"}
    assert found.keys() >= set(row.__struct_fields__)
    if isinstance(row, Score):
        assert (found["crps"], found["scored"]) == (0.1, "2023-11-14T22:13:22.000Z")


def test_tail_says_how_far_back_it_has_looked_when_it_takes_long(capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([0.0, 1.9, 2.0, 2.0, 3.9, 4.1, 4.1])
    say = Searching(clock=lambda: next(seconds))

    for looked in (100, 900, 7_300, 58_500):
        say(Progress(looked, 1_000_000, (T0 - looked * SECOND) // 1_000_000, 1))

    assert capsys.readouterr() == (
        "",
        "looked at 900 of 1,000,000 messages, back to 2023-11-14T21:58:20.000Z, rows so far: 1\n"
        "looked at 58,500 of 1,000,000 messages, back to 2023-11-14T05:58:20.000Z, rows so far: 1\n",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ticks", "--interval", "1s"), "--interval: expected a topic whose rows have one, was ticks"),
        (("own.topic", "--symbol", "A"), "--symbol: expected a topic whose rows have one, was own.topic"),
    ],
)
def test_tail_refuses_what_makes_no_sense(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CausalAlphaError, match=f"^{message}$"):
        tail(*arguments)


def test_tail_says_in_one_line_that_kafka_is_not_there() -> None:
    with command("bars", "--broker", "127.0.0.1:9") as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith("causal-alpha: expected Kafka at 127.0.0.1:9, was KafkaConnectionError")
    assert len(err.splitlines()) == 1


def test_tail_help_needs_no_kafka_client() -> None:
    code = "import sys, causal_alpha.commands.tail; sys.exit(any(m in sys.modules for m in ('aiokafka', 'motor')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
