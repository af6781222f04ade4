"""Hot-loading: follows the registry's aliases and keeps a line-up of models that have shown that they can serve.

`poll` belongs in a thread: it asks, downloads, loads and warms up there. The line-up is one reference, swapped whole,
so a bar sees the models of before or of after. What can't be loaded is refused and said so; the model that served
before goes on, and so does everything while the registry is away, after a restart too.
"""

import json
import logging
import shutil
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from causal_alpha.errors import ModelError, ServiceError
from causal_alpha.lineup import Lineup, Loaded, loaded
from causal_alpha.models.store import load
from causal_alpha.registry import CHALLENGER, CHAMPION, Registered, Version

logger = logging.getLogger(__name__)

_KEPT = "lineup.json"
_NEWS = 100

Slot = tuple[str, str]
"""Registered model and alias."""


class ModelSource(Protocol):
    """The part of `registry.Registry` that is needed here. Both raise ServiceError and ModelError."""

    def models(self) -> list[Registered]: ...

    def fetch(self, version: Version, folder: Path) -> Path: ...


@dataclass(frozen=True)
class News:
    """An alias of a registered model means another version now. `state`: serving, shadow or refused."""

    name: str
    version: str
    alias: str
    state: str
    text: str


class Serving:
    """The models that serve. `registry` None: there is none, and the floor speaks alone.

    `order` are the families that may be served, the best first; `folder` keeps what was downloaded.
    """

    def __init__(self, registry: ModelSource | None, folder: Path, order: tuple[str, ...]) -> None:
        self.lineup = Lineup((), order)
        self.state = "starting" if registry else "off"
        """off, starting, ok or away."""
        self.said = ""
        """Why it is away."""
        self.refused: Mapping[Slot, str] = {}
        """What doesn't serve although an alias points at it, and why."""
        self.news: deque[News] = deque(maxlen=_NEWS)
        self._registry, self._folder, self._order = registry, folder, order
        self._places: dict[Slot, tuple[Version, Loaded]] = {}
        self._bad: dict[Slot, tuple[int, str]] = {}

    def poll(self) -> None:
        """Look at the aliases once, and load what they newly point at. Raises nothing that a registry may cause."""
        if self._registry is None:
            return
        try:
            wanted = dict(_wanted(self._registry.models()))
        except (ServiceError, ModelError) as error:
            if self.state == "starting":
                self._load(self._recalled())
            self._away(error)
            return
        state = "ok"
        try:
            self._load(wanted)
            self._remember()
        except ServiceError as error:
            self._away(error)
            return
        self.state, self.said = state, ""

    def status(self) -> dict[str, Any]:
        """For whoever asks how the models are, in plain data."""
        return {
            "state": self.state,
            "said": self.said,
            "models": [
                {"family": one.family, "interval": one.interval, "alias": one.alias, "version": one.version}
                for one in self.lineup.models
            ],
            "refused": [
                {"name": name, "alias": alias, "why": why} for (name, alias), why in sorted(self.refused.items())
            ],
        }

    def _away(self, error: Exception) -> None:
        if self.state != "away":
            logger.warning("models stay as they are: %s", error)
        self.state, self.said = "away", str(error)

    def _load(self, wanted: Mapping[Slot, Version]) -> None:
        """Bring the line-up to `wanted`. What loads is in it even where a later one can't be had."""
        places = {slot: place for slot, place in self._places.items() if slot in wanted}
        bad = {slot: why for slot, why in self._bad.items() if slot in wanted and why[0] == wanted[slot].number}
        news = []
        try:
            for slot, version in wanted.items():
                known = places.get(slot)
                if (known and known[0].number == version.number) or slot in bad:
                    continue
                try:
                    places[slot] = version, self._loaded(slot, version)
                    state = "serving" if slot[1] == CHAMPION else "shadow"
                    news.append(News(slot[0], str(version.number), slot[1], state, f"Loaded as {slot[1]}"))
                except ModelError as error:
                    bad[slot] = version.number, str(error)
                    news.append(News(slot[0], str(version.number), slot[1], "refused", str(error)))
                    logger.warning("%s version %d stays out: %s", slot[0], version.number, error)
        finally:
            self._places, self._bad = places, bad
            self.refused = {slot: f"version {number}: {why}" for slot, (number, why) in bad.items()}
            models = tuple(place[1] for _, place in sorted(places.items()))
            if models != self.lineup.models:
                self.lineup = Lineup(models, self._order)
            self.news.extend(news)

    def _loaded(self, slot: Slot, version: Version) -> Loaded:
        assert self._registry is not None
        name, alias = slot
        for place, (known, one) in self._places.items():
            if place[0] == name and known.number == version.number:  # a challenger that became champion
                return Loaded(one.family, one.interval, alias, one.version, one.artefact)
        folder = self._registry.fetch(version, self._folder)
        family, _, interval = name.partition("-")
        try:
            return loaded(family, interval, alias, str(version.number), load(folder))
        except ModelError:
            shutil.rmtree(folder, ignore_errors=True)  # so that a mended file is fetched again
            raise

    def _remember(self) -> None:
        """For a start while the registry is away."""
        kept = [[*slot, version.number, version.run_id] for slot, (version, _) in sorted(self._places.items())]
        text = json.dumps(kept)
        path = self._folder / _KEPT
        try:
            if not path.is_file() or path.read_text() != text:
                self._folder.mkdir(parents=True, exist_ok=True)
                draft = path.with_suffix(".draft")
                draft.write_text(text)
                draft.replace(path)
        except OSError as error:
            logger.warning("%s: expected a folder to write to, was %s", self._folder, error)

    def _recalled(self) -> dict[Slot, Version]:
        """What served last on this machine and is still here."""
        try:
            kept = json.loads((self._folder / _KEPT).read_text())
            found = {(name, alias): Version(name, int(number), run) for name, alias, number, run in kept}
        except (OSError, ValueError, TypeError):
            return {}
        return {
            slot: version
            for slot, version in found.items()
            if (self._folder / version.name / str(version.number)).is_dir()
        }


def _wanted(models: Iterable[Registered]) -> Iterable[tuple[Slot, Version]]:
    for model in models:
        for alias in (CHAMPION, CHALLENGER):
            version = model.aliased(alias)
            if version is not None and "-" in model.name:
                yield (model.name, alias), version
