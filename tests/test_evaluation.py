import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from causal_alpha.checks.forecaster import made_up
from causal_alpha.commands.evaluate import evaluate
from causal_alpha.daily import read_daily, session_start
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError, SourceError
from causal_alpha.evaluation.density import simulate
from causal_alpha.evaluation.report import judge
from causal_alpha.evaluation.tournament import REFERENCE, Origins, play, roll, truths
from causal_alpha.families import FAMILIES, Family
from causal_alpha.intervals import DAY
from causal_alpha.models import har
from causal_alpha.models.base import HORIZONS, Outlook, Vectors

NAMES = ("naive", "ewma", "har", "arima")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up panel in the columns of a file of daily bars."""
    bars = made_up()
    path = tmp_path_factory.mktemp("daily") / "panel.parquet"
    days = pa.array((bars.ints("start") // DAY).astype(np.int32), pa.int32()).cast(pa.date32())
    columns = {name: bars.floats(name) for name in ("open", "high", "low", "close", "volume")}
    table = {"symbol": bars.labels("symbol").tolist(), "date": days, "adj_close": columns["close"] * 0.5} | columns
    pq.write_table(pa.table(table), path)
    return path


@pytest.fixture(scope="module")
def data(file: Path) -> Dataset:
    return Dataset.from_bars(read_daily(file)[0])


def quiet(line: str) -> None:
    assert line


def test_origin_sees_only_what_was_known(data: Dataset) -> None:
    """Each fit's newest truth is older than its first origin, and the rows asked are those of its block."""
    origins = Origins.of(data, 500 * DAY)
    seen: list[tuple[int, int]] = []

    def fit(part: Dataset, seed: int, say: object) -> har.HarX:
        seen.append((int(part.sessions[-1]), seed))
        return har.fit(part)

    roll(data, origins, Family(fit, refit=60), seed=3, say=quiet)
    assert seen == [((499 + 60 * block) * DAY, 3) for block in range(4)]


def test_outlook_of_an_origin_is_that_of_the_model_fitted_before_it(data: Dataset) -> None:
    origins = Origins.of(data, 500 * DAY)
    said = roll(data, origins, FAMILIES["har"], seed=0, say=quiet)
    model = har.fit(data.until(521 * DAY))
    row = origins.rows[origins.warm + 25, 0]
    direct = model.outlook(Vectors(data.names, (data.symbols[data.symbol[row]],), data.values[row][None, None]))
    assert said.ranges[origins.warm + 25, 0].tolist() == direct.ranges[0].tolist()


def test_truth_is_observed_only_when_it_has_arrived() -> None:
    """A jump at origin 300 may change no quantile before 300 + h."""
    rng = np.random.default_rng(0)
    outlook = Outlook(np.zeros((400, 8, 2)), np.full((400, 8, 2), 1e-4))
    returns = 0.01 * rng.standard_normal((400, 8))
    jump = returns.copy()
    jump[300] = 0.2
    for horizon in HORIZONS:
        calm, wild = (simulate(outlook, truth, horizon).calibrated for truth in (returns, jump))
        until = 300 + horizon
        assert calm[:until].tobytes() == wild[:until].tobytes()
        assert not np.array_equal(calm[until], wild[until])


def test_yardsticks_score_one_and_figures_are_complete(data: Dataset) -> None:
    origins = Origins.of(data, 560 * DAY)
    report = judge(data, origins, play(data, origins, NAMES, say=quiet), NAMES)
    assert list(report.families) == list(NAMES)
    for horizons in report.families.values():
        assert list(horizons) == ["1", "5"]
        for figures in horizons.values():
            assert list(figures) == ["qlike_har", "qlike_t", "crps_ewma", "crps_t", "rmse_rw"]
            assert np.isfinite(list(figures.values())).all()
    assert report.families["ewma"]["1"]["crps_ewma"] == 1.0
    assert report.families["naive"]["1"]["rmse_rw"] == 1.0
    assert report.served == {}
    assert report.years["har"].keys() == {1971}
    assert report.years["har"][1971] == pytest.approx(report.families["har"]["1"]["qlike_har"])
    assert report.worst["har"][0] in data.symbols
    assert report.worst["har"][1] >= report.families["har"]["1"]["qlike_har"] - 1e-9


