"""Notes when the hub has taken a bar: loaded beside the agents of a worker whose latency is measured.

When the worker stops, `HUB_FILE` in its data folder gets a list of pairs in MessagePack: ns of the monotonic
clock, which all processes of a machine share, and the frame as bytes.
"""

import time
from typing import Any

import msgspec

from agents.bars import forming_here
from agents.broadcast import service
from benchmarks.stages import HUB_FILE
from causal_alpha import app
from causal_alpha.frames import Frame
from causal_alpha.records import Bar

taken: list[tuple[int, Frame[Any]]] = []
_publish = service.hub.publish


def note(frame: Frame[Any]) -> None:
    if frame.record is Bar:
        taken.append((time.monotonic_ns(), frame))


def publish(frame: Frame[Any]) -> None:
    _publish(frame)
    note(frame)


service.hub.publish = publish  # type: ignore[method-assign]
forming_here.listen(note)  # after the hub, which listens since its agents were imported


@app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
async def save(*_: Any, **__: Any) -> None:
    rows = [(at, frame.encode()) for at, frame in taken]
    (app.settings.data_dir / HUB_FILE).write_bytes(msgspec.msgpack.encode(rows))
