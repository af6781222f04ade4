"""Transform: ticks become bars, unusable ticks become rejects."""

import asyncio
import time
from collections import defaultdict
from typing import Any

from causal_alpha import app
from causal_alpha.bars import BarState, Rules
from causal_alpha.checkpoints import Checkpoints
from causal_alpha.conflation import newest
from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND
from causal_alpha.outlet import Outlet
from causal_alpha.pace import Pace
from causal_alpha.records import Bar
from causal_alpha.transform import Transform

SHOWN_EVERY, SENT_EVERY = 0.005, 0.05
"""Seconds between two looks at the open bars, for the hub here and for all others."""

settings = app.settings
rules = Rules.of(
    settings.intervals,
    lateness=settings.lateness,
    correction=settings.correction,
    feed_timeout=settings.feed_timeout,
    quiet_bars=settings.quiet_bars,
)
checkpoints = Checkpoints(
    app.open_bars,
    new=lambda: BarState.new(rules, app.hours),
    dump=BarState.dump,
    load=lambda tree: BarState.load(tree, rules, app.hours),
    every=settings.snapshot_every,
    clock=time.monotonic,
)
app.remembers(app.ticks, app.open_bars)
transform = Transform(
    topic=app.ticks.get_topic_name(),
    partitions=settings.partitions,
    tolerance=settings.future_tolerance,
)

forming_here: Outlet[Frame[Bar]] = Outlet()
"""For the hub of this worker; the others follow the topic."""
appended: defaultdict[int, int] = defaultdict(int)
"""When Kafka got the newest message that is in a partition's bars, in ns."""
unsent: defaultdict[int, list[Frame[Bar]]] = defaultdict(list)


def show_forming_bars() -> None:
    """Open bars that have changed: to the hub here now, to all others with the next `send_forming_bars`."""
    for partition, state in checkpoints.items():
        bars = transform.forming(state, partition, appended[partition])
        if len(bars):
            forming_here.put(bars)
            unsent[partition].append(bars)


shows = Pace(show_forming_bars, rest=lambda: SHOWN_EVERY)


@app.agent(app.ticks)
async def make_bars(stream: Any) -> None:
    async for event in stream.noack().events():
        partition = event.message.partition
        held = checkpoints.hold(partition)
        bars, rejects = transform.run(held.state, partition, event.value.after(held.offset))
        appended[partition] = round(event.message.timestamp * SECOND)
        shows.want()
        sent = []
        for interval, frame in bars.items():
            for part in frame.parts(last="watermark"):
                sent.append(await app.bars.send(key=app.key(interval), value=part))
        for bad in rejects.parts() if len(rejects) else ():
            sent.append(await app.rejects.send(key=b"%d" % partition, value=bad))
        await checkpoints.advance(held, stream, event, sent)


@app.task
async def send_forming_bars() -> None:
    while not app.should_stop:
        await asyncio.sleep(SENT_EVERY)
        while unsent:
            _, frames = unsent.popitem()
            for part in newest(frames).parts():
                await app.forming.send(key=settings.instance_id.encode(), value=part)


@app.on_partitions_revoked.connect
async def forget(*_: Any, **__: Any) -> None:
    checkpoints.forget()
