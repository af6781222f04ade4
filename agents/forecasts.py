"""Inference: feature vectors become forecasts by the models that the registry's aliases name."""

import asyncio
import logging
import time
from functools import partial
from typing import Any

from causal_alpha import app
from causal_alpha.checkpoints import Checkpoints
from causal_alpha.inference import Inference, check_features
from causal_alpha.models.inputs import VOLATILITY
from causal_alpha.references import load_served_set
from causal_alpha.refusal import admitted
from causal_alpha.registry import Registry
from causal_alpha.serving import Serving

SNAPSHOT_EVERY = 15.0

settings = app.settings
hashes = frozenset({load_served_set(settings.feature_set).hash, VOLATILITY.hash})
checkpoints = Checkpoints(
    app.calibration,
    new=lambda: Inference(hashes),
    dump=Inference.dump,
    load=lambda tree: Inference.load(tree, hashes),
    every=SNAPSHOT_EVERY,
    clock=time.monotonic,
)
check = partial(check_features, hashes=hashes)
app.remembers(app.features, app.calibration, again=False)  # today's models must not speak of yesterday
serving = Serving(
    Registry(settings.mlflow_url) if settings.mlflow_url else None,
    settings.cache.expanduser() / "models",
    settings.serve,
)
first_look = asyncio.Event()
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every look


@app.agent(app.features)
async def make_forecasts(stream: Any) -> None:
    await first_look.wait()  # so that a restart forecasts by the models that were there before
    async for event in stream.noack().events():
        held = checkpoints.hold(event.message.partition)
        sent = []
        if event.message.offset > held.offset:
            key, refused = admitted(event, check)
            if not refused:
                push, lineup = held.state.push, serving.lineup
                said = await asyncio.to_thread(push, key, event.value, lineup, app.hours)
                for part in said.parts(last="closes") if said.meta else ():
                    sent.append(await app.forecasts.send(key=event.key, value=part))
            for bad in refused:
                sent.append(await app.rejects.send(key=event.message.topic.encode(), value=bad))
        await checkpoints.advance(held, stream, event, sent)


@app.task
async def follow_registry() -> None:
    while not app.should_stop:
        await asyncio.to_thread(serving.poll)
        first_look.set()
        await app.sleep(settings.model_poll)


@app.on_partitions_revoked.connect
async def forget(*_: Any, **__: Any) -> None:
    checkpoints.forget()
