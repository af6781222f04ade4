"""Who races in `benchmarks.throughput`: the same bars of the same ticks, each from its own process.

Every contender gets the first ticks of the same market, as many as keep it busy for some seconds. Each
reads `NAME.ticks` of one partition, writes `NAME.bars`, saves its state as often as the others do, and
tells `benchmarks.meter` how far it is.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from benchmarks import market
from causal_alpha.frames import Frame, heartbeat
from causal_alpha.intervals import DAY, MILLISECOND
from causal_alpha.records import Bar, Tick

FRAME_ROWS = 1_000
SAVE_EVERY = 1.0
"""Seconds between two snapshots, commits or epochs: what a kill makes a contender do again."""
SHARES: Mapping[str, int] = {"ours_json": 8, "ours_frames": 1, "faust": 160, "quix": 32, "bytewax": 16}
"""One of how many ticks a contender gets."""

Messages = Iterable[tuple[bytes, bytes]]
Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Contender:
    """One process under test. `read` gives the bars in a message that it wrote.

    `command`: what to run, given a folder for its state. `closed_by`: what makes its last bars final,
    see `market.oracle`.
    """

    name: str
    ticks: Frame[Tick]
    messages: Callable[[], Messages]
    command: Callable[[Path], tuple[str, ...]]
    read: Callable[[bytes], Rows]
    closed_by: market.ClosedBy


def contenders(ticks: Frame[Tick]) -> tuple[Contender, ...]:
    """All of them, in the order in which they take turns."""
    shares = {name: ticks.take(np.arange(len(ticks) // share)) for name, share in SHARES.items()}
    json, frames, faust, quix, bytewax = shares.values()
    return (
        Contender("ours_json", json, lambda: _closed(market.as_json(json)), _ours, our_bars, "end"),
        Contender("ours_frames", frames, lambda: _closed(market.as_frames(frames, FRAME_ROWS)), _ours, our_bars, "end"),
        Contender("faust", faust, lambda: market.as_json(faust), _faust, json_bars, "symbol"),
        Contender("quix", quix, lambda: market.as_json(quix), _quix, json_bars, "stream"),
        Contender("bytewax", bytewax, lambda: market.as_json(bytewax), _bytewax, json_bars, "end"),
    )


def our_bars(value: bytes) -> Rows:
    """The final bars with trades of a frame; peers make none where nobody traded, and revise none."""
    rows = Frame.decode(Bar, value).rows()
    return [msgspec.structs.asdict(bar) for bar in rows if bar.state == "final" and bar.trades]


def json_bars(value: bytes) -> Rows:
    """The bar in a JSON message of a peer; its times are in ms."""
    bar = msgspec.json.decode(value)
    return [bar | {"start": bar["start"] * MILLISECOND}]


def _closed(messages: Messages) -> Iterator[tuple[bytes, bytes]]:
    """The messages and a heartbeat after the last, which makes every bar final."""
    yield from messages
    yield b"", heartbeat(market.START + 30 * DAY).encode()


def _ours(folder: Path) -> tuple[str, ...]:
    return _faust_worker("causal_alpha")


def _faust(folder: Path) -> tuple[str, ...]:
    return _faust_worker("benchmarks.faust_agent")


def _faust_worker(app: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "faust", "-L", "uvloop", "-A", app, "worker", "-l", "warn", "--without-web")


def _quix(folder: Path) -> tuple[str, ...]:
    return sys.executable, "-m", "benchmarks.quix_app"


def _bytewax(folder: Path) -> tuple[str, ...]:
    """`-b 0`: a snapshot goes once a newer one is there, as in the others."""
    from bytewax.recovery import init_db_dir  # noqa: PLC0415  for this one alone

    folder.mkdir(parents=True)
    init_db_dir(folder, 1)
    flow = "benchmarks.bytewax_flow:make_flow()"
    return sys.executable, "-m", "bytewax.run", flow, "-r", str(folder), "-s", str(round(SAVE_EVERY)), "-b", "0"
