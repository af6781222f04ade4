"""The market of the race is one that every contender's rules read alike, with all that a feed brings."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import market
from benchmarks.market import LATENESS, LENGTH
from causal_alpha.intervals import SECOND

TICKS = market.make_ticks(60_000)


def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {"symbol": TICKS.labels("symbol").tolist(), "ts": TICKS.ints("ts"), "id": TICKS.ints("id")}
    ).assign(start=lambda row: row["ts"] - row["ts"] % LENGTH)


def test_make_ticks_gives_as_many_as_asked_the_same_for_a_seed() -> None:
    assert len(TICKS) == 60_000
    assert market.make_ticks(60_000).encode() == TICKS.encode()
    assert market.make_ticks(60_000, seed=8).encode() != TICKS.encode()


def test_make_ticks_jitters_repeats_and_delays_some() -> None:
    row = rows()
    behind = row["ts"].cummax() - row["ts"]

    assert row.duplicated(["symbol", "id"]).mean() == pytest.approx(0.01, rel=0.02)
    assert (behind > 69 * SECOND).mean() == pytest.approx(0.005, rel=0.2)
    assert ((behind > 0) & (behind < 5 * SECOND)).mean() == pytest.approx(0.03, rel=0.2)
    assert not ((behind >= LATENESS * SECOND) & (behind <= 69 * SECOND)).any()


@pytest.mark.parametrize("spacing", [market.SPACING, 10 * market.SPACING])
def test_every_contender_calls_the_same_ticks_late(spacing: int) -> None:
    ticks = market.make_ticks(60_000, spacing=spacing)
    row = pd.DataFrame({"symbol": ticks.labels("symbol").tolist(), "ts": ticks.ints("ts")})
    end = row["ts"] - row["ts"] % LENGTH + LENGTH
    stream = row["ts"].cummax() - LATENESS * SECOND
    own = row.groupby("symbol")["ts"].cummax() - LATENESS * SECOND

    by_stream = end <= stream
    by_symbol = end <= own
    by_watermark_of_the_symbol = row["ts"] < own

    assert by_stream.any()
    assert by_stream.equals(by_symbol)
    assert by_stream.equals(by_watermark_of_the_symbol)


def test_a_second_copy_has_no_greater_id_than_its_bar_has_seen() -> None:
    row = rows()
    again = row.duplicated(["symbol", "id"])
    seen = row.groupby(["symbol", "start"])["id"].cummax().groupby([row["symbol"], row["start"]]).shift()

    assert (row["id"][again] <= seen[again]).all()
    assert not (row["id"][~again] <= seen[~again]).any()


def test_oracle_takes_each_trade_in_time_once() -> None:
    bars = market.oracle(TICKS)
    row = rows()
    late = row["ts"] < row["ts"].cummax() - 69 * SECOND

    assert bars["trades"].sum() == (~late & ~row.duplicated(["symbol", "id"])).sum()
    assert (bars["low"] <= bars[["open", "close", "vwap"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close", "vwap"]].max(axis=1)).all()


def test_oracle_leaves_out_what_nothing_closes() -> None:
    newest = int(TICKS.ints("ts").max())
    every, stream, symbol = (market.oracle(TICKS, by) for by in ("end", "stream", "symbol"))

    assert set(symbol.index) <= set(stream.index) < set(every.index)
    assert (stream.index.get_level_values("start") + LENGTH + LATENESS * SECOND).max() <= newest


def test_messages_hold_the_ticks() -> None:
    few = TICKS.take(np.arange(2_500))

    assert sum(1 for _ in market.as_json(few)) == 2_500
    assert [len(few.decode(few.record, value)) for _, value in market.as_frames(few, 1_000)] == [1_000, 1_000, 500]
