"""A worker answers the roll: once when it starts, then as long as it lives."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from causal_alpha.assembly import Service
from causal_alpha.errors import SinkError
from causal_alpha.intervals import MILLISECOND

logger = logging.getLogger(__name__)

EVERY = 10.0


async def call(service: Service, instance: str, pause: Callable[[float], Awaitable[Any]]) -> None:
    """For ever; while MongoDB is away the roll waits. `pause` sleeps so many seconds."""
    started = False
    while True:
        now = time.time_ns() // MILLISECOND
        try:
            if started:
                await service.roll.seen(instance, now)
            else:
                starts = await service.roll.start(instance, now)
                started = True
                text = "First start" if starts == 1 else f"Start number {starts}"
                service.hub.notes.add("worker-started", "info", instance, text)
                service.hub.clients.notify()
        except SinkError as error:
            logger.warning("the roll of workers waits: %s", error)
        await pause(EVERY)
