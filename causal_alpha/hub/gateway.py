"""What the API needs of Kafka: three sends."""

from typing import Protocol, runtime_checkable

from causal_alpha.frames import Frame
from causal_alpha.records import Reject, Request, Tick


@runtime_checkable
class Gateway(Protocol):
    """Sends what came in over HTTP on its way.

    Each call returns once Kafka has the message and raises a CausalAlphaError when it can't take it
    now; the API answers 503 then.
    """

    async def send_ticks(self, frame: Frame[Tick]) -> None: ...

    async def send_rejects(self, frame: Frame[Reject]) -> None: ...

    async def send_request(self, request: Request) -> None: ...
