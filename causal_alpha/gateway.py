"""From the API into Kafka, through the worker's own producer."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.records import Reject, Request, Tick
from causal_alpha.sources.publish import split
from causal_alpha.topology import App

PATIENCE = 5.0
"""Seconds that Kafka may take for a message."""


class TopicGateway:
    """Sends to the topics of `app`; each call returns once Kafka has the rows, SinkError if it hasn't."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def send_ticks(self, frame: Frame[Tick]) -> None:
        """Each row to its symbol's partition; a heartbeat to all of them."""
        parts = split(frame, self._app.settings.partitions)
        await _all([self._app.ticks.send(value=part.encode(), key=b"", partition=p) for p, part in parts])

    async def send_rejects(self, frame: Frame[Reject]) -> None:
        await _all([self._app.rejects.send(key=b"", value=frame)])

    async def send_request(self, request: Request) -> None:
        await _all([self._app.requests.send(key=request.source.encode(), value=request)])


async def _all(sends: list[Awaitable[Any]]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            for delivered in [await send for send in sends]:
                await delivered
    except TimeoutError as error:
        raise SinkError(f"Kafka: expected the rows to be taken within {PATIENCE} s, was not so") from error
    except Exception as error:  # what a producer raises depends on the driver
        raise SinkError(f"Kafka: expected the rows to be taken, was {type(error).__name__}: {error}") from error
