"""The meter looks from 10 % to 90 % of the work."""

import json
import math
from pathlib import Path

from benchmarks.meter import Meter


def burn() -> None:
    math.fsum(range(300_000))


def test_meter_reports_the_stretch_between_its_limits(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    meter = Meter(1_000, report)

    assert not meter.saw(99)
    assert not meter.saw(120)
    burn()
    assert not meter.saw(930)
    burn()
    assert not report.exists()
    assert meter.saw(1_000)

    found = json.loads(report.read_text())
    assert set(found) == {"rows", "cpu_s", "wall_s", "max_rss_mb"}
    assert found["rows"] == 930 - 120
    assert found["cpu_s"] > 0
    assert found["wall_s"] > 0
    assert found["max_rss_mb"] > 1


def test_meter_leaves_out_what_comes_before_and_after(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    meter = Meter(10, report)

    burn()
    meter.saw(1)
    meter.saw(9)
    burn()
    meter.saw(10)

    assert json.loads(report.read_text())["cpu_s"] < 0.001
