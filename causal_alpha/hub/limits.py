"""Two small ASGI layers around the API: a limit for requests, and headers for answers."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class BodyLimit:
    """Answers 413 to a larger request: before reading when its length is declared, else at the first byte too many."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        size = 0

        async def limited() -> Message:
            nonlocal size
            if declared.isdigit() and int(declared) > self.most:
                self._refuse(f"{declared} bytes")
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.most:
                self._refuse("more")
            return message

        await self.app(scope, limited, send)

    def _refuse(self, was: str) -> None:
        # The connection stays open and the server throws the rest away: closing it would reset a client
        # that is still sending, and it would never see the answer.
        raise HTTPException(413, f"body: expected at most {self.most} bytes, was {was}")


class SecurityHeaders:
    """Adds `HEADERS` to every answer that doesn't set them itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)
