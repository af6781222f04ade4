"""Ingest: requests become ticks and past bars; partitions gone quiet get heartbeats."""

import time
from collections import defaultdict
from typing import Any

from agents.bars import checkpoints, transform
from causal_alpha import app
from causal_alpha.frames import heartbeat
from causal_alpha.ingest import fetch
from causal_alpha.intervals import NEVER
from causal_alpha.records import Tick
from causal_alpha.sinks.mongo import MongoReader
from causal_alpha.sources.publish import split
from causal_alpha.sources.requests import known_feeds
from causal_alpha.stores import shared_database
from causal_alpha.streamtime import StreamTime
from causal_alpha.universe import EVERY

settings = app.settings
finest = app.key(settings.time_intervals[0])
times: defaultdict[int, StreamTime] = defaultdict(lambda: StreamTime(settings.idle_after, settings.lateness))


@app.agent(app.requests)
async def ingest_ticks(stream: Any) -> None:
    jobs = MongoReader(shared_database(settings.mongo_url, settings.mongo_database))
    feeds = known_feeds()
    async for event in stream.noack().events():  # Faust would ack one that a stop breaks off
        request = event.value
        async for frame in fetch(request, jobs, feeds):
            if frame.record is Tick:
                for partition, part in split(frame, settings.partitions):
                    await app.ticks.send(key=b"", value=part.encode(), partition=partition)
            else:
                interval = EVERY if "actions" in frame.meta else request.interval
                await app.bars.send(key=app.key(interval), value=frame)
        await stream.ack(event)


@app.timer(1.0)
async def move_quiet_partitions() -> None:
    """Stream time goes on where a producer has nothing to say, so that its last bars close."""
    for partition in app.partitions_at_hand(app.ticks):
        state = checkpoints.hold(partition).state
        now = time.monotonic()
        if state.newest == NEVER:
            if times[partition].wants_lead(state.watermark, now):
                await (await app.bars.send(key=finest, value=transform.plea(state, partition)))
        elif (beat := times[partition].beat(state.newest, state.watermark, now)) is not None:
            await (await app.ticks.send(key=b"", value=heartbeat(beat).encode(), partition=partition))
