"""Inference: feature vectors become forecasts."""

from typing import Any

from causal_alpha import app
from causal_alpha.forecasts import forecast
from causal_alpha.models.ewma import Ewma

model = Ewma()


@app.agent(app.features)
async def make_forecasts(stream: Any) -> None:
    async for event in stream.noack().events():
        said = forecast(model, event.value, app.hours)
        for part in said.parts() if len(said) else ():
            await app.forecasts.send(key=event.key, value=part)
        await stream.ack(event)
