import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.barstate import BarState, Rules
from causal_alpha.checks import check_source
from causal_alpha.errors import SourceError
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, MILLISECOND, SECOND
from causal_alpha.records import NO_ID, Bar, Tick
from causal_alpha.sources.base import Source
from causal_alpha.sources.replay import Replay
from causal_alpha.transform import Transform
from tests.sources.test_yahoo import Message

NOON = 1_719_835_200 * SECOND
MINUTE = 60 * SECOND


def write(path: Path, **columns: Any) -> Path:
    table = pa.table(columns)
    if path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


async def run(source: Replay) -> list[Frame[Any]]:
    return [frame async for frame in source.frames()]


async def rows(source: Replay) -> Any:
    """All rows of a feed in one frame."""
    return Frame.concat(await run(source))


def ticks(n: int) -> dict[str, Any]:
    return {
        "symbol": [("A", "B")[i % 2] for i in range(n)],
        "ts": [NOON + i * 250 * MILLISECOND for i in range(n)],
        "price": [100.0 + i / 8 for i in range(n)],
        "size": [float(i) for i in range(n)],
    }


def bars(n: int, step: int = MINUTE) -> dict[str, Any]:
    return {
        "symbol": [name for _ in range(n) for name in "AB"],
        "start": [NOON + i * step for i in range(n) for _ in "AB"],
        **{name: [10.0 + i for i in range(2 * n)] for name in ("open", "high", "low", "close")},
        "volume": [5.0] * (2 * n),
    }


@pytest.mark.parametrize("ending", ["parquet", "csv"])
async def test_replay_reads_ticks_as_they_are(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"ticks.{ending}", **ticks(3_000))
    source = Replay(path)
    assert isinstance(source, Source)
    await check_source(source)
    found = await rows(Replay(path))
    for name, values in ticks(3_000).items():
        assert found.columns[name].tolist() == values
    assert found.ints("id").tolist() == list(range(3_000))
    assert set(found.labels("source").tolist()) == {f"replay:ticks.{ending}"}
    assert np.isnan(found.floats("bid")).all()


async def test_replay_reads_back_the_columns_of_records(tmp_path: Path) -> None:
    given = [
        Tick(symbol="A", ts=NOON, price=1.0, size=2.0, id=7, bid=0.5, ask=1.5, source="yahoo"),
        Tick(symbol="B", ts=NOON + 1, price=3.0, size=0.0, source="yahoo"),
    ]
    path = write(tmp_path / "t.parquet", **{n: [getattr(r, n) for r in given] for n in Tick.__struct_fields__})
    first, second = (await rows(Replay(path))).rows()
    assert (first.id, first.bid, first.ask, first.source) == (7, 0.5, 1.5, "replay:t.parquet")
    assert second.id == NO_ID


