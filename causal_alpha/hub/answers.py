"""How the API answers: JSON by msgspec (a value that is not a number is null), errors in one shape."""

from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from causal_alpha.errors import CausalAlphaError

_encode = msgspec.json.Encoder().encode


class Answer(Response):
    """A JSON answer.

    >>> Answer({"price": float("nan")}).body
    b'{"price":null}'
    """

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return _encode(content)


def explain_errors(api: FastAPI) -> None:
    """Answer every error as `{"error": "expected …, was …"}`; our own errors mean 503, try again later."""

    @api.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        text = str(error.detail)
        if error.status_code == 404 and text == "Not Found":
            text = f"expected a known path, was {request.url.path}"
        if error.status_code == 405 and text == "Method Not Allowed":
            text = f"expected another method, was {request.method}"
        return Answer({"error": text}, error.status_code, error.headers)

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        wish = str(first["msg"]).removeprefix("Input should be ")
        return Answer({"error": f"{first['loc'][-1]}: expected {wish}, was {first.get('input')!r}"}, 422)

    @api.exception_handler(CausalAlphaError)
    async def unavailable(_: Request, error: CausalAlphaError) -> Response:
        return Answer({"error": str(error)}, 503, {"Retry-After": "1"})

    @api.exception_handler(Exception)
    async def broken(_: Request, __: Exception) -> Response:
        return Answer({"error": "expected an answer, was a fault of the hub: its log has it"}, 500)
