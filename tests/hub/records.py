"""Short ways to records, for the tests of the hub."""

from typing import Any

from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND, interval_ns
from causal_alpha.records import LEVELS, Bar, Forecast

START = 1_550_068_920 * SECOND


def bar(n: int = 0, state: str = "final", *, symbol: str = "AAPL", interval: str = "1m", **changes: Any) -> Bar:
    """The n-th bar after `START`."""
    facts: dict[str, Any] = {
        **{"open": 171.5, "high": 172.0, "low": 171.25, "close": 171.7, "volume": 300.0, "vwap": 171.75, "trades": 3},
        **{"source": "simulator:7"},
        **changes,
    }
    start = START + n * interval_ns(interval)
    return Bar(symbol=symbol, interval=interval, start=start, state=state, **facts)


def bars(*rows: Bar, **meta: int) -> Frame[Bar]:
    return Frame.of(Bar, rows, {name: str(value) for name, value in meta.items()})


def forecast(n: int = 0, horizon: int = 1, **changes: Any) -> Forecast:
    made = START + (n + 1) * 60 * SECOND
    facts: dict[str, Any] = {
        **{"symbol": "AAPL", "interval": "1m", "start": START + n * 60 * SECOND, "made": made, "horizon": horizon},
        **{"due": made + horizon * 60 * SECOND, "price": 171.7, "location": 0.0, "variance": 2.5e-7},
        **{"quantiles": tuple(round(171.2 + level, 3) for level in LEVELS), "family": "ewma", "version": "1"},
        **{"feature_set": "f00d", "source": "simulator:7", **changes},
    }
    return Forecast(**facts)
