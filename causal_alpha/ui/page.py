"""Serves the built page: its files, and index.html for the addresses that the page's own router knows."""

import hashlib
from html import escape
from importlib.resources import files
from pathlib import Path, PurePosixPath

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from causal_alpha.ui.asset import Asset, make_asset, read_assets
from causal_alpha.ui.notice import NOTICE

INDEX = "index.html"
RESERVED = frozenset({"api", "ws", "docs", "health", "metrics"})
"""First parts of paths that belong to the hub: what is unknown there stays a plain 404."""
FILE_SUFFIXES = frozenset({".css", ".html", ".ico", ".js", ".json", ".map", ".png", ".svg", ".txt", ".woff2"})
"""A missing file of these is 404, never index.html. Other dots are part of a name: `/live/BRK.B`."""
_BASE = b'<base href="/"'


class Page:
    """The ASGI application for all that no route of the hub has answered.

    Files are looked up by their exact path in a table read at the start, so no request can name a
    file outside it. What isn't the page's goes on to `otherwise`.
    """

    def __init__(self, folder: Path, otherwise: ASGIApp) -> None:
        self.assets = read_assets(folder)
        self.otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self.respond(scope) if scope["type"] == "http" else None
        await (response or self.otherwise)(scope, receive, send)

    def respond(self, scope: Scope) -> Response | None:
        """The answer to a request for the page, None if it isn't one."""
        root = str(scope.get("root_path", "")).rstrip("/")
        path = str(scope["path"]).removeprefix(root).lstrip("/")
        if scope["method"] not in ("GET", "HEAD"):
            return None
        if path != INDEX and (asset := self.assets.get(path)):
            return asset.response(Headers(scope=scope))
        if not is_address(path):
            return None
        index = self.assets.get(INDEX)
        return _under(root, index).response(Headers(scope=scope)) if index else HTMLResponse(NOTICE)


def is_address(path: str) -> bool:
    """Whether the page's own router may know `path`.

    >>> is_address("live/BRK.B"), is_address("main-OLD.js"), is_address("api/v1/nothing")
    (True, False, False)
    """
    first = path.split("/", 1)[0]
    return path == INDEX or (first not in RESERVED and PurePosixPath(path).suffix not in FILE_SUFFIXES)


def _under(root: str, index: Asset) -> Asset:
    """`index` for a hub that a proxy shows below `root`: the page builds every address on its base."""
    if not root:
        return index
    return make_asset(INDEX, index.body.replace(_BASE, f'<base href="{escape(root)}/"'.encode()))


def static_folder() -> Path:
    """Where the build puts the page; it needn't exist."""
    return Path(str(files("causal_alpha.ui") / "static"))


def mount_page(api: FastAPI, folder: Path | None = None) -> None:
    """Lets `api` answer with the page in `folder` (default: the built one) wherever none of its routes does.

    Without a built page every address of it answers a notice that tells how to build it.
    """
    api.router.default = Page(folder or static_folder(), api.router.default)


def page_build(folder: Path | None = None) -> str:
    """A short hash of the built index.html, which names every other file by hash; "" if there is none."""
    try:
        return hashlib.sha256(((folder or static_folder()) / INDEX).read_bytes()).hexdigest()[:12]
    except FileNotFoundError:
        return ""
