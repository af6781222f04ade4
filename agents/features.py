"""Windows: final bars become feature vectors, a whole cross-section at a time."""

import asyncio
import time
from typing import Any

from causal_alpha import app
from causal_alpha.checkpoints import Checkpoints
from causal_alpha.frames import heartbeat
from causal_alpha.references import load_served_set
from causal_alpha.refusal import admitted
from causal_alpha.streamtime import Lead
from causal_alpha.universe import Universe, check_bars

SNAPSHOT_EVERY = 5.0

feature_set = load_served_set(app.settings.feature_set)
width = max(app.settings.window, feature_set.lookback)

checkpoints = Checkpoints(
    app.recent_bars,
    new=lambda: Universe(width),
    dump=Universe.dump,
    load=lambda tree: Universe.load(tree, width),
    every=SNAPSHOT_EVERY,
    clock=time.monotonic,
)
app.remembers(app.bars, app.recent_bars)
lead = Lead()


@app.agent(app.bars)
async def make_features(stream: Any) -> None:
    async for event in stream.noack().events():
        held = checkpoints.hold(event.message.partition)
        sent = []
        if event.message.offset > held.offset:
            key, refused = admitted(event, check_bars)
            if not refused:
                found = held.state.push(key, event.value, feature_set)
                for features in await asyncio.to_thread(list, found):
                    for part in features.parts():
                        sent.append(await app.features.send(key=event.key, value=part))
                beat, behind = held.state.lead(key)
                for partition in lead.of(behind, time.monotonic()):
                    sent.append(await app.ticks.send(key=b"", value=heartbeat(beat).encode(), partition=partition))
            for bad in refused:
                sent.append(await app.rejects.send(key=event.message.topic.encode(), value=bad))
        await checkpoints.advance(held, stream, event, sent)


@app.on_partitions_revoked.connect
async def forget(*_: Any, **__: Any) -> None:
    checkpoints.forget()
