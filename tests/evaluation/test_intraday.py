"""Bars of a minute go the way that those of a day go."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from causal_alpha.checks.forecaster import made_up
from causal_alpha.commands.evaluate import evaluate
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError, SourceError
from causal_alpha.evaluation.tournament import STRETCH, Origins
from causal_alpha.frames import Frame, Labels
from causal_alpha.intervals import DAY, SECOND
from causal_alpha.intraday import read_intraday
from causal_alpha.models import har
from causal_alpha.models.artefact import look_back
from causal_alpha.records import Bar
from causal_alpha.scoring import floor_of

MINUTE = 60 * SECOND
OPENED = 10_000 * DAY
NIGHT = 400
"""The minute before which the market was closed for an hour."""


def minutes(scale: float = 0.02) -> Frame[Bar]:
    """The made-up panel with a minute for a day and moves to match, and a pause."""
    days = made_up(symbols=4, sessions=800, odd=False)
    place = days.ints("start") // DAY
    prices = {name: np.exp(scale * np.log(days.floats(name))) for name in ("open", "high", "low", "close")}
    return Frame(
        Bar,
        {
            **days.columns,
            **prices,
            "interval": Labels.constant("1m", len(days)),
            "start": OPENED + (place + 60 * (place >= NIGHT)) * MINUTE,
        },
    )


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_bars(minutes())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    bars = minutes()
    stamps = pa.array(bars.ints("start"), pa.int64()).cast(pa.timestamp("ns", "UTC"))
    prices: Any = {name: bars.floats(name) for name in ("open", "high", "low", "close", "volume")}
    path = tmp_path / "minutes.parquet"
    pq.write_table(pa.table({"symbol": bars.labels("symbol").tolist(), "ts_utc": stamps, **prices}), path)
    return path


def test_nobody_is_asked_about_the_first_minute_after_a_pause(data: Dataset) -> None:
    for horizon in (1, 5):
        returns, variance = data.future(horizon)
        asked = data.place < 800 - horizon
        over = (data.place >= NIGHT - horizon) & (data.place < NIGHT)
        assert np.isnan(returns[over]).all()
        assert np.isnan(variance[over]).all()
        assert np.isfinite(variance[asked & ~over]).all()


def test_session_of_a_schedule_stands_for_seventy_minutes(data: Dataset) -> None:
    origins = Origins.of(data, int(data.sessions[600]))

    assert origins.stretch == STRETCH == 70
    assert [block.stop - block.start for block in origins.blocks(2)] == [140, 60]


def test_variances_of_a_minute_are_far_below_the_floor_of_a_day(data: Dataset) -> None:
    rows = np.flatnonzero((data.place >= 500) & (data.place < 795))
    said = look_back(har.fit(data.until(int(data.sessions[500]))), data, rows).ranges[:, 0]
    truth = data.future(1)[1][rows]

    assert np.nanmedian(truth) < floor_of("1d")
    assert floor_of("1m") < np.nanmin(said)
    assert np.nanmean(truth) / np.nanmean(said) == pytest.approx(1, abs=0.25)


def test_command_judges_minutes(file: Path) -> None:
    options = ["--data", str(file), "--interval", "1m", "--families", "ewma,har", "--jobs", "1"]
    said = CliRunner().invoke(evaluate, options, catch_exceptions=False)

    assert "267 origins" in said.stderr
    assert [line.split()[:2] for line in said.stdout.splitlines()[1:5]] == [
        ["ewma", "1"],
        ["ewma", "5"],
        ["har", "1"],
        ["har", "5"],
    ]


def test_file_is_read_as_a_replay_reads_it(file: Path, tmp_path: Path) -> None:
    bars, left_out = read_intraday(file, "1m")

    assert Dataset.from_bars(bars).hash == Dataset.from_bars(minutes()).hash
    assert left_out == []
    assert (read_intraday(file, "1m", stamped="end")[0].ints("start") == bars.ints("start") - MINUTE).all()
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table, table.slice(3, 1)]), tmp_path / "twice.parquet")
    assert read_intraday(tmp_path / "twice.parquet", "1m")[1][0].startswith("again: S03")
    with pytest.raises(SourceError, match="expected starts on the grid of 5m"):
        read_intraday(file, "5m")
    with pytest.raises(SourceError, match="was no file"):
        read_intraday(tmp_path / "none.parquet", "1m")


def test_bars_of_two_intervals_are_no_dataset() -> None:
    mixed = Frame.concat([minutes(), made_up(symbols=4, sessions=10, odd=False)])
    with pytest.raises(ModelError, match="expected those of one interval, was 1d, 1m"):
        Dataset.from_bars(mixed)


def test_location_is_judged_by_sign_and_by_rank() -> None:
    from causal_alpha.evaluation.skill import skill_of

    rng = np.random.default_rng(0)
    returns = rng.standard_normal((300, 8))
    test = np.ones(returns.shape, dtype=np.bool_)
    knowing, guessing = (skill_of(said, returns, test) for said in (returns, rng.standard_normal(returns.shape)))

    assert knowing["direction"] == 1.0
    assert knowing["rank_ic"] == pytest.approx(1.0)
    assert guessing["direction"] == pytest.approx(0.5, abs=0.05)
    assert abs(guessing["rank_ic_t"]) < 3
    assert skill_of(0 * returns, returns, test) == {}
