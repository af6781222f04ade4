"""A limit for how often one client may ask."""

from collections.abc import Callable
from math import ceil

from starlette.types import ASGIApp, Receive, Scope, Send

from causal_alpha.hub.answers import Answer

_CLIENTS = 10_000
BURST = 4
"""Seconds' worth of requests that may come at once."""


class RateLimit:
    """Answers 429 with Retry-After to a client's requests beyond `per_second`; bursts of four seconds' worth pass.

    A client is a network address. `clock` counts seconds. 0 a second: no limit.
    """

    def __init__(self, app: ASGIApp, per_second: float, clock: Callable[[], float]) -> None:
        self.app, self.rate, self.clock = app, per_second, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wait = 0.0
        if scope["type"] in ("http", "websocket") and self.rate:
            wait = self._take(str((scope.get("client") or ("",))[0]))
        if not wait:
            await self.app(scope, receive, send)
            return
        text = f"rate: expected at most {self.rate:g} requests a second, was more"
        headers = {"Retry-After": str(ceil(wait))}
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1013, "reason": text})
            return
        await Answer({"error": text}, 429, headers)(scope, receive, send)

    def _take(self, client: str) -> float:
        """Seconds until the client may ask again; 0 takes one request of what is left."""
        now, most = self.clock(), self.rate * BURST
        left, at = self._buckets.pop(client, (most, now))
        left = min(most, left + (now - at) * self.rate)
        wait = 0.0 if left >= 1 else (1 - left) / self.rate
        self._buckets[client] = (left if wait else left - 1, now)
        if len(self._buckets) > _CLIENTS:
            del self._buckets[next(iter(self._buckets))]  # whoever has been quiet for longest
        return wait
