"""The registry's aliases decide who serves; whatever the registry does, somebody does."""

import subprocess
import sys
from pathlib import Path

import pytest

from causal_alpha.errors import ServiceError
from causal_alpha.models.store import save
from causal_alpha.registry import Registered, Version
from causal_alpha.serving import Serving
from tests import panel
from tests.conftest import ROOT


class Shelf:
    """A registry in memory whose versions are folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aliases: dict[str, int] = {}
        self.away = False
        self.fetched = 0

    def put(self, number: int, *, poison: bool = False) -> None:
        folder = self.folder / "har-1d" / str(number)
        save(panel.har_artefact(), folder)
        if poison:
            index = folder / "artefact.json"
            index.write_text(index.read_text().replace('"seed": 0', '"seed": 1'))

    def models(self) -> list[Registered]:
        if self.away:
            raise ServiceError("MLflow at http://here: expected an answer, was connection refused")
        versions = tuple(Version("har-1d", number, "run") for number in (3, 2, 1))
        return [Registered("har-1d", versions, dict(self.aliases)), Registered("mine", (), {})]

    def fetch(self, version: Version, folder: Path) -> Path:
        target = folder / version.name / str(version.number)
        if not target.is_dir():
            if self.away:
                raise ServiceError("away")
            self.fetched += 1
            target.mkdir(parents=True)
            for file in (self.folder / version.name / str(version.number)).iterdir():
                (target / file.name).write_bytes(file.read_bytes())
        return target


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "shelf")
    made.put(1)
    made.put(2)
    made.put(3, poison=True)
    return made


@pytest.fixture
def serving(shelf: Shelf, tmp_path: Path) -> Serving:
    return Serving(shelf, tmp_path / "cache", ("har",))


def versions(serving: Serving) -> list[tuple[str, str]]:
    return [(one.alias, one.version) for one in serving.lineup.models]


def test_alias_decides_who_serves_from_the_next_look_on(shelf: Shelf, serving: Serving) -> None:
    shelf.aliases = {"champion": 1}
    serving.poll()
    before = serving.lineup
    shelf.aliases = {"champion": 2, "challenger": 1}
    serving.poll()

    assert versions(serving) == [("challenger", "1"), ("champion", "2")]
    assert [one.version for one in before.models] == ["1"]
    assert shelf.fetched == 2
    assert [(news.version, news.alias, news.state) for news in serving.news] == [
        ("1", "champion", "serving"),
        ("2", "champion", "serving"),
        ("1", "challenger", "shadow"),
    ]


def test_look_that_finds_nothing_new_changes_nothing(shelf: Shelf, serving: Serving) -> None:
    shelf.aliases = {"champion": 1}
    serving.poll()
    before = serving.lineup

    serving.poll()

    assert serving.lineup is before
    assert shelf.fetched == 1


def test_bad_artefact_is_refused_once_and_the_old_one_serves_on(shelf: Shelf, serving: Serving) -> None:
    shelf.aliases = {"champion": 1}
    serving.poll()
    shelf.aliases = {"champion": 3}
    serving.poll()
    serving.poll()

    assert versions(serving) == [("champion", "1")]
    [refused] = serving.status()["refused"]
    assert (refused["name"], refused["alias"]) == ("har-1d", "champion")
    assert refused["why"].startswith("version 3: ")
    assert "SHA-256" in refused["why"]
    assert shelf.fetched == 2
    shelf.aliases = {"champion": 2}
    serving.poll()
    assert versions(serving) == [("champion", "2")]
    assert serving.status()["refused"] == []


def test_old_models_serve_on_while_the_registry_is_away(shelf: Shelf, serving: Serving) -> None:
    shelf.aliases = {"champion": 1}
    serving.poll()
    shelf.away = True
    serving.poll()

    assert versions(serving) == [("champion", "1")]
    assert serving.status()["state"] == "away"
    assert "connection refused" in serving.status()["said"]
    shelf.away = False
    serving.poll()
    assert (serving.state, serving.said) == ("ok", "")


def test_last_models_serve_after_a_start_without_the_registry(shelf: Shelf, serving: Serving, tmp_path: Path) -> None:
    shelf.aliases = {"champion": 2, "challenger": 1}
    serving.poll()
    shelf.away = True
    again = Serving(shelf, tmp_path / "cache", ("har",))

    again.poll()

    assert versions(again) == versions(serving)
    assert again.state == "away"


def test_alias_that_is_taken_away_ends_the_service(shelf: Shelf, serving: Serving) -> None:
    shelf.aliases = {"champion": 1}
    serving.poll()
    shelf.aliases = {}
    serving.poll()

    assert serving.lineup.models == ()


def test_without_a_registry_the_floor_speaks_alone(tmp_path: Path) -> None:
    serving = Serving(None, tmp_path, ("har",))

    serving.poll()

    assert serving.status() == {"state": "off", "said": "", "models": [], "refused": []}


def test_agents_import_neither_tensorflow_nor_mlflow() -> None:
    code = (
        "import agents, sys; from causal_alpha.models.graph import Graph\n"
        "print({'tensorflow', 'keras', 'keras_nlp', 'mlflow', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "set()", done.stdout
