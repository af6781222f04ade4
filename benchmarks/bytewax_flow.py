"""One-minute bars as a Bytewax user writes them: `python -m bytewax.run benchmarks.bytewax_flow:make_flow()`.

One worker, Kafka's own connectors, an event clock, a fold over tumbling windows, recovery on. What makes
it quick: a decoder that takes a batch at once and hands out keyed ticks, msgspec for JSON, and a fold
that takes ticks in any order, so that Bytewax need not sort them. Windows close by data alone
(`to_system_utc`): the wall clock has nothing to say about a replay.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, TumblingWindower, fold_window

from benchmarks.market import LATENESS
from benchmarks.meter import Meter

LENGTH = timedelta(minutes=1)


class Tick(msgspec.Struct):
    symbol: str
    ts: int
    price: float
    size: float
    id: int


@dataclass(slots=True)
class Bar:
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: float = 0.0
    turnover: float = 0.0
    trades: int = 0
    first_ts: int = 0
    last_ts: int = 0
    last_id: int = 0


def add(bar: Bar, tick: Tick) -> Bar:
    price, size, ts = tick.price, tick.size, tick.ts
    if not bar.trades:
        bar.open = bar.high = bar.low = bar.close = price
        bar.first_ts = bar.last_ts = ts
    elif tick.id <= bar.last_id:
        return bar  # seen before
    else:
        if ts < bar.first_ts:
            bar.first_ts, bar.open = ts, price
        if ts >= bar.last_ts:
            bar.last_ts, bar.close = ts, price
        if price > bar.high:
            bar.high = price
        elif price < bar.low:
            bar.low = price
    bar.volume += size
    bar.turnover += price * size
    bar.trades += 1
    bar.last_id = tick.id
    return bar


def merge(left: Bar, right: Bar) -> Bar:
    raise NotImplementedError("tumbling windows never merge")


def to_message(keyed: tuple[str, tuple[int, Bar]]) -> KafkaSinkMessage[bytes, bytes]:
    symbol, (_, bar) = keyed
    start = bar.first_ts - bar.first_ts % 60_000
    vwap = bar.turnover / bar.volume
    value = {"symbol": symbol, "start": start, "open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
    value |= {"volume": bar.volume, "vwap": vwap, "trades": bar.trades}
    return KafkaSinkMessage(symbol.encode(), msgspec.json.encode(value))


class Decoder:
    """Messages to keyed ticks, a batch at once. Counts them for the meter."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Tick).decode
        self._done = 0
        self._meter = Meter.of_environment()

    def __call__(self, messages: list[KafkaSourceMessage[bytes, bytes]]) -> list[tuple[str, Tick]]:
        self._done += len(messages)
        self._meter.saw(self._done)
        ticks = map(self._decode, [message.value for message in messages])
        return [(tick.symbol, tick) for tick in ticks]


def make_flow() -> Dataflow:
    name, brokers = os.environ["CAUSAL_ALPHA_APP_ID"], [os.environ["CAUSAL_ALPHA_BROKER"]]
    flow = Dataflow("benchmark")
    messages = op.input("ticks", flow, KafkaSource(brokers, [f"{name}.ticks"], tail=False))
    ticks = op.flat_map_batch("decode", messages, Decoder())
    clock = EventClock(
        ts_getter=lambda tick: datetime.fromtimestamp(tick.ts / 1000, UTC),
        wait_for_system_duration=timedelta(seconds=LATENESS),
        to_system_utc=lambda _: None,
    )
    windower = TumblingWindower(length=LENGTH, align_to=datetime(2023, 1, 1, tzinfo=UTC))
    bars = fold_window("bars", ticks, clock, windower, builder=Bar, folder=add, merger=merge, ordered=False)
    op.output("out", op.map("message", bars.down, to_message), KafkaSink(brokers, f"{name}.bars"))
    return flow
