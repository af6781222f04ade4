"""Ledger: forecasts wait for their truth and are scored, each once."""

import time
from typing import Any

from causal_alpha import app
from causal_alpha.checkpoints import Checkpoints
from causal_alpha.ledger import Ledger, check_forecasts
from causal_alpha.refusal import admitted

SNAPSHOT_EVERY = 5.0

checkpoints = Checkpoints(
    app.open_forecasts,
    new=Ledger,
    dump=Ledger.dump,
    load=Ledger.load,
    every=SNAPSHOT_EVERY,
    clock=time.monotonic,
)
app.remembers(app.forecasts, app.open_forecasts)


@app.agent(app.forecasts)
async def score_forecasts(stream: Any) -> None:
    async for event in stream.noack().events():
        held = checkpoints.hold(event.message.partition)
        sent = []
        if event.message.offset > held.offset:
            key, refused = admitted(event, check_forecasts)
            if not refused:
                scores = held.state.push(key, event.value)
                for part in scores.parts() if len(scores) else ():
                    sent.append(await app.scores.send(key=event.key, value=part))
            for bad in refused:
                sent.append(await app.rejects.send(key=event.message.topic.encode(), value=bad))
        await checkpoints.advance(held, stream, event, sent)


@app.on_partitions_revoked.connect
async def forget(*_: Any, **__: Any) -> None:
    checkpoints.forget()
