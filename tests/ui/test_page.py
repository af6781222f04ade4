"""The page as a client sees it: which address answers with what, for how long it may be kept, and what stays hidden."""

import gzip
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.ui import mount_page, page_build
from causal_alpha.ui.page import is_address

INDEX = b'<!doctype html><base href="/"><script src="main-ABCDEF12.js"></script>'
SCRIPT = b"console.log('a page');" * 100


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "media").mkdir(parents=True)
    (folder / "index.html").write_bytes(INDEX)
    (folder / "main-ABCDEF12.js").write_bytes(SCRIPT)
    (folder / "media" / "plex-ABCDEF12.woff2").write_bytes(bytes(range(256)))
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return folder


def client_of(folder: Path, root_path: str = "") -> httpx.AsyncClient:
    api = FastAPI(docs_url=None, redoc_url=None)

    @api.get("/api/v1/symbols")
    def symbols() -> dict[str, list[str]]:
        return {"symbols": []}

    mount_page(api, folder)
    return httpx.AsyncClient(transport=httpx.ASGITransport(api, root_path=root_path), base_url="http://hub")


@pytest.fixture
def client(static: Path) -> httpx.AsyncClient:
    return client_of(static)


@pytest.mark.parametrize("path", ["/", "/live", "/live/AAPL?i=1m", "/live/BRK.B", "/about", "/index.html"])
async def test_page_answers_its_addresses_with_the_index(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.content) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/main-OLD12345.js", "/media/old.woff2", "/api/v1/nothing", "/ws/v1", "/docs"])
async def test_page_leaves_the_rest_not_found(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404


async def test_page_keeps_out_of_the_api(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/symbols")).json() == {"symbols": []}
    assert (await client.post("/api/v1/symbols")).status_code == 405
    assert (await client.post("/live")).status_code == 404


async def test_page_lets_hashed_files_be_kept_for_ever(client: httpx.AsyncClient) -> None:
    script = await client.get("/main-ABCDEF12.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await client.get("/media/plex-ABCDEF12.woff2")).headers["content-type"] == "font/woff2"


async def test_page_answers_head_like_get_without_a_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/live"), await client.head("/live")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]


async def test_page_compresses_text_for_who_takes_it(client: httpx.AsyncClient) -> None:
    async with client.stream("GET", "/main-ABCDEF12.js", headers={"accept-encoding": "gzip"}) as packed:
        body = b"".join([part async for part in packed.aiter_raw()])
    assert packed.headers["content-encoding"] == "gzip"
    assert len(body) < len(SCRIPT) / 5
    assert gzip.decompress(body) == SCRIPT
    plain = await client.get("/main-ABCDEF12.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    font = await client.get("/media/plex-ABCDEF12.woff2", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in font.headers


async def test_page_sends_nothing_twice(client: httpx.AsyncClient) -> None:
    first = await client.get("/live")
    again = await client.get("/live", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await client.get("/live", headers={"if-none-match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/media/../../secret.txt",
        "/media/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//secret.txt",
    ],
)
async def test_page_serves_nothing_outside_its_folder(client: httpx.AsyncClient, path: str) -> None:
    request = client.build_request("GET", "http://hub/")
    request.url = httpx.URL(scheme="http", host="hub", raw_path=path.encode())
    assert b"secret" not in (await client.send(request)).content


async def test_page_builds_its_addresses_below_a_proxys_prefix(static: Path) -> None:
    client = client_of(static, root_path="/alpha")
    assert b'<base href="/alpha/"' in (await client.get("/alpha/live/AAPL")).content
    assert (await client.get("/alpha/main-ABCDEF12.js")).content == SCRIPT


async def test_page_says_how_to_build_it_when_it_is_not(tmp_path: Path) -> None:
    client = client_of(tmp_path / "static")
    answer = await client.get("/")
    assert answer.status_code == 200
    assert "npm run build" in answer.text
    assert (await client.get("/api/v1/symbols")).status_code == 200
    assert (await client.get("/main-ABCDEF12.js")).status_code == 404


def test_page_build_changes_with_the_page(static: Path, tmp_path: Path) -> None:
    before = page_build(static)
    assert len(before) == 12
    (static / "index.html").write_bytes(INDEX + b" ")
    assert page_build(static) != before
    assert page_build(tmp_path / "absent") == ""


@given(st.from_regex(r"[A-Z0-9^=.\-]{1,12}", fullmatch=True))
def test_page_takes_every_symbol_as_an_address(symbol: str) -> None:
    assert is_address(f"live/{symbol}")
