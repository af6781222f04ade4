"""What a tick, a bar and a snapshot cost with 10 to 10,000 symbols: the transform alone, without Kafka.

For each number of symbols one partition gets single JSON ticks in polls of `POLL`, symbols in turn, one
poll a second of event time, until each symbol has its bar open; then a minute passes at once. All times
are CPU time of the process, the best of `ROUNDS` in which the same is done with a fresh state:

- `us_per_tick`: decode, check, dedupe and add, per tick, with every bar open;
- `us_per_bar`: close every symbol's bar and encode the frame for its topic, per bar;
- `snapshot_kb`, `snapshot_ms`, `restore_ms`: the state then, as the agent saves it.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click
import msgspec

from benchmarks.machine import describe_machine, say
from causal_alpha.bars import BarState, Rules
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.frames import heartbeat
from causal_alpha.intervals import MILLISECOND, SECOND
from causal_alpha.settings import load_settings
from causal_alpha.transform import Transform

START = 1_700_000_040 * SECOND
"""A whole minute."""
POLL = 2_000
ROUNDS = 3
MEASURED = 20
"""Polls that are measured, after those that open the bars."""


@dataclass(slots=True)
class Message:
    """A Kafka record; `timestamp` in ms."""

    offset: int
    timestamp: int
    value: bytes | None


@dataclass(frozen=True)
class Costs:
    """What the transform costs with so many symbols; see the module."""

    symbols: int
    us_per_tick: float
    us_per_bar: float
    snapshot_kb: float
    snapshot_ms: float
    restore_ms: float


@click.command()
@click.option("--symbols", default="10,100,1000,10000", show_default=True, help="Numbers of symbols.")
@click.option("--quick", is_flag=True, help="Two small ones, to see that it works.")
def scaling(symbols: str, quick: bool) -> None:
    """Cost of a tick, a bar and a snapshot from 10 to 10,000 symbols."""
    describe_machine()
    found = []
    for count in [10, 100] if quick else map(int, symbols.split(",")):
        costs = best([measure(count) for _ in range(ROUNDS)])
        found.append(asdict(costs))
        say(", ".join(f"{name} {value:g}" for name, value in asdict(costs).items()))
    click.echo(json.dumps({"symbols": found}))


def best(rounds: list[Costs]) -> Costs:
    """The least of each number: what disturbs only ever adds."""
    rows = [asdict(costs) for costs in rounds]
    return Costs(**{name: min(row[name] for row in rows) for name in rows[0]})


def measure(symbols: int) -> Costs:
    """One round."""
    settings = load_settings()
    rules = Rules.of(
        ("1m",),
        lateness=settings.lateness,
        correction=settings.correction,
        feed_timeout=settings.feed_timeout,
        quiet_bars=settings.quiet_bars,
    )
    state = BarState.new(rules)
    transform = Transform(topic="ticks", partitions=1, tolerance=settings.future_tolerance)
    opening = -(-symbols // POLL)
    polls = make_polls(symbols, opening + MEASURED)
    for _ in range(opening):
        transform.run(state, 0, next(polls))
    messages = list(polls)
    begin = time.process_time()
    for poll in messages:
        transform.run(state, 0, poll)
    per_tick = (time.process_time() - begin) / (MEASURED * POLL)

    begin = time.process_time()
    snapshot = pack(state.dump())
    dumped = time.process_time()
    BarState.load(unpack(snapshot), rules)
    restored = time.process_time()

    beat = heartbeat(START + 120 * SECOND).encode()
    closing = [Message(len(messages), (START + 120 * SECOND) // MILLISECOND, beat)]
    shut = time.process_time()
    bars, _ = transform.run(state, 0, closing)
    for frame in bars.values():
        frame.encode()
    closed = time.process_time()
    made = sum(len(frame) for frame in bars.values())
    return Costs(
        symbols=symbols,
        us_per_tick=round(per_tick * 1e6, 3),
        us_per_bar=round((closed - shut) / made * 1e6, 3),
        snapshot_kb=round(len(snapshot) / 1024, 1),
        snapshot_ms=round((dumped - begin) * 1e3, 3),
        restore_ms=round((restored - dumped) * 1e3, 3),
    )


def make_polls(symbols: int, count: int) -> Iterator[list[Message]]:
    """Single JSON ticks of the symbols in turn, a poll every second."""
    number = 0
    for second in range(count):
        at = START // MILLISECOND + second * 1000
        poll = []
        for _ in range(POLL):
            row = {
                "symbol": f"S{number % symbols:05d}",
                "ts": at,
                "price": 10.0 + number % 7,
                "size": 1.0,
                "id": number,
            }
            poll.append(Message(number, at, msgspec.json.encode(row)))
            number += 1
        yield poll
