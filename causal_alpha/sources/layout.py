"""Which column of a file is which field: known names, or the user's own mapping.

==========  =====================================================================================
field       names it is found by, the first one present
==========  =====================================================================================
symbol      symbol, ticker
ts, start   ts, ts_ns, ts_us, ts_ms, ts_s, exch_ts_ms, ts_utc, timestamp, time, datetime, date, start
price       price
size        size, qty, quantity, amount
id          id, trade_id
bid, ask    bid, ask
bid_size …  bid_size, bid_qty, bid_quantity, bid_amount; ask_size and so on
kind        kind: `T` is a trade, `Q` the best bid and ask from then on; other rows are left out
open …      open, high, low, close, volume, vwap, trades, interval, quality, buy_volume
bid_open …  bid_open, … ask_close: bars are the middle of these
mid         mid: bars of one price
==========  =====================================================================================

A file with a close is one of bars, as is one with bid_close and ask_close, or mid; one with price and
size holds ticks. Names are compared without regard to case.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causal_alpha.errors import SourceError

_TIMES = (
    *("ts", "ts_ns", "ts_us", "ts_ms", "ts_s", "exch_ts_ms", "ts_utc", "timestamp", "time", "datetime", "date"),
    "start",
)
PRICES = ("open", "high", "low", "close")
SIDES = ("bid", "ask")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "symbol": ("symbol", "ticker"),
    "ts": _TIMES,
    "start": ("start", *_TIMES),
    "size": ("size", "qty", "quantity", "amount"),
    "id": ("id", "trade_id"),
    **{f"{side}_size": tuple(f"{side}_{size}" for size in ("size", "qty", "quantity", "amount")) for side in SIDES},
}
QUOTE = ("bid", "ask", "bid_size", "ask_size")
TICK_FIELDS = ("symbol", "ts", "price", "size", "id", *QUOTE, "kind")
QUOTED = tuple(f"{side}_{price}" for side in SIDES for price in PRICES)
CLOSING = (*QUOTE, "buy_volume")
BAR_FIELDS = ("symbol", "start", *PRICES, "volume", "vwap", "trades", "interval", "quality", *CLOSING, *QUOTED, "mid")


@dataclass(frozen=True, slots=True)
class Layout:
    """`kind` is `ticks` or `bars`; `columns` maps fields to the file's columns, those it has."""

    kind: str
    columns: Mapping[str, str]

    def __contains__(self, field: str) -> bool:
        return field in self.columns


def find_layout(names: Sequence[str], mapping: Mapping[str, str], *, symbol: bool = False) -> Layout:
    """The layout of a file with columns `names`; `mapping` says field → column and wins.

    `symbol` tells that the rows' symbol is known without a column. Raises SourceError.

    >>> find_layout(["Symbol", "exch_ts_ms", "price", "qty"], {}).columns["size"]
    'qty'
    """
    wrong = {field: name for field, name in mapping.items() if name not in names}
    wrong |= {field: name for field, name in mapping.items() if field not in (*TICK_FIELDS, *BAR_FIELDS)}
    if wrong:
        raise SourceError(f"columns: expected a mapping of fields to some of {tuple(names)}, was {wrong}")
    lower = {name.lower(): name for name in reversed(names)}

    def found(fields: Sequence[str]) -> dict[str, str]:
        ours = {}
        for field in fields:
            candidates = [lower[name] for name in _NAMES.get(field, (field,)) if name in lower]
            if field in mapping or candidates:
                ours[field] = mapping.get(field) or candidates[0]
        return ours

    bars, ticks = found(BAR_FIELDS), found(TICK_FIELDS)
    if any(prices <= bars.keys() for prices in (set(PRICES), set(QUOTED), {"mid"})):
        kind, columns, needed = "bars", bars, {"symbol", "start"}
    else:
        kind, columns, needed = "ticks", ticks, {"symbol", "ts", "price", "size"}
    missing = needed - columns.keys() - ({"symbol"} if symbol else set())
    if missing:
        raise SourceError(
            "columns: expected symbol, ts, price, size of ticks, or symbol, start, open, high, low, close of bars, "
            f"was {tuple(names)} without {', '.join(sorted(missing))}"
        )
    return Layout(kind, columns)
