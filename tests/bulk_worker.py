"""A worker for `test_bulk`: reads a topic with the stock or the batching consumer and prints what it got.

Arguments: stock|batch, broker, app id, topic, partitions, records to read before it stops (the last event
stays unacked then), or 0 to read until nothing has come for two seconds.
"""

import asyncio
import json
import sys
from typing import Any

import faust
from faust.contrib.asgi import faust_app_running

from causal_alpha.bulk import BatchApp, PassThrough

SETTINGS: dict[str, Any] = {
    "store": "memory://",
    "env": {},
    "topic_disable_leader": True,
    "consumer_auto_offset_reset": "earliest",
    "broker_commit_interval": 0.2,
    "broker_max_poll_records": 300,
    "stream_wait_empty": False,
    "web_enabled": False,
    "broker_session_timeout": 6.0,
    "broker_heartbeat_interval": 1.0,
}


async def read(kind: str, broker: str, app_id: str, topic: str, partitions: int, wanted: int) -> None:
    url = f"kafka://{broker}"
    app: Any
    if kind == "stock":
        app = faust.App(app_id, broker=url, **SETTINGS)
        source = app.topic(topic, key_type=bytes, value_type=bytes, value_serializer="raw", partitions=partitions)
    else:
        app = BatchApp(app_id, broker=url, bulk_topics=frozenset({topic}), consumer_linger=0.01, **SETTINGS)
        source = app.topic(
            topic, key_type=bytes, value_type=bytes, value_serializer=PassThrough(), partitions=partitions
        )
    got: list[tuple[int, int, str, int]] = []
    done = asyncio.Event()

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def collect(stream: Any) -> None:
        async for event in stream.events():
            records = event.value if kind == "batch" else [event.message]
            got.extend((event.message.partition, r.offset, r.value.decode()) for r in records)
            if wanted and len(got) >= wanted:
                done.set()
                await asyncio.sleep(3600)

    async with faust_app_running(app, stop_timeout=20):
        async with asyncio.timeout(60):
            before = -1
            while not (done.is_set() or (got and len(got) == before)):
                before = len(got)
                await asyncio.sleep(2.0)
        await app.consumer.commit()
    json.dump(got, sys.stdout)


if __name__ == "__main__":
    kind, broker, app_id, topic, partitions, wanted = sys.argv[1:]
    asyncio.run(read(kind, broker, app_id, topic, int(partitions), int(wanted)))
