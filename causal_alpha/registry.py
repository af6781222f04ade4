"""The model registry as its users see it: an MLflow server's REST interface, asked over HTTP.

A registered model is a family and an interval, `lstm-1d`; its aliases `champion` and `challenger` point at versions.
The worker and the hub ask here and never import mlflow; `causal_alpha.tracking` is what writes artefacts there.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from causal_alpha.errors import ModelError, ServiceError
from causal_alpha.intervals import MILLISECOND
from causal_alpha.models.store import INDEX, LARGEST, graph_names

CHAMPION, CHALLENGER = "champion", "challenger"

FOLDER = "artefact"
"""Where in a version's files the artefact lies."""

HISTORY = "history"
"""Tag of a registered model: its changes of champion, JSON, the newest last."""

_API = "/api/2.0/mlflow/"
_REMEMBERED = 30
_MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


def model_name(family: str, interval: str) -> str:
    """What a registered model is called.

    >>> model_name("lstm", "1d")
    'lstm-1d'
    """
    return f"{family}-{interval}"


@dataclass(frozen=True)
class Version:
    """One version of a registered model. `created` is in ns; `tags` say what it is, see `causal_alpha.tracking`."""

    name: str
    number: int
    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    created: int = 0

    @property
    def until(self) -> int:
        """Start (ns) of the last bar it was trained on. Raises ModelError where no tag says so."""
        text = self.tags.get("until_ns", "")
        if not text.isdecimal():
            raise ModelError(f"{self.name} version {self.number}: expected a tag until_ns in ns, was {text!r}")
        return int(text)


@dataclass(frozen=True)
class Change:
    """Another champion: version `before` (0: none) gave way to `after` at `at` (ns), `why` in words."""

    at: int
    before: int
    after: int
    why: str


@dataclass(frozen=True)
class Registered:
    """A registered model: `versions`, newest first, `aliases` to their numbers, and the changes of champion."""

    name: str
    versions: tuple[Version, ...]
    aliases: Mapping[str, int]
    tags: Mapping[str, str] = field(default_factory=dict)

    def aliased(self, alias: str) -> Version | None:
        number = self.aliases.get(alias)
        return next((version for version in self.versions if version.number == number), None)

    def version(self, number: int) -> Version:
        """Raises ModelError when there is no such version."""
        for version in self.versions:
            if version.number == number:
                return version
        there = ", ".join(str(version.number) for version in self.versions) or "none"
        raise ModelError(f"{self.name}: expected one of its versions ({there}), was {number}")

    def former(self) -> tuple[int, str]:
        """The champion before this one, and why it becomes champion again. Raises ModelError without any."""
        champion = self.aliases.get(CHAMPION)
        for change in reversed(self.history):
            if change.after == champion and change.before:
                return change.before, f"rolled back from version {champion}"
        raise ModelError(f"{self.name}: expected a champion before version {champion}, was none")

    @property
    def history(self) -> tuple[Change, ...]:
        try:
            return tuple(Change(**one) for one in json.loads(self.tags.get(HISTORY, "[]")))
        except (ValueError, TypeError):
            return ()  # somebody else's tag