async def test_replay_passes_on_bad_cells_for_the_transform_to_reject(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(
        "symbol,ts,price,size\nA,2024-07-01T12:00:00Z,1.5,2\nA,2024-07-01T12:00:01Z,,2\n"
        "A,2024-07-01T12:00:02Z,dear,2\n,2024-07-01T12:00:03Z,1.5,2\nA,tomorrow,1.5,2\n"
    )
    found = list((await rows(Replay(path))).rows())
    assert [row.symbol for row in found] == ["A", "A", "A", "", "A"]
    assert [row.ts - NOON if row.ts else None for row in found] == [0, SECOND, 2 * SECOND, 3 * SECOND, None]
    np.testing.assert_array_equal([row.price for row in found], [1.5, np.nan, np.nan, 1.5, 1.5])


async def test_replay_keeps_rows_out_of_order_where_they_are(tmp_path: Path) -> None:
    times = [NOON, NOON + 9 * SECOND, NOON + 8_500 * MILLISECOND, NOON + 12 * SECOND]
    path = write(tmp_path / "t.csv", symbol=["A"] * 4, ts=times, price=[1.0] * 4, size=[1.0] * 4)
    frames = await run(Replay(path))
    assert Frame.concat(frames).ints("ts").tolist() == times
    assert frames[-1].meta == {"heartbeat": str(NOON + 12 * SECOND), "source": "replay:t.csv"}
    await check_source(Replay(path))


async def test_replay_is_not_led_astray_by_a_stamp_from_the_future(tmp_path: Path) -> None:
    times = [NOON, 4 * 10**18, NOON + 3 * SECOND]
    path = write(tmp_path / "t.csv", symbol=["A"] * 3, ts=times, price=[1.0] * 3, size=[1.0] * 3)
    frames = await run(Replay(path))
    assert Frame.concat(frames).ints("ts").tolist() == times
    assert frames[-1].meta == {"heartbeat": str(NOON + 3 * SECOND), "source": "replay:t.csv"}


class FakeClock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(1, round(seconds * SECOND))


@pytest.mark.parametrize("speed", [1.0, 10.0])
async def test_replay_of_ticks_keeps_their_time(tmp_path: Path, speed: float) -> None:
    path = write(tmp_path / "t.parquet", **ticks(12))
    clock = FakeClock()
    source = Replay(path, speed=speed, clock=clock, sleep=clock.sleep)
    async for frame in source.frames():
        if len(frame):
            late = clock.now - (frame.ints("ts") - NOON) / speed
            assert ((late >= 0) & (late <= 10 * MILLISECOND + 12)).all()
    assert clock.now == pytest.approx(11 * 0.25 * SECOND / speed, abs=20 * MILLISECOND)


async def test_replay_beats_while_nothing_happens(tmp_path: Path) -> None:
    times = [NOON, NOON + 5 * SECOND]
    path = write(tmp_path / "t.csv", symbol=["A"] * 2, ts=times, price=[1.0] * 2, size=[1.0] * 2)
    clock = FakeClock()
    beats = [
        (int(frame.meta["heartbeat"]) - NOON) / SECOND
        async for frame in Replay(path, speed=1.0, clock=clock, sleep=clock.sleep).frames()
        if frame.meta
    ]
    # one second behind, for rows out of order; at the end there are none
    assert beats == pytest.approx([-1.0, 0.0, 1.0, 2.0, 3.0, 5.0], abs=0.02)


@pytest.mark.parametrize("speed", [None, 1.0, 60.0])
async def test_replay_tells_a_quiet_minute_from_a_hole_in_the_file_at_any_speed(
    tmp_path: Path, speed: float | None
) -> None:
    times = [NOON, NOON + 40 * SECOND, NOON + 400 * SECOND]
    path = write(tmp_path / "t.csv", symbol=["A"] * 3, ts=times, price=[1.0] * 3, size=[1.0] * 3)
    clock = FakeClock()
    source = Replay(path, speed=speed, clock=clock, sleep=clock.sleep)
    said = [frame.meta async for frame in source.frames() if frame.meta]
    beats = [(int(meta["heartbeat"]) - NOON) / SECOND for meta in said if meta.get("source") == source.name]
    lonely = [(int(meta["heartbeat"]) - NOON) / SECOND for meta in said if "source" not in meta]
    assert beats[0] <= 2.0
    assert np.diff([beat for beat in beats if beat <= 100]).max() <= 2.0
    assert max(beat for beat in beats if beat < 300) == 100.0  # a minute after the last row
    assert beats[-1] == 400.0
    assert all(beat == -1 or 100 < beat < 400 for beat in lonely)  # before the first row, and in the hole
    await check_source(Replay(path))


async def made_of(source: Replay) -> dict[str, list[Bar]]:
    """The bars that the transform makes of a feed."""
    state, transform = BarState.new(Rules.of(("1s", "1m"))), Transform(topic="ticks", partitions=1, tolerance=5.0)
    bars: dict[str, list[Bar]] = {"1s": [], "1m": []}
    async for frame in source.frames():
        made, _ = transform.run(state, 0, [Message(0, 4 * 10**12, frame.encode())])
        for interval, part in made.items():
            bars[interval] += part.rows()
    return {interval: sorted(made, key=lambda bar: (bar.start, bar.symbol)) for interval, made in bars.items()}


async def test_replay_at_any_speed_makes_the_same_bars(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    steps = random.choice([200, 3_000, 9_000, 30_000, 200_000], 40, p=[0.5, 0.2, 0.15, 0.1, 0.05])
    times = (NOON + np.cumsum(steps) * MILLISECOND).tolist()
    table = {"symbol": random.choice(["A", "B"], 40).tolist(), "price": [1.0] * 40, "size": [1.0] * 40}
    path = write(tmp_path / "t.csv", ts=times, **table)
    made = []
    for speed in (None, 1.0, 20.0):
        clock = FakeClock()
        made.append(await made_of(Replay(path, speed=speed, clock=clock, sleep=clock.sleep)))
    qualities = {bar.quality for bar in made[0]["1s"]}
    assert qualities >= {"ok", "no_trade", "no_data"}
    assert made[1] == made[0]
    assert made[2] == made[0]


async def test_replay_of_bars_emits_a_time_at_once_when_it_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "b.parquet", **bars(5))
    clock = FakeClock()
    async for frame in Replay(path, speed=60.0, clock=clock, sleep=clock.sleep).frames():
        assert frame.labels("symbol").tolist() == ["A", "B"]
        (start,) = set(frame.ints("start").tolist())
        assert clock.now == pytest.approx((start - NOON) / 60, abs=20 * MILLISECOND)
    await check_source(Replay(path))


@pytest.mark.parametrize("ending", ["parquet", "csv"])
async def test_replay_of_bars_fills_in_what_the_file_has_not(tmp_path: Path, ending: str) -> None:
    table = bars(3)
    del table["volume"]
    table["close"][1] = None
    found = list((await rows(Replay(write(tmp_path / f"b.{ending}", **table)))).rows())
    assert found[0] == Bar(
        symbol="A", interval="1m", start=NOON, open=10.0, high=10.0, low=10.0, close=10.0,
        volume=0.0, vwap=10.0, trades=0, source=f"replay:b.{ending}",
    )  # fmt: skip
    assert found[1].quality == "no_data"
    assert np.isnan(found[1].open)


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(12)), batch=st.integers(1, 5))
def test_replay_sorts_a_file_of_bars_that_is_not_by_time(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], batch: int
) -> None:
    path = tmp_path_factory.mktemp("bars") / "b.parquet"
    table = pa.table(bars(6)).take(order)
    pq.write_table(table, path, row_group_size=batch)
    frames = asyncio.run(run(Replay(path)))
    starts = np.concatenate([frame.ints("start") for frame in frames])
    assert starts.tolist() == sorted(bars(6)["start"])
    ends = [set(frame.ints("start").tolist()) for frame in frames]
    assert all(not one & other for one, other in pairwise(ends))


