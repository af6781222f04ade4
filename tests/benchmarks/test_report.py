"""The report runs benchmarks, keeps their results, and its page says what they say."""

import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.__main__ import SUMMARIES
from benchmarks.document import SECTIONS, Result, Saved, document
from benchmarks.machine import Machine
from causal_alpha.errors import ServiceError

DOCS = Path(__file__).resolve().parents[2] / "docs"
MACHINE = Machine("Some Processor", 2, 24, "Linux 6.1", "3.11.7", {"numpy": "2.4.6", "bytewax": "0.21.1"})
STAGES = {name: {"p50_ms": 10.5 + place, "p99_ms": 30.5 + place} for place, name in enumerate("kbhc")}
COSTS = {"us_per_tick": 2.5, "us_per_bar": 1.5, "snapshot_kb": 1200.0, "snapshot_ms": 4.25, "restore_ms": 5.5}
VALUES: dict[str, dict[str, Any]] = {
    "throughput": {
        "ours_json_per_cpu_s": 250_000.0,
        "ours_frames_per_cpu_s": 1_500_000.0,
        "faust_per_cpu_s": 2_000.0,
        "quix_per_cpu_s": 12_500.0,
        "bytewax_per_cpu_s": 100_000.0,
        "runs": {name: [1.0, 2.0, 3.0] for name in ("ours_json", "ours_frames", "faust", "quix", "bytewax")},
    },
    "latency --rate 5000": {
        "rate": 5_000,
        "p50_ms": 13.5,
        "p99_ms": 33.5,
        "stages": dict(zip(("kafka", "bars", "hub", "client"), STAGES.values(), strict=True)),
    },
    "features": {
        "us_per_symbol_bar": 8.0,
        "pandas_us": 160.0,
        "talipp_us": 90.0,
        "ours_of_talipp_us": 4.5,
        "features": 30,
        "talipp_features": 16,
    },
    "memory": {"mb_per_1000_symbols": 512.5, "worker_mb": 180.0, "symbols": [100, 600], "bars": 320},
    "forecast": {
        "lstm_ms": 5.5,
        "transformer_ms": 6.5,
        "arima_ms": 1.25,
        "keras_predict_ms": 60.0,
        "statsmodels_append_ms": 4_000.0,
    },
    "training": {"arima_cpu_s": 2.5, "lstm_cpu_s": 25.0, "transformer_cpu_s": 50.0, "features_cpu_s": 4.5},
    "scaling": {"symbols": [{"symbols": 10, **COSTS}, {"symbols": 10_000, **COSTS}]},
}


def result(command: str, **values: Any) -> Result:
    return Result(command, "2026-01-31", 300, 0.2, values or VALUES[command])


def test_every_benchmark_but_the_report_is_run_and_told() -> None:
    names = SUMMARIES.keys() - {"report"}

    assert {command.split()[0] for command in report.COMMANDS} == names
    assert SECTIONS.keys() == names


def test_document_tells_every_result_its_command_and_its_machine() -> None:
    page = document(Saved(MACHINE, tuple(map(result, VALUES))))

    assert "2 × Some Processor, 24 GiB, Linux 6.1, Python 3.11.7" in page
    assert "numpy 2.4.6, bytewax 0.21.1" in page
    for command in VALUES:
        assert f"`python -m benchmarks {command}`, 2026-01-31, 5 min, load 0.2 before." in page
    for row in (
        "| ours, frames of 1,000 ticks | 1,500,000 | 1 to 3 |  |",
        "| Bytewax, single JSON ticks | 100,000 | 1 to 3 | 2.5 × |",
        "| Quix Streams, single JSON ticks | 12,500 | 1 to 3 | 20.0 × |",
        "| idiomatic Faust, single JSON ticks | 2,000 | 1 to 3 | 125.0 × |",
        "| Kafka has the tick | 10.5 / 30.5 |",
        "| ours, all 30 | 8.00 |  |",
        "| pandas, all 30 | 160.00 | 20 × |",
        "| ours, the 16 that talipp has | 4.50 |  |",
        "| talipp, the 16 that talipp has | 90.00 | 20 × |",
        "| 10,000 | 2.50 | 1.5 | 1,200 | 4.2 | 5.5 |",
        "| ARIMA, `append` of statsmodels | 4,000.00 |",
        "| LSTM | 25.0 |",
    ):
        assert row in page
    assert "180 MB and 512 MB" in page


def test_document_leaves_out_what_nobody_measured() -> None:
    page = document(Saved(MACHINE, (result("memory"),)))

    assert re.findall("^## .*", page, re.MULTILINE) == ["## Memory"]
    assert "Nothing has been measured yet." in document(Saved(MACHINE, ()))


def test_docs_are_made_of_the_results_beside_them() -> None:
    saved = report.load(DOCS / report.DATA)

    assert (DOCS / report.PAGE).read_text() == document(saved)
    assert {one.command for one in saved.results} <= set(report.COMMANDS)


def test_readme_tells_of_features_what_was_measured() -> None:
    [value] = [one.values for one in report.load(DOCS / report.DATA).results if one.command == "features"]

    all_of_them = f"All {value['features']} features of a symbol's bar cost {value['us_per_symbol_bar']:.0f} µs"
    some = f"the {value['talipp_features']} of them that talipp has {value['ours_of_talipp_us']:.0f}"
    sentence = (
        f"{all_of_them} in a batch of 500 symbols (pandas {value['pandas_us']:.0f}), "
        f"{some} (talipp {value['talipp_us']:.0f})."
    )
    assert sentence in (DOCS.parent / "README.md").read_text()


def test_add_replaces_a_result_and_keeps_the_order() -> None:
    saved = Saved(MACHINE, (result("throughput"), result("scaling")))

    for command in ("memory", "throughput"):
        saved = report.add(saved, result(command, new=1), MACHINE)

    assert [one.command for one in saved.results] == ["throughput", "memory", "scaling"]
    assert [dict(one.values) == {"new": 1} for one in saved.results] == [True, True, False]


def test_add_drops_results_of_another_machine() -> None:
    other = Machine("Another", 64, 512, "Linux 6.1", "3.11.7", {})

    saved = report.add(Saved(other, (result("throughput"),)), result("memory"), MACHINE)

    assert saved == Saved(MACHINE, (result("memory"),))


def test_run_fails_with_its_benchmark() -> None:
    with pytest.raises(ServiceError, match="scaling --symbols ten"):
        report.run("scaling --symbols ten")


def test_report_runs_what_is_asked_for_and_writes_both_files(quick: Any, tmp_path: Path) -> None:
    values, _ = quick("report", "--only", "scaling", "--folder", str(tmp_path))

    saved = report.load(tmp_path / report.DATA)
    assert [(one.command, dict(one.values)) for one in saved.results] == [("scaling --quick", values)]
    assert (tmp_path / report.PAGE).read_text() == document(saved)
    assert [costs["symbols"] for costs in values["symbols"]] == [10, 100]
    assert all(min(costs.values()) > 0 for costs in values["symbols"])
