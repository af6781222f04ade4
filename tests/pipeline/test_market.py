"""Real market data through the real pipeline equals a plain pandas resample."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.pipeline.streams import balance, stored, wait_for

pytestmark = [pytest.mark.services, pytest.mark.market]

EXACT = ["open", "high", "low", "close", "trades"]
SUMS = ["volume", "vwap"]


def replay(file: Path, worker: Any, *arguments: str) -> None:
    """`causal-alpha source replay FILE` as fast as it can."""
    settings = worker.settings
    command = [sys.executable, "-m", "causal_alpha", "source", "replay", str(file), "--speed", "0"]
    options = ["--broker", settings["broker"], "--app-id", settings["app_id"]]
    partitions = ["--partitions", settings.get("partitions", "1")]
    subprocess.run([*command, *arguments, *options, *partitions], check=True, timeout=120)


def traded(mongo: str, database: str, interval: str) -> list[dict[str, Any]]:
    """The bars of an interval in which somebody traded."""
    bars = stored(mongo, database, "bars")
    return [bar for bar in bars if bar["interval"] == interval and bar["quality"] in {"ok", "partial"}]


def bars_of(mongo: str, database: str, interval: str) -> pd.DataFrame:
    return pd.DataFrame(traded(mongo, database, interval)).set_index(["symbol", "start"]).sort_index()


def has_bars(mongo: str, database: str, interval: str, n: int) -> bool:
    return len(traded(mongo, database, interval)) >= n


def test_crypto_trades_become_the_bars_that_pandas_makes(market: Path, worker: Any, mongo: str) -> None:
    file = market / "crypto_ticks_20240808.parquet"
    trades = pd.read_parquet(file).query("kind == 'T'")
    start = pd.to_datetime(trades["exch_ts_ms"], unit="ms").astype("datetime64[ns]")
    trades = trades.assign(at=start, turnover=trades["price"] * trades["qty"])
    running = worker(partitions=3, lateness=1.0)

    replay(file, running)

    wait_for(lambda: balance(running.url)["in"] == len(trades), what=f"{len(trades)} rows")
    for interval, width in (("1s", "1s"), ("1m", "1min")):
        groups = trades.groupby(["symbol", trades["at"].dt.floor(width)], sort=True)
        expected = groups["price"].ohlc()
        expected["trades"], expected["volume"] = groups.size(), groups["qty"].sum()
        expected["vwap"] = groups["turnover"].sum() / expected["volume"]
        expected.index = expected.index.set_names(["symbol", "start"])
        wait_for(partial(has_bars, mongo, running.database, interval, len(expected)), 180, f"bars of {interval}")
        found = bars_of(mongo, running.database, interval)
        pd.testing.assert_frame_equal(
            found[EXACT], expected[EXACT], check_exact=True, check_dtype=False, check_index_type=False
        )
        pd.testing.assert_frame_equal(
            found[SUMS], expected[SUMS], rtol=1e-9, atol=0, check_dtype=False, check_index_type=False
        )
    counts = balance(running.url)
    assert counts == {"in": len(trades), "in_bars": len(trades), "late": 0, "duplicate": 0, "rejected": 0}


def test_equity_minutes_arrive_as_they_are_in_the_file(market: Path, worker: Any, mongo: str) -> None:
    file = market / "us_equity_1min.parquet"
    table = pd.read_parquet(file)
    start = (table["ts_utc"].dt.tz_localize(None) - pd.Timedelta(minutes=1)).astype("datetime64[ns]")
    table = table.assign(start=start)
    groups = table.groupby(["symbol", table["start"].dt.floor("1min")], sort=True)
    expected = groups.agg(
        open=("open", "first"),
        high=("high", "max"),
        low=("low", "min"),
        close=("close", "last"),
        volume=("volume", "sum"),
    )
    running = worker()

    replay(file, running, "--stamped", "end")

    wait_for(partial(has_bars, mongo, running.database, "1m", len(table)), 180, f"{len(table)} bars")
    found = bars_of(mongo, running.database, "1m")
    columns = list(expected)
    pd.testing.assert_frame_equal(
        found[columns], expected[columns], check_exact=True, check_dtype=False, check_index_type=False
    )
    wait_for(lambda: len(stored(mongo, running.database, "features")) == len(table), 180, "features of every bar")
    assert stored(mongo, running.database, "rejects") == []