async def test_replay_keeps_times_whole_across_the_batches_of_a_large_file(tmp_path: Path) -> None:
    path = write(tmp_path / "b.parquet", **bars(70_000, SECOND))
    frames = await run(Replay(path))
    assert sum(map(len, frames)) == 140_000
    assert all(np.bincount((frame.ints("start") - NOON) // SECOND)[-1] == 2 for frame in frames)
    assert max(map(len, frames)) <= 4_002


async def test_replay_normalises_bars_that_are_stamped_by_their_end(tmp_path: Path) -> None:
    path = write(tmp_path / "b.parquet", **bars(3))
    found = await rows(Replay(path, stamped="end"))
    assert found.ints("start").tolist()[::2] == [NOON - MINUTE, NOON, NOON + MINUTE]


@pytest.mark.parametrize(
    ("shift", "message"),
    [(30 * MINUTE, "expected starts on the grid of 1h, was 2024-07-01T12:30"), (-NOON, "grid of 1h, was 1970-01-01")],
)
async def test_replay_refuses_bars_off_the_grid(tmp_path: Path, shift: int, message: str) -> None:
    table = bars(3, 60 * MINUTE)
    table["start"] = [start + shift for start in table["start"]]
    with pytest.raises(SourceError, match=message):
        await run(Replay(write(tmp_path / "b.parquet", **table)))


@pytest.mark.parametrize("make", [ticks, bars])
async def test_replay_can_be_run_again(tmp_path: Path, make: Any) -> None:
    source = Replay(write(tmp_path / "t.parquet", **make(9)))
    first, second = [[frame.encode() for frame in await run(source)] for _ in range(2)]
    assert first == second != []


async def test_replay_takes_names_zone_and_symbol_from_its_caller(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("when,last,lots\n2024-07-01 08:00:00,5.5,3\n")
    mapping = {"ts": "when", "price": "last", "size": "lots"}
    (row,) = (await rows(Replay(path, columns=mapping, symbol="X", zone="America/New_York"))).rows()
    assert (row.symbol, row.ts, row.price, row.size) == ("X", NOON, 5.5, 3.0)


async def test_replay_finds_the_interval_or_asks_for_it(tmp_path: Path) -> None:
    assert set((await rows(Replay(write(tmp_path / "h.csv", **bars(3, 60 * MINUTE))))).labels("interval").names) == {
        "1h"
    }
    one = write(tmp_path / "one.csv", **bars(1))
    with pytest.raises(SourceError, match="interval: expected to find it from the times of the bars"):
        await run(Replay(one))
    assert set((await rows(Replay(one, interval="5m"))).labels("interval").names) == {"5m"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"zone": "Mars/Olympus"}, "zone: expected a name such as UTC .*, was 'Mars/Olympus'"),
        ({"interval": "7m"}, "interval: expected a divisor of one day"),
        ({"columns": {"price": "px"}}, "expected a mapping of fields"),
    ],
)
def test_replay_refuses_wrong_arguments(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "t.parquet", **ticks(1))
    with pytest.raises(SourceError, match=message):
        Replay(path, **arguments)


