"""One-minute bars as a Faust user writes them: one event a tick, records, JSON, a table.

It is meant to be good Faust, to keep the comparison fair: one table write a tick, no windowed table
(slower, and it hands out no closed window with its key), memory store with its changelog, a producer
linger against tiny requests.
"""

import os
from typing import Any

import faust

from benchmarks.meter import watch

LENGTH, LATENESS = 60_000, 5_000
"""In ms."""


class Tick(faust.Record, serializer="json"):  # type: ignore[misc, call-arg]
    symbol: str
    ts: int
    price: float
    size: float
    id: int


class Bar(faust.Record, serializer="json"):  # type: ignore[misc, call-arg]
    symbol: str
    start: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    turnover: float
    vwap: float
    trades: int
    first_ts: int
    last_ts: int
    last_id: int


class OpenBars(faust.Record, serializer="json"):  # type: ignore[misc, call-arg]
    """The bars of a symbol that may still get ticks, oldest first, and the newest time seen."""

    newest: int
    bars: list[Bar]


name = os.environ.get("CAUSAL_ALPHA_APP_ID", "benchmark-faust")
app = faust.App(
    name,
    broker=f"kafka://{os.environ.get('CAUSAL_ALPHA_BROKER', '127.0.0.1:9092')}",
    env={},
    store="memory://",
    datadir=os.environ.get("CAUSAL_ALPHA_DATA_DIR", f"{name}-data"),
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
open_bars = app.Table("open-bars", value_type=OpenBars, partitions=1)


@app.agent(ticks_topic)  # type: ignore[untyped-decorator]
async def make_bars(ticks: Any) -> None:
    async for tick in ticks:
        state = open_bars.get(tick.symbol) or OpenBars(newest=tick.ts, bars=[])
        state.newest = max(state.newest, tick.ts)
        over = state.newest - LATENESS - LENGTH
        add(state.bars, tick, over)
        while state.bars and state.bars[0].start <= over:
            await bars_topic.send(key=tick.symbol, value=state.bars.pop(0))
        open_bars[tick.symbol] = state


def add(bars: list[Bar], tick: Tick, over: int) -> None:
    """The tick into its bar, unless that is over, or has it already."""
    start = tick.ts - tick.ts % LENGTH
    if start <= over:
        return
    for bar in bars:
        if bar.start == start:
            if tick.id > bar.last_id:
                update(bar, tick)
            return
    bars.append(first_of(tick, start))
    bars.sort(key=lambda bar: bar.start)


def first_of(tick: Tick, start: int) -> Bar:
    return Bar(
        symbol=tick.symbol,
        start=start,
        open=tick.price,
        high=tick.price,
        low=tick.price,
        close=tick.price,
        volume=tick.size,
        turnover=tick.price * tick.size,
        vwap=tick.price,
        trades=1,
        first_ts=tick.ts,
        last_ts=tick.ts,
        last_id=tick.id,
    )


def update(bar: Bar, tick: Tick) -> None:
    price, size, ts = tick.price, tick.size, tick.ts
    if ts < bar.first_ts:
        bar.first_ts, bar.open = ts, price
    if ts >= bar.last_ts:
        bar.last_ts, bar.close = ts, price
    bar.high = max(bar.high, price)
    bar.low = min(bar.low, price)
    bar.volume += size
    bar.turnover += price * size
    bar.vwap = bar.turnover / bar.volume
    bar.trades += 1
    bar.last_id = tick.id


@app.task  # type: ignore[untyped-decorator]
async def report() -> None:
    await watch(lambda: app.monitor.events_total)
