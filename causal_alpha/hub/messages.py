"""Records as the protocol's events: flat tuples, times in ms. See `docs/protocol.md`."""

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any, TypeAlias

from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Bar, Forecast, Score

Event: TypeAlias = tuple[Any, ...]
BAR_START, BAR_CLOSE, BAR_SOURCE = 3, 7, 14
"""Places in a bar event."""
_START, _KNOWN_AT = (Bar.__struct_fields__.index(name) for name in ("start", "known_at"))

_LIVE = {"yahoo": "delayed", "simulator": "synthetic", "replay": "replay", "foreign": "foreign", "http": "foreign"}


def bar_events(frame: Frame[Bar]) -> Iterator[Event]:
    """One `("bar", symbol, interval, start, …, known_at)` a row, made column by column.

    >>> bar = Bar(symbol="A", interval="1s", start=1_000_000, open=1, high=1, low=1, close=1, volume=1, vwap=1,
    ...           trades=1)
    >>> next(bar_events(Frame.of(Bar, [bar])))[:5]
    ('bar', 'A', '1s', 1, 1.0)
    """
    columns: list[Any] = [column.tolist() for column in frame.columns.values()]
    columns[_START] = (frame.ints("start") // MILLISECOND).tolist()
    columns[_KNOWN_AT] = (frame.ints("known_at") // MILLISECOND).tolist()
    return zip(repeat("bar"), *columns, strict=False)


def forecast_event(forecast: Forecast) -> Event:
    f = forecast
    return (
        *("forecast", f.symbol, f.interval, f.start // MILLISECOND, f.made // MILLISECOND, f.horizon),
        *(f.due // MILLISECOND, f.price, f.location, f.variance, f.quantiles, f.family, f.version, f.source, f.shadow),
    )


def score_event(score: Score) -> Event:
    s = score
    return (
        *("score", s.symbol, s.interval, s.start // MILLISECOND, s.made // MILLISECOND, s.horizon),
        *(s.due // MILLISECOND, s.family, s.version, s.price, s.truth, s.ret, s.crps, s.crps_naive, s.crps_ewma),
        *(s.qlike, s.inside_80, s.inside_95, s.winkler_80, s.scored // MILLISECOND, s.shadow, s.source),
    )


def provenance(source: str) -> Mapping[str, str]:
    """Where data comes from, as the page's badge says it. A feed that isn't known counts as live.

    >>> provenance("simulator:7"), provenance("coinbase")
    ({'kind': 'synthetic', 'detail': 'simulator:7'}, {'kind': 'live', 'detail': 'coinbase'})
    """
    return {"kind": _LIVE.get(source.partition(":")[0], "live"), "detail": source}
