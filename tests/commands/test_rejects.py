import asyncio
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from click.testing import CliRunner, Result

from causal_alpha.commands.rejects import rejects as rejects_command
from causal_alpha.errors import CausalAlphaError
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.records import Reject, Tick
from causal_alpha.sinks.mongo import MongoSink, mongo_database
from causal_alpha.sources.publish import Publisher, partition_of
from causal_alpha.ticks import tick_json


def run(*arguments: str, status: int = 0) -> Result:
    """`causal-alpha rejects …`, in this process."""
    done = CliRunner().invoke(rejects_command, arguments, catch_exceptions=False)
    assert done.exit_code == status, done.stderr
    return done


@pytest.fixture
def ids(kafka: str, mongo: str, database: str, app_id: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Rejects in the archive: one early by then, one late, text that is no JSON, bytes, a whole frame. The ticks
    topic has 3 partitions; the settings lead there.
    """
    now = time.time_ns() // 1_000_000 * 1_000_000
    tick = Tick(symbol="AAPL", ts=now - SECOND, price=2.0, size=3.0)
    frame = Frame.of(Tick, [tick]).encode()
    facts: list[dict[str, Any]] = [
        {"reason": "future", "payload": tick_json(tick), "symbol": "AAPL", "ts": tick.ts, "partition": 1},
        {"reason": "late", "payload": tick_json(tick), "symbol": "AAPL", "ts": now - 7200 * SECOND},
        {"reason": "malformed", "payload": b'{"symbol": "AA\npl"'},
        {"reason": "malformed", "payload": bytes(range(250, 256)) * 4},
        {"reason": "schema", "payload": frame},
    ]
    about: dict[str, Any] = {"topic": f"{app_id}.ticks", "partition": 0, "row": 0, "ts": now, "detail": "expected so"}
    rejects = [Reject(**{**about, "offset": n, **fact}) for n, fact in enumerate(facts)]

    async def prepare() -> None:
        opened = mongo_database(mongo, database)
        await MongoSink(opened).write([Frame.of(Reject, rejects)])
        opened.client.close()
        async with Publisher(kafka, app_id=app_id, partitions=3):
            pass

    asyncio.run(prepare())
    settings = {"BROKER": kafka, "APP_ID": app_id, "MONGO_URL": mongo, "MONGO_DATABASE": database}
    for name, value in settings.items():
        monkeypatch.setenv(f"CAUSAL_ALPHA_{name}", value)
    return [f"{app_id}.ticks/{reject.partition}/{reject.offset}/0" for reject in rejects]


def messages(broker: str, topic: str, n: int) -> list[Any]:
    async def read() -> list[Any]:
        async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
            return [await asyncio.wait_for(consumer.getone(), 20) for _ in range(n)]

    return asyncio.run(read())


@pytest.mark.services
def test_rejects_list_and_show(ids: list[str]) -> None:
    table = run("list").stdout.splitlines()
    recent = [json.loads(line)["id"] for line in run("list", "--json", "--since", "1h").stdout.splitlines()]
    late = json.loads(run("list", "--json", "--reason", "late", "--symbol", "AAPL").stdout)
    text, dump, frame = (run("show", name).stdout.splitlines() for name in ids[2:])

    assert table[0].split() == ["id", "ts", "reason", "symbol", "redrive", "detail"]
    assert {line.split()[0] for line in table[1:]} == set(ids)
    assert set(recent) == set(ids) - {ids[1]}
    assert (late["id"], late["reason"], json.loads(late["payload"])["price"]) == (ids[1], "late", 2.0)
    assert text[-2:] == ['  {"symbol": "AA', '  pl"']
    assert dump[-2].startswith("  00000000  fafb fcfd feff ")
    assert json.loads(frame[-1])["symbol"] == "AAPL"
    assert json.loads(run("show", ids[3], "--json").stdout)["payload_encoding"] == "base64"
    assert run("show", ids[3], "--raw").stdout_bytes == bytes(range(250, 256)) * 4


@pytest.mark.services
def test_rejects_redrive_once_what_can_be_used(ids: list[str], kafka: str, app_id: str) -> None:
    trial = run("redrive", "--since", "1d", "--dry-run")
    first = run("redrive", "--since", "1d", "--json")
    second = run("redrive", "--since", "1d", status=1)
    by_id = run("redrive", ids[0], status=1)
    mended = run("redrive", ids[2], "--payload", '{"symbol": "MSFT", "ts": 1700000000000, "price": 1, "size": 1}')

    assert f"{ids[0]} would go to {app_id}.ticks/1" in trial.stdout.splitlines()
    verdicts = {verdict["id"]: verdict for verdict in map(json.loads, first.stdout.splitlines())}
    assert {name for name, verdict in verdicts.items() if verdict["ok"]} == {ids[0], ids[4]}
    assert [verdicts[name]["reason"] for name in ids[1:4]] == ["late", "malformed", "malformed"]
    assert first.stderr == "2 sent, 3 refused\n"
    assert (second.stderr, by_id.stderr) == ("0 sent, 3 refused\n", "0 sent, 1 refused\n")
    assert "redriven" in by_id.stdout
    assert mended.stderr == "1 sent, 0 refused\n"
    found = {dict(message.headers)["redrive-of"].decode(): message for message in messages(kafka, f"{app_id}.ticks", 3)}
    assert found.keys() == {ids[0], ids[2], ids[4]}
    assert (found[ids[0]].partition, found[ids[2]].partition) == (1, partition_of("MSFT", 3))
    [row] = [json.loads(line) for line in run("list", "--json", "--reason", "future").stdout.splitlines()]
    assert (row["redrive"]["state"], row["redrive"]["to"]) == ("sent", f"{app_id}.ticks/1/0")


@pytest.mark.services
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "nobody/0/0/0"), "ID: expected that of a reject in"),
        (("redrive",), "expected IDs or else --reason, --symbol, --since or --until, was neither"),
        (("redrive", "a", "--reason", "late"), "expected IDs or else --reason, --symbol, --since or --until, was both"),
        (("redrive", "a", "b", "--payload", "{}"), "--payload: expected one ID with it, was 2"),
        (("redrive", "a", "--app-id", "nobody"), "topic: expected one of "),
        (("redrive", "a", "--broker", "127.0.0.1:9"), "expected Kafka at 127.0.0.1:9, was KafkaConnectionError"),
        (("list", "--since", "soon"), "--since: expected an age such as 10m or a time such as"),
        (("list", "--mongo-url", "mongodb://127.0.0.1:9"), "expected MongoDB to answer, was"),
    ],
)
def test_rejects_say_what_was_expected(ids: list[str], arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CausalAlphaError) as caught:
        run(*arguments)

    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


def test_rejects_help_needs_no_clients() -> None:
    code = "import sys, causal_alpha.commands.rejects; sys.exit(any(m in sys.modules for m in ('aiokafka', 'motor')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
