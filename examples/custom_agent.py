"""An agent of your own: says when a bar's range is wide, on a topic of your own.

It runs beside the agents that ship, in the same worker. Where a Kafka and a MongoDB answer::

    CAUSAL_ALPHA_AGENTS=agents,examples.custom_agent faust -A causal_alpha worker
"""

from typing import Any

from causal_alpha import Bar, Frame, app

WIDE = 0.005
"""Half a percent from low to high."""

alerts = app.topic(
    f"{app.settings.app_id}.alerts", key_type=bytes, value_serializer="json", internal=True, partitions=1
)


def spread(bar: Bar) -> float:
    """The bar's range relative to its low, 0 for a bar without a price."""
    return bar.high / bar.low - 1 if bar.low > 0 else 0.0


@app.agent(app.bars)
async def price_alerts(frames: Any) -> None:
    frame: Frame[Bar]
    async for frame in frames:
        for bar in frame.rows():
            if spread(bar) >= WIDE:
                alert = {"symbol": bar.symbol, "interval": bar.interval, "start": bar.start, "spread": spread(bar)}
                await alerts.send(key=bar.symbol.encode(), value=alert)