def test_replay_refuses_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected a readable file"):
        Replay(tmp_path / "absent.parquet")
    with pytest.raises(SourceError, match=r"expected a \.parquet or \.csv file, was \.xlsx"):
        Replay(tmp_path / "t.xlsx")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(SourceError, match="expected a readable file"):
        Replay(tmp_path / "broken.parquet")
    with pytest.raises(SourceError, match=r"letters.csv: columns: expected symbol, ts, price, size of ticks"):
        Replay(write(tmp_path / "letters.csv", a=[1], b=[2]))


async def test_replay_of_an_empty_file_ends(tmp_path: Path) -> None:
    empty = {name: pa.array([], pa.float64() if name not in ("symbol", "ts") else pa.string()) for name in ticks(0)}
    assert await run(Replay(write(tmp_path / "t.parquet", **empty))) == []


async def test_replay_carries_quotes_to_the_trades_that_follow(tmp_path: Path) -> None:
    kinds = ["T", "Q", "T", "Q", "X", "T", "T"]
    path = write(
        tmp_path / "q.parquet",
        symbol=["A", "A", "A", "B", "A", "B", "A"],
        exch_ts_ms=[NOON // MILLISECOND + i for i in range(7)],
        kind=kinds,
        price=[1.0, None, 2.0, None, 9.0, 3.0, 4.0],
        qty=[1.0, None, 1.0, None, 9.0, 1.0, 1.0],
        bid=[None, 0.5, None, 2.5, None, None, None],
        bid_qty=[None, 5.0, None, 25.0, None, None, None],
        ask=[None, 1.5, None, 3.5, None, None, None],
    )
    found = list((await rows(Replay(path))).rows())
    assert [(row.symbol, row.id, row.price) for row in found] == [("A", 0, 1.0), ("A", 2, 2.0), ("B", 5, 3.0),
                                                                  ("A", 6, 4.0)]  # fmt: skip
    np.testing.assert_array_equal([row.bid for row in found], [np.nan, 0.5, 2.5, 0.5])
    np.testing.assert_array_equal([row.ask for row in found], [np.nan, 1.5, 3.5, 1.5])
    np.testing.assert_array_equal([row.bid_size for row in found], [np.nan, 5.0, 25.0, 5.0])
    assert all(np.isnan(row.ask_size) for row in found)


async def test_replay_carries_quotes_across_the_batches_of_a_large_file(tmp_path: Path) -> None:
    n = 70_000
    path = write(
        tmp_path / "q.parquet",
        symbol=["B", "A"] + ["A", "B", "C"] * n,
        ts=[NOON] * (3 * n + 2),
        kind=["Q", "Q"] + ["T"] * (3 * n),
        price=[1.0] * (3 * n + 2),
        qty=[1.0] * (3 * n + 2),
        bid=[2.0, 1.0] + [None] * (3 * n),
        ask=[4.0, 3.0] + [None] * (3 * n),
    )
    found = await rows(Replay(path))
    for symbol, bid in (("A", 1.0), ("B", 2.0)):
        assert set(found.floats("bid")[found.labels("symbol").equals(symbol)].tolist()) == {bid}
    assert np.isnan(found.floats("ask")[found.labels("symbol").equals("C")]).all()


async def test_replay_reads_back_quotes_and_buys_of_bars(tmp_path: Path) -> None:
    bar = Bar(
        symbol="A", interval="1m", start=NOON, open=1.0, high=2.0, low=1.0, close=2.0, volume=3.0, vwap=1.5, trades=2,
        bid=1.9, ask=2.1, bid_size=5.0, ask_size=6.0, buy_volume=1.0,
    )  # fmt: skip
    path = write(tmp_path / "b.parquet", **{name: [getattr(bar, name)] for name in Bar.__struct_fields__})
    (found,) = (await rows(Replay(path))).rows()
    assert found == msgspec.structs.replace(bar, source="replay:b.parquet")


# -- recorded data -------------------------------------------------------------------------------


@pytest.mark.market
async def test_replay_of_recorded_crypto_keeps_every_trade_with_its_quote(market: Path) -> None:
    path = market / "crypto_ticks_20240808.parquet"
    await check_source(Replay(path))
    found = await rows(Replay(path))
    table = pd.read_parquet(path)
    quotes = table.groupby("symbol")[["bid", "ask"]].ffill()
    sizes = table.groupby("symbol")[["bid_qty", "ask_qty"]].ffill()
    trades = table[table["kind"] == "T"]
    assert found.labels("symbol").tolist() == trades["symbol"].tolist()
    assert found.ints("ts").tolist() == (trades["exch_ts_ms"] * MILLISECOND).tolist()
    assert found.floats("price").tolist() == trades["price"].tolist()
    assert found.floats("size").tolist() == trades["qty"].tolist()
    assert found.ints("id").tolist() == trades.index.tolist()
    for side in ("bid", "ask"):
        np.testing.assert_array_equal(found.floats(f"{side}_size"), sizes.loc[trades.index, f"{side}_qty"])
        np.testing.assert_array_equal(found.floats(side), quotes.loc[trades.index, side])


@pytest.mark.market
@pytest.mark.parametrize(
    ("name", "arguments", "interval"),
    [
        ("us_equity_1min", {"stamped": "end"}, "1m"),
        ("btc_perp_1min", {}, "1m"),
        ("us_daily", {}, "1d"),
    ],
)
async def test_replay_of_recorded_bars_equals_the_file(
    market: Path, name: str, arguments: dict[str, Any], interval: str
) -> None:
    path = market / f"{name}.parquet"
    await check_source(Replay(path, **arguments))
    found = await rows(Replay(path, **arguments))
    table = pd.read_parquet(path)
    time = "date" if interval == "1d" else "ts_utc"
    table["start"] = pd.to_datetime(table[time], utc=True).astype("datetime64[ns, UTC]").astype("int64")
    table = table.sort_values("start", kind="stable")
    starts = table["start"] - (MINUTE if arguments else 0)
    assert found.ints("start").tolist() == starts.tolist()
    assert found.labels("symbol").tolist() == table["symbol"].tolist()
    assert set(found.labels("interval").tolist()) == {interval}
    for column in ("open", "high", "low", "close", "volume"):
        assert found.floats(column).tolist() == table[column].tolist()
    assert set(found.labels("quality").tolist()) == {"ok"}


@pytest.mark.market
async def test_replay_of_recorded_currencies_takes_the_middle(market: Path) -> None:
    table = pd.read_parquet(market / "fx_1min_gbpusd_2012.parquet")
    found = await rows(Replay(market / "fx_1min_gbpusd_2012.parquet"))
    assert found.floats("close").tolist() == ((table["bid_close"] + table["ask_close"]) / 2).tolist()
    mid = pd.read_parquet(market / "fx_1min_gbpusd_2018.parquet")
    found = await rows(Replay(market / "fx_1min_gbpusd_2018.parquet", zone="America/New_York"))
    assert found.floats("open").tolist() == found.floats("close").tolist() == mid["mid"].tolist()
    assert (found.ints("start")[0] % DAY) // (3600 * SECOND) == 4  # midnight in New York in summer


@pytest.mark.market
async def test_replay_of_a_csv_equals_that_of_the_parquet(market: Path, tmp_path: Path) -> None:
    table = pq.read_table(market / "us_equity_1min.parquet")
    pa.csv.write_csv(table, tmp_path / "us_equity_1min.csv")
    ours = await rows(Replay(tmp_path / "us_equity_1min.csv", stamped="end"))
    theirs = await rows(Replay(market / "us_equity_1min.parquet", stamped="end"))
    for name in ("start", "open", "high", "low", "close", "volume", "vwap"):
        assert ours.columns[name].tolist() == theirs.columns[name].tolist()
