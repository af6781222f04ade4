import hashlib

import pytest

from causal_alpha.devstack.kafka_jars import JARS, VERSION, fetch_jar
from causal_alpha.errors import ServiceError

GOOD = b"the jar"
SHA256 = hashlib.sha256(GOOD).hexdigest()


class Maven:
    """A repository with one jar; each download takes the next of `answers`, bytes or an error."""

    def __init__(self, folder, answers):
        self.cached_path = folder / "tool-1.0.jar"
        self.answers = list(answers)

    def project(self, group, artifact):
        return self

    def at_version(self, version):
        return self

    def artifact(self):
        return self

    def resolve(self):
        if not self.cached_path.exists():
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            self.cached_path.write_bytes(answer)
        return self.cached_path


@pytest.fixture
def fetch(tmp_path):
    """Fetches the jar; returns its bytes."""
    (tmp_path / "m2").mkdir()

    def run(*answers):
        fetch_jar(Maven(tmp_path / "m2", answers), "org.example:tool:1.0", SHA256, tmp_path, pause=0)
        return (tmp_path / "tool-1.0.jar").read_bytes()

    return run


@pytest.mark.parametrize(
    "answers", [[GOOD], [b"the j", GOOD], [OSError("connection reset"), RuntimeError("not found"), GOOD]]
)
def test_jar_is_fetched_also_after_a_bad_try(fetch, answers):
    assert fetch(*answers) == GOOD


def test_jar_with_other_bytes_than_the_pinned_ones_is_refused(fetch):
    with pytest.raises(ServiceError, match=f"org.example:tool:1.0: expected sha256 {SHA256}, was "):
        fetch(b"evil", b"evil", b"evil")


def test_jars_are_pinned_once_each_with_the_broker_among_them():
    lines = [line.split() for line in JARS.strip().splitlines()]

    assert f"org.apache.kafka:kafka_2.13:{VERSION}" in dict(lines)
    assert len(dict(lines)) == len(lines)
    assert all(len(sha256) == 64 for _, sha256 in lines)