def test_reference_is_scored_on_the_same_rows(data: Dataset) -> None:
    origins = Origins.of(data, 560 * DAY)
    outlooks = play(data, origins, ("har",), say=quiet)
    as_family = dict(outlooks) | {"har": outlooks[REFERENCE]}
    figures = judge(data, origins, as_family, ("har",)).families["har"]
    assert figures["1"]["qlike_har"] == figures["5"]["qlike_har"] == 1.0
    assert figures["1"]["qlike_t"] == 0.0


def test_served_blend_is_covered_as_it_says(data: Dataset) -> None:
    """The blend's figures, with HAR in the place of the nets: the calibration is what is looked at."""
    origins = Origins.of(data, 400 * DAY)
    outlooks = dict(play(data, origins, ("har",), say=quiet))
    outlooks["blend"] = outlooks["har"]
    served = judge(data, origins, outlooks, ("blend",)).served
    assert list(served) == [
        "coverage_80",
        "coverage_95",
        "coverage_80_worst_250",
        "coverage_95_worst_250",
        "winkler_ratio",
    ]
    assert served["coverage_80"] == pytest.approx(0.8, abs=0.05)
    assert served["coverage_95"] == pytest.approx(0.95, abs=0.03)
    assert 0.9 < served["winkler_ratio"] < 1.1


def test_truths_are_unknown_at_the_end(data: Dataset) -> None:
    origins = Origins.of(data, 560 * DAY)
    for horizon in HORIZONS:
        returns, variance = truths(data, origins, horizon)
        assert np.isnan(returns[-horizon:]).all()
        assert np.isfinite(variance[:-horizon, 0]).all()


def test_too_little_before_the_test_is_said(data: Dataset) -> None:
    with pytest.raises(ModelError, match="expected at least 300 sessions before the test, was 100"):
        Origins.of(data, 100 * DAY)
    with pytest.raises(ModelError, match="expected sessions from the test's start on, was none"):
        Origins.of(data, 9999 * DAY)


def test_command_prints_the_shape_that_was_agreed(file: Path) -> None:
    options = ["--data", str(file), "--test-from", "1971-07-15", "--families", "ewma,har", "--jobs", "1"]
    done = CliRunner().invoke(evaluate, [*options, "--json"], catch_exceptions=False)
    said = json.loads(done.stdout)
    assert list(said) == ["families", "served"]
    assert list(said["families"]) == ["ewma", "har"]
    assert "QLIKE/HAR" in CliRunner().invoke(evaluate, options, catch_exceptions=False).stdout


def test_file_of_other_columns_is_refused_and_bad_rows_are_named(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"symbol": ["A"], "price": [1.0]}), other)
    with pytest.raises(SourceError, match="was without date, open, high, low, close, adj_close, volume"):
        read_daily(other)
    with pytest.raises(SourceError, match="expected a Parquet file, was no file"):
        read_daily(tmp_path / "nothing")
    (tmp_path / "text").write_text("no parquet")
    with pytest.raises(SourceError, match="expected a Parquet file"):
        read_daily(tmp_path / "text")
    table = pq.read_table(file)
    close = table.column("close").to_pylist()
    close[5] = -1.0
    place = table.column_names.index("close")
    pq.write_table(table.set_column(place, "close", pa.array(close)), other)
    bars, left_out = read_daily(other)
    assert len(bars) == len(close) - 1
    assert len(left_out) == 1
    assert "close -1" in left_out[0]
    pq.write_table(pa.concat_tables([table, table.slice(7, 2)]), other)
    bars, left_out = read_daily(other)
    assert len(bars) == len(close)
    assert [line.startswith("again: S0") for line in left_out] == [True, True]


def test_dates_are_read_as_text_date_or_time(file: Path, tmp_path: Path) -> None:
    table = pq.read_table(file)
    place = table.column_names.index("date")
    expected = read_daily(file)[0].ints("start").tolist()
    for kind in (pa.string(), pa.timestamp("us"), pa.timestamp("ns")):
        other = tmp_path / "dates.parquet"
        pq.write_table(table.set_column(place, "date", table.column("date").cast(kind)), other)
        assert read_daily(other)[0].ints("start").tolist() == expected
    assert session_start(date(1971, 1, 1)) == 365 * DAY
