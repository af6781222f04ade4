import httpx
import pytest

from causal_alpha.errors import ModelError, ServiceError
from causal_alpha.registry import CHALLENGER, CHAMPION, Registry, Version


class Server:
    """Answers as MLflow does where it is asked for what a test needs; keeps what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0)


def registry(*answers: httpx.Response) -> tuple[Registry, Server]:
    server = Server(*answers)
    return Registry("http://registry", transport=httpx.MockTransport(server)), server


def test_alias_takes_one_request() -> None:
    version = {
        "name": "lstm-1d",
        "version": "3",
        "run_id": "r",
        "creation_timestamp": 7,
        "tags": [{"key": "a", "value": "b"}],
    }
    ours, server = registry(httpx.Response(200, json={"model_version": version}))
    assert ours.alias("lstm-1d", CHAMPION) == Version("lstm-1d", 3, "r", {"a": "b"}, 7_000_000)
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", ["RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"])
def test_alias_that_is_not_there_is_none(code: str) -> None:
    ours, _ = registry(httpx.Response(404, json={"error_code": code, "message": "no such alias"}))
    assert ours.alias("lstm-1d", CHALLENGER) is None


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(500, json={"error_code": "INTERNAL_ERROR", "message": "disk\nfull"}), "was 500 disk full"),
        (httpx.Response(502, text="<html>Bad Gateway"), "expected JSON of registered-models/alias, was '<html>Bad"),
        (httpx.Response(200, text=""), "expected JSON of registered-models/alias, was ''"),
    ],
)
def test_server_that_answers_with_something_else_is_away_in_one_line(answer: httpx.Response, says: str) -> None:
    ours, _ = registry(answer)
    with pytest.raises(ServiceError) as raised:
        ours.alias("lstm-1d", CHAMPION)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_pages_are_read_to_the_end() -> None:
    model = {"name": "lstm-1d", "aliases": [{"alias": "champion", "version": "2"}]}
    version = {"name": "lstm-1d", "version": "1"}
    ours, server = registry(
        httpx.Response(200, json={"registered_models": [model]}),
        httpx.Response(200, json={"model_versions": [version], "next_page_token": "more"}),
        httpx.Response(200, json={"model_versions": [{**version, "version": "2"}]}),
    )
    (found,) = ours.models()
    assert [one.number for one in found.versions] == [2, 1]
    assert found.aliased(CHAMPION) == found.versions[0]
    assert server.asked[-1].url.params["page_token"] == "more"


def test_artefact_that_names_files_elsewhere_is_not_fetched(tmp_path) -> None:
    ours, server = registry(
        httpx.Response(200, content=b'{"format": 1, "sha256": "", "content": {"graphs": {"../x": ""}}}')
    )
    with pytest.raises(ModelError, match="expected content of SHA-256"):
        ours.fetch(Version("lstm-1d", 1, "r"), tmp_path)
    assert len(server.asked) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_file_without_end_is_cut_off(tmp_path, monkeypatch) -> None:
    from causal_alpha import registry as module

    monkeypatch.setattr(module, "LARGEST", 1000)
    ours, _ = registry(httpx.Response(200, content=b" " * 5000))
    with pytest.raises(ModelError, match=r"lstm-1d version 1: expected at most 1000 bytes of artefact\.json, was more"):
        ours.fetch(Version("lstm-1d", 1, "r"), tmp_path)


def test_version_without_a_cut_off_says_so() -> None:
    with pytest.raises(ModelError, match="lstm-1d version 1: expected a tag until_ns in ns, was ''"):
        _ = Version("lstm-1d", 1, "r").until


def test_url_that_is_none_is_refused() -> None:
    with pytest.raises(ServiceError, match="expected an answer, was"):
        Registry("nonsense").models()
