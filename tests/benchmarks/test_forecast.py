"""The benchmarks of models run small and print what they promise."""

from typing import Any


def test_forecast_prints_milliseconds_of_ours_and_theirs(quick: Any) -> None:
    values, _ = quick("forecast")

    assert list(values) == ["lstm_ms", "transformer_ms", "arima_ms", "keras_predict_ms", "statsmodels_append_ms"]
    assert min(values.values()) > 0
    assert values["lstm_ms"] < values["keras_predict_ms"]
    assert values["arima_ms"] < values["statsmodels_append_ms"]


def test_training_prints_cpu_seconds_of_each_family(quick: Any) -> None:
    values, said = quick("training")

    assert values.keys() == {"arima_cpu_s", "lstm_cpu_s", "transformer_cpu_s", "features_cpu_s"}
    assert min(values.values()) > 0
    assert "transformer:" in said
