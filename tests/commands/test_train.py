from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from causal_alpha.checks.forecaster import made_up
from causal_alpha.commands.train import train
from causal_alpha.errors import ModelError
from causal_alpha.intervals import DAY


@pytest.fixture
def file(tmp_path: Path) -> Path:
    bars = made_up(symbols=4, sessions=400)
    columns = {name: bars.floats(name) for name in ("open", "high", "low", "close", "volume")}
    days = pa.array((bars.ints("start") // DAY).astype(np.int32), pa.int32()).cast(pa.date32())
    rows = {"symbol": bars.labels("symbol").tolist(), "date": days, "adj_close": columns["close"]} | columns
    path = tmp_path / "panel.parquet"
    pq.write_table(pa.table(rows), path)
    return path


def test_train_says_what_it_was_fitted_on(file: Path) -> None:
    one, other = (CliRunner().invoke(train, ["har", "--data", str(file)], catch_exceptions=False) for _ in range(2))
    assert one.stdout == other.stdout
    assert one.stdout.startswith("har: data ")
    assert "har: fit on 1260 rows of 4 symbols" in one.stderr


def test_train_refuses_a_family_that_is_none(file: Path) -> None:
    with pytest.raises(ModelError, match=r"expected one of naive, ewma, har, .*, was 'prophet'"):
        CliRunner().invoke(train, ["prophet", "--data", str(file)], catch_exceptions=False)
