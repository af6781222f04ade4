"""Who may ask: tokens with a role, viewer or operator, in front of everything under `/api` and the socket."""

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from typing import Literal, TypeAlias

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from causal_alpha.errors import SettingsError
from causal_alpha.hub.answers import Answer

Role: TypeAlias = Literal["viewer", "operator"]
VIEWER: Role = "viewer"
OPERATOR: Role = "operator"
ROLE = "causal_alpha.role"
"""Where a request's scope has the role of whoever asks."""
OPEN = frozenset({"/api/v1/health", "/api/v1/ready"})
"""Whoever watches over the process needs no token."""
READING = frozenset({"/api/v1/predict"})
"""Posts that change nothing."""
SHORTEST = 16


class Tokens:
    """Tokens by role; only their hashes are kept. Empty: everybody is an operator.

    `text` is a list of `role:token`, by commas or lines; `role:sha256=HEX` gives a token's hash instead. Raises
    SettingsError for anything else.

    >>> tokens = Tokens("viewer:0123456789abcdef")
    >>> tokens.role("0123456789abcdef"), tokens.role("another"), Tokens("").role(None)
    ('viewer', None, 'operator')
    """

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.replace(",", "\n").splitlines()]
        self._roles: Mapping[bytes, Role] = dict(_read(line) for line in lines if line and not line.startswith("#"))

    def __bool__(self) -> bool:
        return bool(self._roles)

    def role(self, token: str | None) -> Role | None:
        """The role of a token; None where it is none of ours."""
        if not self._roles:
            return OPERATOR
        digest, found = _digest(token or ""), None
        for known, role in self._roles.items():
            if hmac.compare_digest(known, digest):
                found = role
        return found


def _read(line: str) -> tuple[bytes, Role]:
    role, colon, token = line.partition(":")
    if role not in (VIEWER, OPERATOR) or not colon:
        raise SettingsError(f"tokens: expected viewer:TOKEN or operator:TOKEN, was {role[:8]!r}…")
    if token.startswith("sha256="):
        try:
            digest = bytes.fromhex(token.removeprefix("sha256="))
        except ValueError:
            digest = b""
        if len(digest) != hashlib.sha256().digest_size:
            raise SettingsError("tokens: expected 64 hexadecimal digits after sha256=, was something else")
        return digest, role
    if len(token) < SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(f"tokens: expected at least {SHORTEST} letters and digits, was {len(token)} characters")
    return _digest(token), role


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def check_exposure(host: str, tokens: Tokens) -> None:
    """Raises SettingsError for a hub that others could reach without a token.

    >>> check_exposure("127.0.0.1", Tokens(""))
    >>> check_exposure("0.0.0.0", Tokens(""))
    Traceback (most recent call last):
    ...
    causal_alpha.errors.SettingsError: CAUSAL_ALPHA_TOKENS: expected tokens, since hub_host 0.0.0.0 is not loopback
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False  # a name may mean any address
    if not tokens and not loopback:
        raise SettingsError(f"CAUSAL_ALPHA_TOKENS: expected tokens, since hub_host {host or 'empty'} is not loopback")


class Access:
    """Lets requests under `/api` through that carry a bearer token with the right role: 401 or 403 for others.

    Reading needs a viewer, changing anything an operator. The page's own files are for everybody; it asks the
    visitor for a token then. The socket looks at its token itself.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens) -> None:
        self.app, self.tokens = app, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self.tokens:
            await self.app(scope, receive, send)
            return
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        if not path.startswith("/api/") or path in OPEN:
            await self.app(scope, receive, send)
            return
        role = self.tokens.role(bearer(Headers(scope=scope)))
        if role is None:
            headers = {"WWW-Authenticate": 'Bearer realm="causal-alpha"'}
            refusal = Answer({"error": "token: expected a known bearer token, was none"}, 401, headers)
        elif role != OPERATOR and scope["method"] not in ("GET", "HEAD", "OPTIONS") and path not in READING:
            refusal = Answer({"error": f"role: expected operator, was {role}"}, 403)
        else:
            await self.app({**scope, ROLE: role}, receive, send)
            return
        await refusal(scope, receive, send)


def bearer(headers: Headers) -> str | None:
    """The token of a request.

    >>> bearer(Headers({"authorization": "Bearer abc"}))
    'abc'
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None
