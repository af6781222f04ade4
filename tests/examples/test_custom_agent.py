"""The example agent and the example source, together on real services: a file in, alerts out."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from tests.conftest import ROOT, Workers
from tests.examples.feed import T0, lines


async def messages(broker: str, topic: str, n: int) -> list[tuple[bytes, dict[str, Any]]]:
    """The first n messages of a topic, and whatever comes within a second after them."""
    found: list[tuple[bytes, dict[str, Any]]] = []
    async with AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest") as consumer:
        async with asyncio.timeout(60):
            while len(found) < n:
                record = await consumer.getone()
                found.append((record.key, json.loads(record.value)))
        for records in (await consumer.getmany(timeout_ms=1_000)).values():
            found += [(record.key, json.loads(record.value)) for record in records]
    return found


@pytest.mark.services
def test_custom_agent_sends_an_alert_for_every_wide_bar_and_no_other(
    worker: Workers, kafka: str, tmp_path: Path
) -> None:
    file = tmp_path / "ticks.jsonl"
    file.write_text(lines())
    running = worker(agents="agents,examples.custom_agent")

    source = subprocess.run(
        [sys.executable, "-m", "examples.custom_source", str(file)],
        env=os.environ | {"CAUSAL_ALPHA_BROKER": kafka, "CAUSAL_ALPHA_APP_ID": running.app_id},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert source.stdout == "240 ticks published\n"
    alerts = asyncio.run(messages(kafka, f"{running.app_id}.alerts", 1))
    minute = T0 * 1_000_000 + 60_000_000_000
    assert alerts == [(b"WILD", {"symbol": "WILD", "interval": "1m", "start": minute, "spread": 55 / 50 - 1})]
