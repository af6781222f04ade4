from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from causal_alpha.calendar import calendar_of, load_sessions
from causal_alpha.errors import ModelError
from causal_alpha.features import DEFAULT
from causal_alpha.forecasts import Hours, always
from causal_alpha.frames import Frame
from causal_alpha.inference import Inference
from causal_alpha.intervals import SECOND
from causal_alpha.lineup import Lineup
from causal_alpha.models.base import HORIZONS, Forecaster
from causal_alpha.models.ewma import Ewma
from causal_alpha.records import LEVELS, Features, Forecast


def vector(symbol: str, variance: float) -> Features:
    values = [1.0] * len(DEFAULT.names)
    values[DEFAULT.names.index("ewma_variance")] = variance
    return Features(
        symbol=symbol, interval="1m", start=600 * SECOND, close=200.0, values=tuple(values), feature_set=DEFAULT.hash
    )


def frame(*rows: Features) -> Frame[Features]:
    return Frame.of(Features, rows, {"names": ",".join(DEFAULT.names)})


def forecast(features: Frame[Features], hours: Hours = always) -> list[Forecast]:
    return list(Inference(frozenset()).push("default|1m", features, Lineup(), hours).rows())


def test_ewma_is_a_forecaster() -> None:
    assert isinstance(Ewma(), Forecaster)


def test_forecast_speaks_of_each_horizon_with_rising_price_quantiles() -> None:
    rows = forecast(frame(vector("A", 1e-4), vector("B", 4e-4)))

    assert [(row.symbol, row.horizon) for row in rows] == [("A", 1), ("A", 5), ("B", 1), ("B", 5)]
    for row in rows:
        assert len(row.quantiles) == len(LEVELS)
        assert list(row.quantiles) == sorted(row.quantiles)
        assert row.quantiles[6] == row.price == 200.0
        assert row.made == 660 * SECOND
        assert row.due == row.made + row.horizon * 60 * SECOND
    assert rows[0].variance == 1e-4
    assert rows[1].variance == pytest.approx(5e-4)
    assert rows[0].quantiles[-1] == pytest.approx(200 * np.exp(0.01 * 1.959964), rel=1e-9)


def test_forecast_is_due_when_the_market_has_traded_its_horizon() -> None:
    bell = int(datetime(2024, 11, 29, 18, tzinfo=UTC).timestamp()) * SECOND  # 13:00 in New York, a half day
    monday = int(datetime(2024, 12, 2, 14, 30, tzinfo=UTC).timestamp()) * SECOND
    last = msgspec.structs.replace(vector("AAPL", 1e-4), start=bell - 60 * SECOND)
    after = msgspec.structs.replace(vector("MSFT", 1e-4), start=bell + 3600 * SECOND)

    one, other = (forecast(frame(row), lambda symbol: load_sessions(calendar_of(symbol))) for row in (last, after))

    assert [row.due for row in one] == [monday + 60 * SECOND, monday + 300 * SECOND]
    assert [row.due - row.made for row in other] == [60 * SECOND, 300 * SECOND]


def test_forecast_leaves_out_symbols_that_are_warming_up() -> None:
    rows = forecast(frame(vector("A", float("nan")), vector("B", 1e-4)))

    assert {row.symbol for row in rows} == {"B"}
    assert len(rows) == len(HORIZONS)


def test_ewma_refuses_features_without_its_variance() -> None:
    with pytest.raises(ModelError, match="expected ewma_variance, was close"):
        Ewma().predict(("close",), np.ones((1, 1)))