class Registry:
    """An MLflow server. Every call is a request or a few; `timeout` in seconds for each.

    Calls raise ServiceError, in one line, when the server is away or answers with an error of its own, and
    ModelError for a model, version or file that isn't there.
    """

    def __init__(self, url: str, *, timeout: float = 5.0, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        try:
            self._client = httpx.Client(base_url=self.url, timeout=timeout, transport=transport)
        except (httpx.InvalidURL, ValueError) as error:
            raise ServiceError(f"MLflow: expected a URL such as http://127.0.0.1:5000, was {url!r}") from error

    def close(self) -> None:
        self._client.close()

    # -- reading ---------------------------------------------------------------------------------

    def alias(self, name: str, alias: str) -> Version | None:
        """The version that an alias points at, None where there is no such model or alias. One GET."""
        found = self._get("registered-models/alias", {"name": name, "alias": alias}, missing=None)
        return None if found is None else _version(found["model_version"])

    def models(self) -> list[Registered]:
        """All registered models by name, with all their versions."""
        models = list(self._pages("registered-models/search", "registered_models", {}))
        versions = [_version(one) for one in self._pages("model-versions/search", "model_versions", {})]
        return sorted((_registered(one, versions) for one in models), key=lambda one: one.name)

    def model(self, name: str) -> Registered | None:
        """One registered model with its versions, None where there is none of the name."""
        found = self._get("registered-models/get", {"name": name}, missing=None)
        if found is None:
            return None
        wanted = {"filter": f"name='{name}'"}
        versions = [_version(one) for one in self._pages("model-versions/search", "model_versions", wanted)]
        return _registered(found["registered_model"], versions)

    def need(self, name: str) -> Registered:
        """One registered model. Raises ModelError when there is none of the name."""
        found = self.model(name)
        if found is None:
            raise ModelError(f"model: expected a registered one such as lstm-1d, was {name!r}")
        return found

    def fetch(self, version: Version, folder: Path) -> Path:
        """Downloads what serving a version needs to `folder/NAME/NUMBER`, or finds it there, and gives that path.

        JSON and ONNX alone are taken, up to a size. `models.store.load` checks what came.
        """
        target = folder / version.name / str(version.number)
        if (target / INDEX).is_file():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as made:
            index = self._download(version, INDEX)
            for name in graph_names(index):
                path = Path(made) / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(self._download(version, name))
            (Path(made) / INDEX).write_bytes(index)
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(made, target)
        return target

    # -- writing ---------------------------------------------------------------------------------

    def point(self, name: str, alias: str, number: int) -> None:
        """Points an alias at a version, wherever it pointed before."""
        self._post("registered-models/alias", {"name": name, "alias": alias, "version": str(number)})

    def unpoint(self, name: str, alias: str) -> None:
        """Takes an alias away; does nothing where there is none."""
        self._answer("DELETE", "registered-models/alias", json={"name": name, "alias": alias}, missing=None)

    def tag(self, version: Version, key: str, value: str) -> None:
        """Sets a tag of a version."""
        where = {"name": version.name, "version": str(version.number)}
        self._post("model-versions/set-tag", {**where, "key": key, "value": value})

    def crown(self, name: str, number: int, *, at: int, why: str) -> Change:
        """Makes a version the champion and writes that into the model's history. Once it is, nothing changes.

        Raises ModelError when there is no such version.
        """
        model = self.need(name)
        model.version(number)
        before = model.aliases.get(CHAMPION, 0)
        change = Change(at=at, before=before, after=number, why=why)
        if before == number:
            return change
        history = [vars(one) for one in (*model.history, change)][-_REMEMBERED:]
        self.point(name, CHAMPION, number)
        if model.aliases.get(CHALLENGER) == number:
            self.unpoint(name, CHALLENGER)
        self._post("registered-models/set-tag", {"name": name, "key": HISTORY, "value": json.dumps(history)})
        return change

    # -- HTTP ------------------------------------------------------------------------------------

    def _get(self, path: str, query: Mapping[str, str], **options: Any) -> Any:
        return self._answer("GET", path, params=query, **options)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer("POST", path, json=body)

    def _pages(self, path: str, key: str, query: Mapping[str, str]) -> Iterator[Any]:
        token = ""
        while True:
            page = self._get(path, {**query, "max_results": "1000"} | ({"page_token": token} if token else {}))
            yield from page.get(key, [])
            token = page.get("next_page_token", "")
            if not token:
                return

    def _answer(self, method: str, path: str, *, missing: object = ..., **request: Any) -> Any:
        """The JSON of an answer; `missing`, where given, if there is no such thing."""
        response = self._request(method, _API + path, **request)
        try:
            body = response.json()
        except ValueError as error:
            raise ServiceError(f"MLflow at {self.url}: expected JSON of {path}, was {response.text[:80]!r}") from error
        if response.is_success:
            return body
        code, message = body.get("error_code", ""), " ".join(str(body.get("message", "")).split())[:200]
        if code in _MISSING:
            if missing is not ...:
                return missing
            raise ModelError(f"MLflow at {self.url}: {message}")
        raise ServiceError(f"MLflow at {self.url}: expected an answer of {path}, was {response.status_code} {message}")

    def _download(self, version: Version, name: str) -> bytes:
        query = {"name": version.name, "version": str(version.number), "path": f"{FOLDER}/{name}"}
        whose = f"{version.name} version {version.number}"
        taken = bytearray()
        try:
            with self._client.stream("GET", "/model-versions/get-artifact", params=query) as response:
                if not response.is_success:
                    raise ModelError(f"{whose}: expected the file {name}, was HTTP {response.status_code}")
                for piece in response.iter_bytes():
                    taken += piece
                    if len(taken) > LARGEST:
                        raise ModelError(f"{whose}: expected at most {LARGEST} bytes of {name}, was more")
        except httpx.HTTPError as error:
            raise self._away(error) from error
        return bytes(taken)

    def _request(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise self._away(error) from error

    def _away(self, error: Exception) -> ServiceError:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        return ServiceError(f"MLflow at {self.url}: expected an answer, was {said}")


def _tags(one: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in one.get("tags", [])}


def _version(one: Mapping[str, Any]) -> Version:
    created = int(one.get("creation_timestamp", 0)) * MILLISECOND
    return Version(one["name"], int(one["version"]), one.get("run_id", ""), _tags(one), created)


def _registered(one: Mapping[str, Any], versions: list[Version]) -> Registered:
    own = sorted((version for version in versions if version.name == one["name"]), key=lambda found: -found.number)
    aliases = {alias["alias"]: int(alias["version"]) for alias in one.get("aliases", [])}
    return Registered(one["name"], tuple(own), aliases, _tags(one))
