import pytest

from causal_alpha.devstack.java import find_java, java_version


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Puts a java on the PATH that reports a version."""

    def write(version):
        file = tmp_path / "java"
        file.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        return str(file)

    return write


@pytest.mark.parametrize(("text", "version"), [("17.0.15", 17), ("25", 25), ("1.8.0_412", 8), ("26-ea", 26)])
def test_java_version_is_the_feature_release(java, text, version):
    assert java_version(java(text)) == version


def test_java_on_the_path_is_used_if_it_is_new_enough(java):
    mine = java("17.0.1")

    assert find_java() == mine


@pytest.mark.parametrize("text", ["11.0.2", "1.8.0_412", "nonsense"])
def test_java_that_is_too_old_is_passed_over_for_the_package(java, text):
    old = java(text)

    found = find_java()

    assert found != old
    assert java_version(found) >= 17


def test_java_of_the_package_is_used_when_there_is_none(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert java_version(find_java()) >= 17
