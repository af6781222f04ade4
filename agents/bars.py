"""Transform: ticks become bars, unusable ticks become rejects."""

import asyncio
import time
from typing import Any

from causal_alpha import app
from causal_alpha.bars import BarState, Rules
from causal_alpha.checkpoints import Checkpoints
from causal_alpha.frames import Frame
from causal_alpha.outlet import Outlet
from causal_alpha.records import Bar
from causal_alpha.transform import Transform

FORMING_EVERY = 0.01

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

moved = asyncio.Event()
forming_here: Outlet[Frame[Bar]] = Outlet()
"""For the hub of this worker; the others follow the topic."""


@app.agent(app.ticks)
async def make_bars(stream: Any) -> None:
    async for event in stream.noack().events():
        partition = event.message.partition
        held = checkpoints.hold(partition)
        bars, rejects = transform.run(held.state, partition, event.value.after(held.offset))
        moved.set()
        sent = []
        for interval, frame in bars.items():
            for part in frame.parts(last="watermark"):
                sent.append(await app.bars.send(key=app.key(interval), value=part))
        for bad in rejects.parts() if len(rejects) else ():
            sent.append(await app.rejects.send(key=b"%d" % partition, value=bad))
        await checkpoints.advance(held, stream, event, sent)


@app.task
async def show_forming_bars() -> None:
    """Bars still open, soon after they change, at most one row a symbol and 10 ms: all that a clock paces."""
    while not app.should_stop:
        await moved.wait()
        moved.clear()
        for partition, state in checkpoints.items():
            bars = transform.forming(state, partition)
            if len(bars):
                forming_here.put(bars)
                for part in bars.parts():
                    await app.forming.send(key=settings.instance_id.encode(), value=part)
        await asyncio.sleep(FORMING_EVERY)


@app.on_partitions_revoked.connect
async def forget(*_: Any, **__: Any) -> None:
    checkpoints.forget()
