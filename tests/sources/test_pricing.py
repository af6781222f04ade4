import base64
import json
import math
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from causal_alpha.errors import SourceError
from causal_alpha.sources.pricing import Pricing, read_message, read_pricing

CAPTURED = "CgRBQVBMFZqZ4UMYoI+hlvlcKgNOTVMwCDgBRXIUSr9IyOXZDmWAwmXA2AEE"
"""A message of Yahoo's of August 2020, from https://jonpalmisc.com/2020/08/how-yahoo-finance-serves-realtime-data."""

INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT32 = st.floats(width=32)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.text(max_size=12),
    "price": FLOAT32,
    "time": INT64,
    "currency": st.text(max_size=3),
    "exchange": st.text(max_size=3),
    "quote_type": st.integers(0, 2**31 - 1),
    "market_hours": st.integers(0, 3),
    "change_percent": FLOAT32,
    "day_volume": INT64,
    "short_name": st.text(max_size=30),
    "last_size": INT64,
    "bid": FLOAT32,
    "bid_size": INT64,
    "ask": FLOAT32,
    "ask_size": INT64,
    "circulating_supply": st.floats(),
}


def encode(**fields: Any) -> bytes:
    """By Google's protobuf and yfinance's description of the message."""
    from yfinance.pricing_pb2 import PricingData

    data: bytes = PricingData(**fields).SerializeToString()
    return data


def test_pricing_reads_a_captured_message() -> None:
    found = read_message(CAPTURED)
    assert (found.symbol, found.ts, found.price, found.volume) == (
        "AAPL",
        1_596_811_650_000_000_000,
        451.2,
        15_415_652.0,
    )
    assert (found.quote_type, found.market_hours) == (8, 1)
    assert math.isnan(found.bid)
    assert math.isnan(found.ask_size)


@pytest.mark.parametrize("wrap", [str, lambda text: json.dumps({"type": "pricing", "message": text})])
def test_pricing_is_found_in_json_and_alone(wrap: Any) -> None:
    assert read_message(wrap(CAPTURED)) == read_message(wrap(CAPTURED).encode())
    assert read_message(wrap(CAPTURED)).symbol == "AAPL"


@settings(max_examples=150)
@given(fields=st.fixed_dictionaries({}, optional=FIELDS))
def test_pricing_says_what_protobuf_says(fields: dict[str, Any]) -> None:
    found = read_pricing(encode(**fields))
    assert found.symbol == fields.get("id", "")
    assert found.ts == fields.get("time", 0) * 1_000_000
    assert found.volume == float(fields.get("day_volume", 0))
    assert (found.market_hours, found.quote_type) == (fields.get("market_hours", 0), fields.get("quote_type", 0))
    for name in ("price", "bid", "ask"):
        value, expected = getattr(found, name), fields.get(name, math.nan)
        if expected == 0 and math.copysign(1, expected) > 0:  # protobuf leaves out zeros
            expected = math.nan
        assert struct.pack("<f", value) == struct.pack("<f", expected) or (math.isnan(value) and math.isnan(expected))
    for name in ("bid_size", "ask_size"):
        assert getattr(found, name) == pytest.approx(float(fields.get(name) or math.nan), nan_ok=True)


@pytest.mark.parametrize("price", [451.2, 94745.08, 0.00001234, 1.0857, 17.25, 3_000_000.0])
def test_prices_are_the_decimals_that_were_meant(price: float) -> None:
    assert read_pricing(encode(id="A", price=price)).price == price


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("*** hello ***", "expected a quote in base64, was '\\*\\*\\* hello"),
        ('{"type": "error", "text": "bad"}', "expected a quote in base64"),
        ('{"message": 7}', "expected a quote in base64"),
        ('{"message": "AAA', "expected a quote in base64"),
        (base64.b64encode(b"\x0a\x05AAP").decode(), "expected a quote in protobuf"),
        (base64.b64encode(b"\x0b").decode(), "field 1 of wire type 3"),
        (base64.b64encode(b"\x0a\x02\xff\xff").decode(), "expected a quote in protobuf"),
        (base64.b64encode(b"\x18" + b"\xff" * 10).decode(), "a varint of more than ten bytes"),
    ],
)
def test_messages_that_are_none_raise(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_message(text)


@settings(max_examples=1_000)
@given(data=st.binary(max_size=80))
@example(data=b"\x00")
def test_any_bytes_are_a_quote_or_an_error(data: bytes) -> None:
    with suppress(SourceError):
        assert isinstance(read_pricing(data), Pricing)


@settings(max_examples=200)
@given(fields=st.fixed_dictionaries({}, optional=FIELDS), data=st.data())
def test_damaged_quotes_are_a_quote_or_an_error(fields: dict[str, Any], data: st.DataObject) -> None:
    whole = bytearray(encode(**fields))
    if whole:
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    with suppress(SourceError):
        assert read_message(base64.b64encode(bytes(whole[:cut])))


@given(text=st.text(max_size=60))
def test_any_text_is_a_quote_or_an_error(text: str) -> None:
    with suppress(SourceError):
        assert read_message(text)
