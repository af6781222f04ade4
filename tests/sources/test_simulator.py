import asyncio
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from causal_alpha.bars import BarState, Rules
from causal_alpha.checks import check_source
from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, SECOND, interval_ns
from causal_alpha.records import Bar, Tick
from causal_alpha.sources.base import History, Source
from causal_alpha.sources.market import EPOCH
from causal_alpha.sources.simulator import Simulator, made_up_symbols
from causal_alpha.transform import Transform

START = EPOCH + 100 * DAY


def simulator(**arguments: object) -> Simulator:
    given = {"start": START, "length": 60 * SECOND, "speed": None, "rate": 20.0, "history": 5} | arguments
    return Simulator(**given)  # type: ignore[arg-type]


async def run(source: Simulator) -> tuple[Frame[Tick], Frame[Bar]]:
    frames = [frame async for frame in source.frames()]
    ticks = [frame for frame in frames if frame.record is Tick]
    bars = [frame for frame in frames if frame.record is Bar]
    return Frame.concat(ticks), Frame.concat(bars) if bars else Frame.empty(Bar)


def test_simulator_keeps_the_contracts() -> None:
    assert isinstance(simulator(), Source)
    assert isinstance(simulator(), History)
    assert simulator(seed=3).name == "simulator:3"


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"history": 0},
        {"rate": 0.2, "length": 300 * SECOND},
        {"start": START + 3_456_789, "length": 61 * SECOND + 5},
        {"start": EPOCH, "intervals": ("1s", "5m", "1h")},
        {"speed": 200.0},
    ],
)
async def test_simulator_passes_the_check_of_sources(arguments: dict[str, object]) -> None:
    await check_source(simulator(**arguments))


async def test_simulator_gives_the_same_rows_whatever_the_pacing() -> None:
    fast, past = await run(simulator(length=10 * SECOND))
    for speed in (50.0, 20.0):
        ticks, bars = await run(simulator(length=10 * SECOND, speed=speed))
        assert Frame.encode(Frame(Tick, ticks.columns)) == Frame.encode(Frame(Tick, fast.columns))
        assert list(bars.rows()) == list(past.rows())


async def test_simulator_carries_the_present_time_when_told_to() -> None:
    now = time.time_ns() // SECOND * SECOND
    source = simulator(start=now, length=2 * SECOND, speed=1.0, rate=300.0, history=0, clock=time.time_ns, due=now)
    lags = []
    async for frame in source.frames():
        if len(frame):
            lags.append(time.time_ns() - int(frame.ints("ts")[-1]))
    assert min(lags) >= 0
    assert np.median(lags[5:]) < 0.05 * SECOND


async def test_runs_of_one_seed_agree_where_they_overlap() -> None:
    early, _ = await run(simulator(length=120 * SECOND))
    later, _ = await run(simulator(start=START + 45 * SECOND, length=30 * SECOND))
    ts = early.ints("ts")
    inside = (ts >= START + 45 * SECOND) & (ts < START + 75 * SECOND)
    assert list(early.take(inside).rows()) == list(later.rows())


async def test_past_bars_end_where_the_trades_begin_and_join_them() -> None:
    ticks, bars = await run(simulator(history=30, rate=200.0))
    for interval in ("1s", "1m"):
        mine = bars.take(bars.labels("interval").equals(interval))
        assert np.unique(mine.ints("start")).tolist() == [START - i * interval_ns(interval) for i in range(30, 0, -1)]
        closes = dict(zip(mine.labels("symbol").tolist(), mine.floats("close").tolist(), strict=True))
        symbols = ticks.labels("symbol").tolist()
        firsts = dict(zip(symbols[::-1], ticks.floats("price").tolist()[::-1], strict=True))
        assert all(abs(firsts[name] / closes[name] - 1) < 0.003 for name in closes)


