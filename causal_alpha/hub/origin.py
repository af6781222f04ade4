"""Who may talk to the hub from a browser: pages that the hub itself served."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers


def same_origin(headers: Headers) -> bool:
    """Whether a request comes from a page of this host, or from no page at all (no Origin header).

    Browsers send Origin with sockets and with POST and let no page forge it, so another site can't
    read the stream or write ticks through a visitor's browser.

    >>> same_origin(Headers({"host": "localhost:8000", "origin": "http://localhost:8000"}))
    True
    >>> same_origin(Headers({"host": "localhost:8000", "origin": "https://elsewhere.example"}))
    False
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
