"""The check that every sink passes, ours and yours: `await check_sink(sink, reader)` on an empty store."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from causal_alpha.frames import Frame
from causal_alpha.intervals import SECOND, interval_ns
from causal_alpha.records import LEVELS, Bar, Features, Forecast, Reject, Score
from causal_alpha.sinks.base import Reader, Sink

R = TypeVar("R", bound=msgspec.Struct)

_START = 1_550_068_920 * SECOND


async def check_sink(sink: Sink, reader: Reader | None = None) -> None:
    """Raise AssertionError where a sink, empty at first, breaks its contract.

    Without a reader only this is checked: every record is taken, and taken again. With one: what was
    written is read back to the last digit, once; a lower revision never replaces a higher one, nor the
    word of another source on a bar one of the same version; forming bars are not kept; `limit`, `start`,
    `end`, `symbol`, `interval` choose as `Reader` says.
    """
    bars = [_bar(n) for n in range(4)] + [_bar(0, symbol="MSFT"), _bar(0, interval="1s")]
    batches: list[Sequence[Any]] = [bars, [_features(n) for n in range(2)], _forecasts(), _scores(), _rejects()]
    frames: list[Frame[Any]] = [Frame.of(type(batch[0]), batch) for batch in batches]
    await sink.write([])
    await sink.write(frames)
    await sink.write(frames)
    await sink.write([Frame.empty(Bar), frames[0], frames[0]])
    await sink.write([Frame.of(Bar, [msgspec.structs.replace(bars[1], source="other", close=1.0)])])
    repeated = bars[0] = msgspec.structs.replace(bars[0], close=2.0)
    await sink.write([Frame.of(Bar, [repeated])])
    later = msgspec.structs.replace(bars[3], state="revised", revision=2, high=99.0)
    forming = msgspec.structs.replace(_bar(9), state="forming")
    await sink.write([Frame.of(Bar, [later]), Frame.of(Bar, [bars[3], forming])])
    await sink.write([Frame.of(Bar, [msgspec.structs.replace(later, revision=1, high=1.0)])])
    if reader is None:
        return

    await reader.ping()
    series = [*bars[:3], later]
    chosen: dict[str, Any] = {"symbol": "AAPL", "interval": "1m"}
    _same("bars of a symbol and interval", await reader.read(Bar, **chosen), series)
    _same("the newest 2", await reader.read(Bar, **chosen, limit=2), series[-2:])
    _same("from start on", await reader.read(Bar, **chosen, start=bars[1].start), series[1:])
    _same("up to, without, end", await reader.read(Bar, **chosen, end=bars[1].start), series[:1])
    _same("one bar", await reader.read(Bar, **chosen, start=bars[1].start, end=bars[1].start + 1), series[1:2])
    _same("an unknown symbol", await reader.read(Bar, symbol="none"), [])
    _same("every bar", await reader.read(Bar), [*bars[:3], later, *bars[4:]])
    for batch in batches[1:]:
        _same(f"every {type(batch[0]).__name__}", await reader.read(type(batch[0])), batch)
    _same("rejects to the ns", await reader.read(Reject, start=_START + 1), _rejects()[1:])
    symbols = await reader.symbols()
    if symbols != ["AAPL", "MSFT"]:
        raise AssertionError(f"symbols: expected ['AAPL', 'MSFT'], was {symbols}")
    intervals = {symbol: sorted(await reader.intervals(symbol)) for symbol in ("AAPL", "MSFT", "none")}
    if intervals != {"AAPL": ["1m", "1s"], "MSFT": ["1m"], "none": []}:
        raise AssertionError(f"intervals: expected 1m and 1s of AAPL, 1m of MSFT, none of none, was {intervals}")


def _same(what: str, found: Sequence[Any], wanted: Sequence[Any]) -> None:
    """As text, since NaN is not itself; of several records at one time the order is free."""
    times = [getattr(row, "start", getattr(row, "ts", 0)) for row in found]
    if times != sorted(times):
        raise AssertionError(f"{what}: expected the oldest first, was {times}")
    if sorted(map(repr, found)) != sorted(map(repr, wanted)):
        raise AssertionError(f"{what}: expected {wanted}, was {found}")


def _bar(n: int, symbol: str = "AAPL", interval: str = "1m") -> Bar:
    quiet = n == 2
    return Bar(
        symbol=symbol,
        interval=interval,
        start=_START + n * interval_ns(interval),
        open=0.1 + 0.2,
        high=1e12 / 3,
        low=5e-324,
        close=171.69999999999999,
        volume=0.0 if quiet else 1 / 3,
        vwap=math.nan if quiet else 171.7,
        trades=0 if quiet else 2**40,
        quality="no_trade" if quiet else "ok",
        source="simulator:7",
    )


def _features(n: int) -> Features:
    start = _START + n * interval_ns("1m")
    values = (1 / 3, math.nan, -0.0) if n else (math.nan, math.inf, 2.0)
    return Features(symbol="AAPL", interval="1m", start=start, close=1.5, values=values, feature_set="f" * 8)


def _forecasts() -> list[Forecast]:
    return [
        Forecast(
            symbol="AAPL",
            interval="1m",
            start=_START,
            made=_START + 60 * SECOND,
            horizon=horizon,
            due=_START + (1 + horizon) * 60 * SECOND,
            price=171.7,
            location=0.0,
            variance=1e-9 / 3,
            quantiles=tuple(171.7 + level for level in LEVELS),
            family=family,
            version="3",
            feature_set="f" * 8,
        )
        for horizon in (1, 5)
        for family in ("ewma", "naive")
    ]


def _scores() -> list[Score]:
    return [
        Score(
            symbol="AAPL",
            interval="1m",
            start=_START,
            made=_START + 60 * SECOND,
            horizon=1,
            due=_START + 120 * SECOND,
            family="lstm",
            version=version,
            price=171.7,
            truth=truth,
            ret=1 / 3,
            crps=0.1,
            crps_naive=math.nan,
            crps_ewma=2e-5,
            qlike=0.3,
            inside_80=1.0,
            inside_95=0.0,
            winkler_80=1e-3,
            scored=_START + 120 * SECOND,
            shadow=version == "4",
            source="simulator:7",
        )
        for version, truth in (("3", 171.8), ("4", math.nan))
    ]


def _rejects() -> list[Reject]:
    return [
        Reject(
            topic="causal-alpha.ticks",
            partition=3,
            offset=2**40,
            row=row,
            ts=_START + row,
            reason="malformed",
            detail='expected "JSON",\r\nwas: λ',
            payload=bytes(range(256)) * row,
        )
        for row in range(3)
    ]