@given(
    minutes=st.integers(1, 12),
    offset=st.integers(0, 200_000),
    interval=st.sampled_from(["1s", "15s", "1m", "5m"]),
    rate=st.sampled_from([0.5, 30.0]),
)
@settings(max_examples=25, deadline=None)
def test_history_equals_a_pandas_resample_of_the_trades(minutes: int, offset: int, interval: str, rate: float) -> None:
    width = interval_ns(interval)
    start = (START + offset * SECOND) // width * width
    end = start + -(-minutes * 60 * SECOND // width) * width
    source = simulator(start=start, length=end - start, rate=rate, history=0)
    ticks, _ = asyncio.run(run(source))
    bars = asyncio.run(source.history(["SIM:CHARLIE", "SIM:ALFA"], interval, start, end))
    assert list(dict.fromkeys(bars.labels("symbol").tolist())) == ["SIM:ALFA", "SIM:CHARLIE"]
    for symbol in ("SIM:ALFA", "SIM:CHARLIE"):
        mine = bars.take(bars.labels("symbol").equals(symbol))
        assert mine.ints("start").tolist() == list(range(start, end, width))
        rows = ticks.take(ticks.labels("symbol").equals(symbol))
        index = pd.DatetimeIndex(rows.ints("ts").astype("datetime64[ns]"))
        price = pd.Series(rows.floats("price"), index)
        size = pd.Series(rows.floats("size"), index)
        traded = mine.take(mine.ints("trades") > 0)
        expected = price.resample(f"{width}ns").ohlc().dropna()
        for name in ("open", "high", "low", "close"):
            assert traded.floats(name).tolist() == expected[name].tolist()
        groups = (price * size).resample(f"{width}ns").sum(), size.resample(f"{width}ns").sum()
        assert traded.floats("volume").tolist() == groups[1][groups[1] > 0].tolist()
        np.testing.assert_allclose(traded.floats("vwap"), (groups[0] / groups[1]).dropna(), rtol=1e-12)
        quiet = mine.take(mine.ints("trades") == 0)
        assert set(quiet.labels("quality").tolist()) <= {"no_trade"}
        assert not quiet.floats("volume").any()
        carried = pd.Series(mine.floats("close")).where(mine.ints("trades") > 0).ffill()
        known = carried.notna().to_numpy()
        assert mine.floats("close")[known].tolist() == carried[known].tolist()


@dataclass(frozen=True)
class Message:
    """A Kafka record with a frame."""

    offset: int
    timestamp: int
    value: bytes


@pytest.mark.parametrize("speed", [None, 100.0])
async def test_simulator_vouches_for_quiet_times_at_any_speed(speed: float | None) -> None:
    source = simulator(rate=0.05, history=0, length=120 * SECOND, speed=speed)
    beats = [int(frame.meta["heartbeat"]) async for frame in source.frames() if "heartbeat" in frame.meta]
    longest = np.max if speed is None else np.median  # at a speed a busy machine may make one late
    assert longest(np.diff([START, *beats])) <= 2 * SECOND
    assert beats[-1] == START + 120 * SECOND
    await check_source(simulator(rate=0.05, history=0, length=120 * SECOND))


async def test_history_equals_what_the_transform_makes_of_the_trades() -> None:
    source = simulator(rate=40.0, history=0, length=180 * SECOND)
    frames = [frame async for frame in source.frames()]
    messages = [Message(i, 4 * 10**12, frame.encode()) for i, frame in enumerate(frames)]
    transform = Transform(topic="ticks", partitions=1, tolerance=5.0)
    state = BarState.new(Rules.of(("1s", "1m")))
    made, rejects = transform.run(state, 0, messages)
    assert not len(rejects)
    for interval in ("1s", "1m"):
        expected = await source.history(made_up_symbols(8), interval, START, START + 180 * SECOND)
        expected = expected.take(np.lexsort((expected.labels("symbol").codes, expected.ints("start"))))
        found = {(bar.start, bar.symbol): bar for bar in made[interval].rows() if bar.quality != "no_trade"}
        traded = [bar for bar in expected.rows() if bar.quality == "ok"]
        assert len(traded) == len(found)
        for bar in traded:
            other = found[bar.start, bar.symbol]
            assert replace(other, vwap=bar.vwap, quality="ok") == bar
            assert other.vwap == pytest.approx(bar.vwap, rel=1e-12)


async def test_history_refuses_what_it_does_not_make() -> None:
    with pytest.raises(SourceError, match=r"expected symbols out of .*was \('AAPL',\)"):
        await simulator().history(["AAPL"], "1m", START, START + DAY)
    with pytest.raises(SourceError, match="expected at most 2000000 trades"):
        await simulator(rate=1e6).history(["SIM:ALFA"], "1m", START, START + DAY)
    with pytest.raises(SourceError, match="simulator: expected a start from"):
        simulator(start=5)
    assert not len(await simulator().history(["SIM:ALFA"], "1m", 0, EPOCH))


async def test_a_high_rate_shortens_the_past() -> None:
    _, bars = await run(simulator(history=10_000, rate=20_000.0, length=SECOND))
    ones = bars.take(bars.labels("interval").equals("1s"))
    assert len(np.unique(ones.ints("start"))) == 100


def test_made_up_symbols_are_distinct() -> None:
    names = made_up_symbols(200)
    assert len(set(names)) == 200
    assert all(name.startswith("SIM:") for name in names)
