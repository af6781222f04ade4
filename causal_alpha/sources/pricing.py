"""Yahoo's streamed quotes: a JSON text, in it base64, in it a protobuf message, PricingData.

The few fields that matter are read here: `yfinance.pricing_pb2` would do, but its package takes a second and pandas to
import. Field numbers are those of its `pricing.proto`; the wire format is https://protobuf.dev/programming-guides/encoding.
"""

import base64
import binascii
import math
import struct
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from causal_alpha.errors import SourceError
from causal_alpha.intervals import MILLISECOND

REGULAR = 1
"""`market_hours` of a quote in the regular session; 0 is before it, 2 and 3 are after."""
CRYPTO = 41
"""`quote_type` of cryptocurrencies."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Pricing:
    """What Yahoo said of `symbol`; `ts` in ns, NaN and 0 for what it left out."""

    symbol: str
    ts: int
    price: float
    volume: float
    """Of the day so far."""
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    market_hours: int
    quote_type: int


class _Envelope(msgspec.Struct):
    message: str


def read_message(text: str | bytes) -> Pricing:
    """The quote in a message of the socket: JSON with base64 in `message`, or base64 alone as it once was.

    Raises SourceError for anything else.
    """
    try:
        if text[:1] in ("{", b"{"):
            text = msgspec.json.decode(text, type=_Envelope).message
        data = base64.b64decode(text, validate=True)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise SourceError(f"yahoo: expected a quote in base64, was {str(text)[:80]!r}: {error}") from error
    return read_pricing(data)


def read_pricing(data: bytes) -> Pricing:
    """A PricingData. Raises SourceError for bytes that are none."""
    try:
        fields = _fields(data)
        return Pricing(
            symbol=fields.get((1, _BYTES), b"").decode(),
            ts=_zigzag(fields.get((3, _VARINT), 0)) * MILLISECOND,
            price=_float(fields, 2),
            volume=float(_zigzag(fields.get((9, _VARINT), 0))),
            bid=_float(fields, 23),
            ask=_float(fields, 25),
            bid_size=_size(fields, 24),
            ask_size=_size(fields, 26),
            market_hours=fields.get((7, _VARINT), 0) & 0xFFFFFFFF,
            quote_type=fields.get((6, _VARINT), 0) & 0xFFFFFFFF,
        )
    except (ValueError, IndexError, struct.error) as error:
        raise SourceError(f"yahoo: expected a quote in protobuf, was {data[:40]!r}: {error}") from error


def _fields(data: bytes) -> dict[tuple[int, int], Any]:
    """(number, wire type) → the field's last value: an int below 2**64, or bytes."""
    fields: dict[tuple[int, int], Any] = {}
    at, end = 0, len(data)
    while at < end:
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if not number or key >> 32:
            raise ValueError(f"field {number}")
        if kind == _VARINT:
            fields[number, kind], at = _varint(data, at)
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if not 0 <= size <= end - at:
            raise ValueError(f"field {number} of wire type {kind}")
        fields[number, kind] = data[at : at + size]
        at += size
    return fields


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that starts at `at`, modulo 2**64, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise ValueError("a varint of more than ten bytes")


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _float(fields: dict[tuple[int, int], Any], number: int) -> float:
    """The shortest decimal that is this float32, 451.2 and not 451.20001220703125; NaN if it isn't there."""
    data = fields.get((number, _FIXED32))
    return math.nan if data is None else float(str(np.float32(struct.unpack("<f", data)[0])))


def _size(fields: dict[tuple[int, int], Any], number: int) -> float:
    value = fields.get((number, _VARINT))
    return math.nan if value is None else float(_zigzag(value))
