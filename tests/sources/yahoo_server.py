"""A local HTTP server that answers as Yahoo does: cookie, crumb, chart (v8), quoteSummary; and fails as it does."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from curl_cffi.requests import Session

CRUMB = "Ab/1.cd"
Answer = tuple[int, Any]
"""Status, and JSON or text."""
Script = Callable[[str, dict[str, str]], Answer]
"""Symbol and query → answer."""


class YahooServer:
    """`script` answers chart requests; `charts` lists those that came with the right cookie and crumb."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.charts: list[tuple[str, dict[str, str]]] = []
        self.requests = 0
        self.port = 0

    def session(self) -> Session[Any]:
        """A session whose requests all come here, whatever host of Yahoo's they are for."""
        server = self

        class Local(Session[Any]):
            def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:
                parts = urlsplit(url)
                assert parts.hostname is not None
                assert parts.hostname.endswith("yahoo.com")
                local = parts._replace(scheme="http", netloc=f"127.0.0.1:{server.port}").geturl()
                return super().request(method, local, *args, **kwargs)

        return Local()


class _Handler(BaseHTTPRequestHandler):
    server_of: ClassVar[YahooServer]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        yahoo, parts = self.server_of, urlsplit(self.path)
        yahoo.requests += 1
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/":
            return self._answer(200, "", {"Set-Cookie": "A3=d; Path=/"})
        if "A3=d" not in self.headers.get("Cookie", ""):
            return self._answer(401, {"finance": {"result": None, "error": {"code": "Unauthorized"}}})
        if parts.path == "/v1/test/getcrumb":
            return self._answer(200, CRUMB)
        if parts.path.startswith("/v10/finance/quoteSummary/"):
            error = {"code": "Not Found", "description": "Quote not found"}
            return self._answer(404, {"quoteSummary": {"result": None, "error": error}})
        if not parts.path.startswith("/v8/finance/chart/"):
            return self._answer(404, "<html>not here</html>")
        if query.pop("crumb", None) != CRUMB:
            error = {"code": "Unauthorized", "description": "Invalid Crumb"}
            return self._answer(401, {"chart": {"result": None, "error": error}})
        symbol = unquote(parts.path.rpartition("/")[2])
        yahoo.charts.append((symbol, query))
        return self._answer(*yahoo.script(symbol, query))

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""


@contextmanager
def serving(script: Script) -> Iterator[YahooServer]:
    yahoo = YahooServer(script)
    handler = type("Handler", (_Handler,), {"server_of": yahoo})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        yahoo.port = http.server_port
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield yahoo
        http.shutdown()
        thread.join()


def chart(
    symbol: str,
    *,
    time: int = 0,
    price: float = 100.0,
    volume: int = 0,
    zone: str = "America/New_York",
    rows: dict[int, tuple[float | None, ...]] | None = None,
) -> dict[str, Any]:
    """A chart's JSON; `rows` maps seconds to open, high, low, close, volume."""
    meta = {
        "currency": "USD",
        "symbol": symbol,
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "firstTradeDate": 345479400,
        "regularMarketTime": time,
        "regularMarketPrice": price,
        "regularMarketVolume": volume,
        "gmtoffset": -18000,
        "timezone": "EST",
        "exchangeTimezoneName": zone,
        "chartPreviousClose": 99.0,
        "priceHint": 2,
        "dataGranularity": "1d",
        "range": "1d",
        "validRanges": ["1d", "5d", "1mo", "max"],
    }
    result: dict[str, Any] = {"meta": meta, "indicators": {"quote": [{}]}}
    if rows:
        names = ("open", "high", "low", "close", "volume")
        result["timestamp"] = list(rows)
        result["indicators"] = {
            "quote": [{name: [row[i] for row in rows.values()] for i, name in enumerate(names)}],
            "adjclose": [{"adjclose": [1.0 for _ in rows]}],
        }
        result["events"] = {"dividends": {str(min(rows)): {"amount": 0.5, "date": min(rows)}}}
    return {"chart": {"result": [result], "error": None}}


def refusal(code: str, description: str) -> dict[str, Any]:
    return {"chart": {"result": None, "error": {"code": code, "description": description}}}
