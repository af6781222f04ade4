"""One-minute bars as a Quix Streams user writes them: `python -m benchmarks.quix_app`.

A tumbling window with event time from the message, RocksDB state with its changelog, at-least-once: the
defaults, except that it starts with the oldest tick, commits as often as the others save their state, and
lets the time of the partition close windows, which is a good deal faster than the time of each key. One
reducer for the whole bar: first and last of a window are by event time, which the ready-made aggregations
don't know, and a reducer costs less than seven of them.
"""

import os
from datetime import timedelta
from typing import Any

from quixstreams import Application

from benchmarks.market import LATENESS
from benchmarks.meter import Meter


def first_of(tick: dict[str, Any]) -> dict[str, Any]:
    price, size = tick["price"], tick["size"]
    return {
        "symbol": tick["symbol"],
        "open": price,
        "high": price,
        "low": price,
        "close": price,
        "volume": size,
        "turnover": price * size,
        "trades": 1,
        "first_ts": tick["ts"],
        "last_ts": tick["ts"],
        "last_id": tick["id"],
    }


def add(bar: dict[str, Any], tick: dict[str, Any]) -> dict[str, Any]:
    if tick["id"] <= bar["last_id"]:
        return bar  # seen before
    price, size, ts = tick["price"], tick["size"], tick["ts"]
    if ts < bar["first_ts"]:
        bar["first_ts"], bar["open"] = ts, price
    if ts >= bar["last_ts"]:
        bar["last_ts"], bar["close"] = ts, price
    if price > bar["high"]:
        bar["high"] = price
    elif price < bar["low"]:
        bar["low"] = price
    bar["volume"] += size
    bar["turnover"] += price * size
    bar["trades"] += 1
    bar["last_id"] = tick["id"]
    return bar


def to_bar(window: dict[str, Any]) -> dict[str, Any]:
    bar: dict[str, Any] = window["value"]
    return bar | {"start": window["start"], "vwap": bar["turnover"] / bar["volume"]}


class Progress:
    """Counts messages for the meter."""

    def __init__(self) -> None:
        self.done = 0
        self.meter = Meter.of_environment()

    def __call__(self, topic: str, partition: int, offset: int) -> None:
        self.done += 1
        self.meter.saw(self.done)


def main() -> None:
    name = os.environ["CAUSAL_ALPHA_APP_ID"]
    app = Application(
        broker_address=os.environ["CAUSAL_ALPHA_BROKER"],
        consumer_group=name,
        auto_offset_reset="earliest",
        commit_interval=float(os.environ["CAUSAL_ALPHA_SNAPSHOT_EVERY"]),
        state_dir=os.environ["CAUSAL_ALPHA_DATA_DIR"],
        on_message_processed=Progress(),
        loglevel="WARNING",
    )
    ticks = app.topic(f"{name}.ticks", timestamp_extractor=lambda value, *_: value["ts"])
    bars = app.topic(f"{name}.bars")
    (
        app.dataframe(ticks)
        .tumbling_window(
            timedelta(minutes=1),
            grace_ms=timedelta(seconds=LATENESS),
            on_late=lambda *_: False,  # don't log them
        )
        .reduce(reducer=add, initializer=first_of)
        .final(closing_strategy="partition")
        .apply(to_bar)
        .to_topic(bars)
    )
    app.run()


if __name__ == "__main__":
    main()
