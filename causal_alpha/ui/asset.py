"""One file of the built page, read and compressed once, so that serving it touches no disk and no zlib."""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response

FOREVER = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
_HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".txt": "text/plain"}
_TEXT = ("text/", "image/svg+xml", "application/json")


@dataclass(frozen=True)
class Asset:
    """Bytes of a file with the headers that go with them. `packed` is None where gzip gains nothing."""

    body: bytes
    packed: bytes | None
    media_type: str
    cache: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'

    def response(self, request: Headers) -> Response:
        """200 with the body, gzip if `request` takes it, or 304 if the caller has it already."""
        headers = {"Cache-Control": self.cache, "ETag": self.etag, "Vary": "Accept-Encoding"}
        if self.etag in request.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = self.body
        if self.packed is not None and "gzip" in request.get("accept-encoding", ""):
            body = self.packed
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers, media_type=self.media_type)


def make_asset(name: str, body: bytes) -> Asset:
    """`name` decides the type, and, by the hash that the build put into it, how long it may be kept.

    >>> make_asset("main-ABCDEF12.js", b"1").cache
    'public, max-age=31536000, immutable'
    >>> make_asset("index.html", b"<p>").cache
    'no-cache'
    """
    suffix = Path(name).suffix
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(body, mtime=0) if media_type.startswith(_TEXT) else None
    if packed is not None and len(packed) >= len(body):
        packed = None
    return Asset(body, packed, media_type, FOREVER if _HASHED.search(name) else REVALIDATE)


def read_assets(folder: Path) -> Mapping[str, Asset]:
    """Every file below `folder` by its path from there, such as `media/plex-ABCDEF12.woff2`; empty if it is absent."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): make_asset(path.name, path.read_bytes()) for path in files}
