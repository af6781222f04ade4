"""The same bars as a Faust user writes them: one event a tick, records, JSON, a table.

It is meant to be good Faust, to keep the comparison fair: one table write a tick for both intervals, no
windowed tables (slower), memory store, a producer linger against tiny requests. What it leaves out is
what the transform does on top: checks of the values, order within a lateness, rejects, forming bars.
"""

import os
from typing import Any

import faust

from benchmarks.meter import measure

LENGTHS = {"1s": 1_000, "1m": 60_000}
"""Bar lengths in ms."""


class Tick(faust.Record, serializer="json"):  # type: ignore[misc, call-arg]
    symbol: str
    ts: int
    price: float
    size: float
    id: int


class Bar(faust.Record, serializer="json"):  # type: ignore[misc, call-arg]
    symbol: str
    interval: str
    start: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    turnover: float
    vwap: float
    trades: int
    last_id: int


name = os.environ.get("CAUSAL_ALPHA_APP_ID", "benchmark-faust")
app = faust.App(
    name,
    broker=f"kafka://{os.environ.get('CAUSAL_ALPHA_BROKER', '127.0.0.1:9092')}",
    env={},
    store="memory://",
    topic_partitions=1,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    broker_max_poll_records=1_000,
    broker_session_timeout=10.0,
    producer_linger=0.02,
    stream_wait_empty=False,
    worker_redirect_stdouts=False,
)
ticks_topic = app.topic(
    f"{name}.ticks", value_type=Tick, key_type=str, key_serializer="raw", internal=True, partitions=1
)
bars_topic = app.topic(f"{name}.bars", value_type=Bar, key_type=str, key_serializer="raw", internal=True, partitions=1)
open_bars = app.Table("open-bars", default=dict, partitions=1)


@app.agent(ticks_topic)  # type: ignore[untyped-decorator]
async def make_bars(ticks: Any) -> None:
    async for tick in ticks:
        bars = open_bars[tick.symbol]
        for interval, length in LENGTHS.items():
            start = tick.ts - tick.ts % length
            bar = bars.get(interval)
            if bar is not None and tick.id <= bar.last_id:
                continue  # seen before
            if bar is None or bar.start < start:
                if bar is not None:
                    await bars_topic.send(key=tick.symbol, value=bar)
                bars[interval] = first_of(tick, interval, start)
            else:
                add(bar, tick)
        open_bars[tick.symbol] = bars


def first_of(tick: Tick, interval: str, start: int) -> Bar:
    return Bar(
        symbol=tick.symbol,
        interval=interval,
        start=start,
        open=tick.price,
        high=tick.price,
        low=tick.price,
        close=tick.price,
        volume=tick.size,
        turnover=tick.price * tick.size,
        vwap=tick.price,
        trades=1,
        last_id=tick.id,
    )


def add(bar: Bar, tick: Tick) -> None:
    price, size = tick.price, tick.size
    bar.high = max(bar.high, price)
    bar.low = min(bar.low, price)
    bar.close = price
    bar.volume += size
    bar.turnover += price * size
    bar.vwap = bar.turnover / bar.volume
    bar.trades += 1
    bar.last_id = tick.id


@app.task  # type: ignore[untyped-decorator]
async def report() -> None:
    await measure(lambda: app.monitor.events_total)
