"""The direction of the next second, on a made-up book that leans, and on recorded ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from causal_alpha.commands.evaluate import evaluate
from causal_alpha.errors import ModelError, SourceError
from causal_alpha.evaluation.direction import judge_direction
from causal_alpha.evaluation.moments import read_moments
from causal_alpha.intervals import SECOND
from causal_alpha.models import direction


def ticks(path: Path, *, seconds: int = 400, lean: float = 1.0, seed: int = 1) -> Path:
    """Five quotes and a trade a second; the middle follows the imbalance with strength `lean`."""
    rng = np.random.default_rng(seed)
    n = 5 * seconds
    imbalance = np.repeat(rng.uniform(-0.9, 0.9, seconds), 5)
    odds = 0.5 + 0.5 * lean * np.sign(imbalance)
    steps = np.where(rng.random(n) < odds, 0.01, -0.01) * (np.arange(n) % 5 == 4)
    middle = 100 + np.cumsum(np.concatenate([[0.0], steps[:-1]]))
    stamps = 10**18 + np.arange(n) * SECOND // 5
    quotes: dict[str, Any] = {
        "recv_ts_ns": stamps,
        "kind": ["Q"] * n,
        "bid": middle - 0.005,
        "ask": middle + 0.005,
        "bid_qty": 1 + imbalance,
        "ask_qty": 1 - imbalance,
    }
    trades: dict[str, Any] = {
        "recv_ts_ns": stamps[::5] + 7,
        "kind": ["T"] * seconds,
        "price": middle[::5],
        "qty": np.ones(seconds),
        "buyer_is_maker": rng.random(seconds) < 0.5,
    }
    names = ("recv_ts_ns", "kind", "price", "qty", "buyer_is_maker", "bid", "bid_qty", "ask", "ask_qty")
    kinds: Any = (pa.int64(), pa.string(), pa.float64(), pa.float64(), pa.bool_(), *[pa.float64()] * 4)
    schema = pa.schema([("symbol", pa.string()), *zip(names, kinds, strict=True)])
    tables = []
    for part in (quotes, trades):
        rows = len(part["kind"])
        columns: Any = {name: part.get(name, pa.nulls(rows)) for name in names}
        tables.append(pa.table({"symbol": ["A"] * rows, **columns}).cast(schema))
    pq.write_table(pa.concat_tables(tables), path)
    return path


def test_moments_see_what_was_received_and_no_more(tmp_path: Path) -> None:
    path = ticks(tmp_path / "ticks.parquet")
    (whole,) = read_moments(path)
    table = pq.read_table(path)
    cut = int(whole.ts[len(whole.ts) // 2])
    early = table.filter(table.column("recv_ts_ns").to_numpy() <= cut)
    pq.write_table(early, tmp_path / "early.parquet")
    (part,) = read_moments(tmp_path / "early.parquet")
    n = len(part.ts)

    assert whole.ts[:n].tolist() == part.ts.tolist()
    assert whole.inputs[:n].tobytes() == part.inputs.tobytes()
    assert whole.scale[:n].tobytes() == part.scale.tobytes()
    assert np.isnan(part.move[-9:]).all()


def test_book_that_leans_is_followed_and_one_that_does_not_gives_a_coin(tmp_path: Path) -> None:
    model, leaning = judge_direction(read_moments(ticks(tmp_path / "a.parquet", lean=0.8)))
    _, level = judge_direction(read_moments(ticks(tmp_path / "b.parquet", lean=0.0)))

    assert model.weights[0] > 0.1
    assert leaning["A"]["low"] > 0.6
    assert leaning["A"]["low"] < leaning["A"]["accuracy"] < leaning["A"]["high"]
    assert level["A"]["low"] < 0.5 < level["A"]["high"]


def test_too_little_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="expected two minutes of quotes"):
        read_moments(ticks(tmp_path / "short.parquet", seconds=60))
    with pytest.raises(ModelError, match="expected at least 300 complete ones, was 0"):
        direction.fit(np.full((5, 3), np.nan), np.ones(5), np.ones(5))
    pq.write_table(pa.table({"symbol": ["A"]}), tmp_path / "other.parquet")
    with pytest.raises(SourceError, match="expected trades and quotes in columns symbol, kind"):
        read_moments(tmp_path / "other.parquet")


@pytest.mark.market
def test_recorded_books_tell_the_direction_of_the_next_second(market: Path) -> None:
    """The goal: accuracy of at least .60, its lower bound above .55, on every instrument's later minutes."""
    file = market / "crypto_ticks_20240808.parquet"
    done = CliRunner().invoke(evaluate, ["--data", str(file), "--direction"], catch_exceptions=False)
    rows = [line.split() for line in done.stdout.splitlines()[1:]]

    assert len(rows) == 6
    for symbol, accuracy, low, *_ in rows:
        assert float(accuracy) >= 0.60, symbol
        assert float(low) > 0.55, symbol
