"""From the API into Kafka, through the worker's own producer."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from causal_alpha.errors import SinkError
from causal_alpha.frames import Frame
from causal_alpha.records import Reject, Request, Tick
from causal_alpha.redrive import Mail
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
        await _all([self._app.rejects.send(key=b"", value=part) for part in frame.parts()])

    async def send_request(self, request: Request) -> None:
        await _all([self._app.requests.send(key=request.source.encode(), value=request)])

    async def send_again(self, mails: Sequence[Mail]) -> list[int]:
        """Messages to the ticks topic; returns their offsets."""
        sends = [
            self._app.ticks.send(key=mail.key, value=mail.value, partition=mail.partition, headers=list(mail.headers))
            for mail in mails
        ]
        return [delivered.offset for delivered in await _all(sends)]


async def _all(sends: list[Awaitable[Any]]) -> list[Any]:
    try:
        async with asyncio.timeout(PATIENCE):
            return [await delivered for delivered in [await send for send in sends]]
    except TimeoutError as error:
        raise SinkError(f"Kafka: expected the rows to be taken within {PATIENCE} s, was not so") from error
    except Exception as error:  # what a producer raises depends on the driver
        raise SinkError(f"Kafka: expected the rows to be taken, was {type(error).__name__}: {error}") from error
