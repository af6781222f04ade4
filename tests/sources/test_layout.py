import pytest

from causal_alpha.errors import SourceError
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.layout import PRICES, QUOTED, find_layout


@pytest.mark.parametrize(
    ("names", "kind", "columns"),
    [
        (Tick.__struct_fields__, "ticks", {"ts": "ts", "size": "size", "id": "id", "bid": "bid"}),
        (Bar.__struct_fields__, "bars", {"start": "start", "vwap": "vwap", "interval": "interval"}),
        (("Symbol", "Timestamp", "Price", "Qty"), "ticks", {"symbol": "Symbol", "ts": "Timestamp", "size": "Qty"}),
        (("ticker", "date", "open", "high", "low", "close", "adj_close"), "bars", {"symbol": "ticker"}),
        (("symbol", "ts_utc", *QUOTED), "bars", {"start": "ts_utc", "ask_low": "ask_low"}),
        (("symbol", "ts", "mid"), "bars", {"mid": "mid"}),
        (("symbol", "ts", "price", "size", "bid_qty", "ask_amount"), "ticks", {"bid_size": "bid_qty"}),
        (("symbol", "start", *PRICES, "buy_volume", "bid_size"), "bars", {"buy_volume": "buy_volume"}),
        (("recv_ts_ns", "exch_ts_ms", "symbol", "kind", "price", "qty", "bid", "ask"), "ticks", {"ts": "exch_ts_ms"}),
    ],
)
def test_layout_is_found_by_names(names: tuple[str, ...], kind: str, columns: dict[str, str]) -> None:
    layout = find_layout(names, {})
    assert layout.kind == kind
    assert columns.items() <= dict(layout.columns).items()
    assert not {"adj_close", "recv_ts_ns"} & set(layout.columns.values())


def test_layout_follows_a_mapping_first() -> None:
    names = ("symbol", "exch_ts_ms", "recv_ts_ns", "last", "price", "qty")
    layout = find_layout(names, {"ts": "recv_ts_ns", "price": "last"})
    assert dict(layout.columns) == {"symbol": "symbol", "ts": "recv_ts_ns", "price": "last", "size": "qty"}


@pytest.mark.parametrize(
    ("names", "mapping", "message"),
    [
        (("symbol", "ts", "price"), {}, r"expected symbol, ts, price, size of ticks.*was \(.*\) without size"),
        (("ts", "open", "high", "low", "close"), {}, "without symbol"),
        (("symbol", "open", "high", "low", "close"), {}, "without start"),
        (("a", "b"), {}, "without price, size, symbol, ts"),
        (("symbol", "ts", "price", "qty"), {"size": "volume"}, "expected a mapping of fields.*was {'size': 'volume'}"),
        (("symbol", "ts", "price", "qty"), {"px": "price"}, "was {'px': 'price'}"),
    ],
)
def test_layout_names_what_is_missing(names: tuple[str, ...], mapping: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        find_layout(names, mapping)


def test_layout_needs_no_column_for_a_known_symbol() -> None:
    assert "symbol" not in find_layout(("ts", "price", "size"), {}, symbol=True)
