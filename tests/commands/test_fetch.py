import pytest
from click.testing import CliRunner

from causal_alpha.commands.fetch import fetch
from causal_alpha.errors import ServiceError


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("CAUSAL_ALPHA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CAUSAL_ALPHA_BROKER", raising=False)
    monkeypatch.delenv("CAUSAL_ALPHA_MONGO_URL", raising=False)
    return tmp_path / "cache"


def test_fetch_brings_nothing_that_is_external(cache, monkeypatch):
    monkeypatch.setenv("CAUSAL_ALPHA_BROKER", "kafka:9092")
    monkeypatch.setenv("CAUSAL_ALPHA_MONGO_URL", "mongodb://user:secret@mongo")

    answer = CliRunner().invoke(fetch)

    assert answer.exit_code == 0
    assert "kafka: external, as CAUSAL_ALPHA_BROKER says" in answer.output
    assert "mongo: external, as CAUSAL_ALPHA_MONGO_URL says" in answer.output
    assert "secret" not in answer.output
    assert not cache.exists()


@pytest.fixture
def other_system(monkeypatch):
    """A system that there is no mongod for; Kafka is external."""
    monkeypatch.setenv("CAUSAL_ALPHA_BROKER", "kafka:9092")
    monkeypatch.setattr("sys.platform", "darwin")


def test_fetch_is_content_with_docker_where_a_service_cannot_run(cache, other_system, tmp_path, monkeypatch):
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    answer = CliRunner().invoke(fetch)

    assert answer.exit_code == 0
    assert "mongo: Docker will do (expected Linux" in answer.output


def test_fetch_fails_where_a_service_has_no_way_at_all(cache, other_system, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    answer = CliRunner().invoke(fetch)

    assert isinstance(answer.exception, ServiceError)
