"""The producer of the latency benchmark, a process of its own: `python -m benchmarks.sender …`.

Single JSON ticks at a steady rate through confluent-kafka, symbols in turn. The price of a tick is its
number (from 1), so the close of a bar tells the newest tick in it. The file gets one row a tick: its time
stamp (ms) and the moment before it was handed to the client (ns of the monotonic clock, which all
processes of a machine share).
"""

import time
from pathlib import Path

import click
import numpy as np
from confluent_kafka import Producer

SYMBOLS = tuple(f"S{number:03d}" for number in range(100))
PAUSE = 0.0005
"""Seconds between two looks at the clock."""


@click.command()
@click.option("--broker", required=True)
@click.option("--topic", required=True)
@click.option("--rate", type=int, required=True, help="Ticks a second.")
@click.option("--seconds", type=float, required=True)
@click.option("--linger", type=float, required=True, help="Of the client, in ms.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
def send(broker: str, topic: str, rate: int, seconds: float, linger: float, out: Path) -> None:
    """Send ticks and write down when."""
    producer = Producer({"bootstrap.servers": broker, "linger.ms": linger})
    producer.list_topics(topic, timeout=10)
    count = round(rate * seconds)
    sent = np.zeros((count, 2), dtype=np.int64)
    begin = time.monotonic_ns() + 100_000_000
    number = 0
    while number < count:
        due = min(count, (time.monotonic_ns() - begin) * rate // 1_000_000_000 + 1)
        for number in range(number, due):  # noqa: B020  goes on where it stopped
            symbol, ts = SYMBOLS[number % len(SYMBOLS)], time.time_ns() // 1_000_000
            sent[number] = ts, time.monotonic_ns()
            row = b'{"symbol":"%s","ts":%d,"price":%d,"size":1,"id":%d}' % (symbol.encode(), ts, number + 1, number)
            producer.produce(topic, row, symbol)
        number = max(number, due)
        producer.poll(0)
        time.sleep(PAUSE)
    producer.flush(10)
    np.save(out, sent)


if __name__ == "__main__":
    send()
