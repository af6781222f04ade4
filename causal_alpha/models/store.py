"""Artefacts as files: JSON for parameters, ONNX for what serves a net, `.keras` to train it on. Never pickle.

A folder holds `artefact.json` and, for each net in the model, `model.onnx` and `model.keras`: beside it for a family
that is a net, in a folder of the member's name for a blend. The JSON carries a version of the format and a SHA-256 of
its content and of every graph. Classes are looked up in `MODELS`; nothing is imported because a file says so.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import isnan
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from causal_alpha.errors import ModelError
from causal_alpha.models import transformer
from causal_alpha.models.arima import Arima
from causal_alpha.models.artefact import Artefact
from causal_alpha.models.base import HORIZONS, Model
from causal_alpha.models.blend import Blend
from causal_alpha.models.ewma import EwmaModel
from causal_alpha.models.extras import training_package
from causal_alpha.models.garch import Garch
from causal_alpha.models.graph import Graph, Newest, export, last_output
from causal_alpha.models.har import HarPerSymbol, HarX
from causal_alpha.models.naive import Naive
from causal_alpha.models.network import INPUTS, Network, Scaler
from causal_alpha.records import LEVELS

FORMAT = 1
"""Counts up when an older reader would misread the files."""

INDEX = "artefact.json"
GRAPH = re.compile(r"(?:[a-z_]{1,32}/)?model\.onnx")
LARGEST = 64 * 2**20
"""Bytes of a file that is still read."""

MODELS: Mapping[str, type] = MappingProxyType(
    {one.__name__: one for one in (Naive, EwmaModel, HarX, HarPerSymbol, Garch, Arima, Network, Scaler, Blend)}
)
"""What may stand in a file, by the name it has there: frozen dataclasses of numbers, text, arrays and each other."""

_ABSENT = frozenset({"run", "net"})
"""Fields of a net that are files of their own."""

_NEWEST: Mapping[str, Newest] = MappingProxyType({"transformer": transformer.newest})
"""Families of which the newest output alone costs less than all of them."""


def save(artefact: Artefact, folder: Path) -> None:
    """Writes the artefact into a folder, which is made; needs the extra `train` for a net that was just trained.

    Raises ModelError for a model of a class that isn't in `MODELS`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graphs = {}
    for name, net in _nets(artefact.model).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(_graph_of(net))
        if net.net is not None:
            net.net.save(path.with_suffix(".keras"))
        graphs[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    content = {
        "family": artefact.family,
        "model": _dump(artefact.model),
        **{name: _dump(getattr(artefact, name)) for name in ("shape", "squares")},
        **{name: getattr(artefact, name) for name in ("feature_set", "data", "until", "seed")},
        "graphs": graphs,
    }
    index = {"format": FORMAT, "sha256": _digest(content), "content": content}
    (folder / INDEX).write_text(json.dumps(index, indent=1, allow_nan=False) + "\n")


def load(folder: Path) -> Artefact:
    """The artefact in a folder, which answers as the one that was saved did. Needs ONNX Runtime for nets.

    Raises ModelError for what is missing, corrupt, of another version of the format, or of an unknown class.
    """
    content = _content(_read(folder / INDEX))
    graphs: dict[str, bytes] = {}
    for name, expected in content["graphs"].items():
        graphs[name] = _read(folder / name)
        was = hashlib.sha256(graphs[name]).hexdigest()
        if was != expected:
            raise ModelError(f"{folder / name}: expected SHA-256 {expected}, was {was}")
    try:
        model = _Reader(graphs).model(content["model"])
        artefact = Artefact(
            model=model,
            shape=_array(content["shape"]),
            squares=_array(content["squares"]),
            feature_set=str(content["feature_set"]),
            data=str(content["data"]),
            until=int(content["until"]),
            seed=int(content["seed"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise ModelError(f"{folder / INDEX}: expected an artefact, was {error!r}") from error
    expected_shape = ((len(HORIZONS), len(LEVELS)), (len(HORIZONS),))
    if (artefact.shape.shape, artefact.squares.shape) != expected_shape or artefact.family != content["family"]:
        raise ModelError(f"{folder / INDEX}: expected the shape of errors of {content['family']}, was another")
    return artefact


def graph_names(index: bytes) -> tuple[str, ...]:
    """Files that serving needs beside `artefact.json`, relative to it, by that file's bytes. Raises ModelError."""
    return tuple(_content(index)["graphs"])


def _content(index: bytes) -> dict[str, Any]:
    """What stands in `artefact.json`, once its format and checksum are right."""
    try:
        whole = json.loads(index)
        found, stated, content = whole["format"], whole["sha256"], whole["content"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelError(f"{INDEX}: expected JSON with format, sha256 and content, was {error!r}") from error
    if found != FORMAT:
        raise ModelError(f"{INDEX}: expected format {FORMAT}, was {found!r}")
    was = _digest(content)
    if was != stated:
        raise ModelError(f"{INDEX}: expected content of SHA-256 {stated}, was {was}")
    graphs = content.get("graphs") if isinstance(content, dict) else None
    if not isinstance(graphs, dict) or not all(GRAPH.fullmatch(name) for name in graphs):
        raise ModelError(f"{INDEX}: expected graphs such as lstm/model.onnx, was {graphs!r}")
    return dict(content)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise ModelError(f"{path}: expected at most {LARGEST} bytes, was {path.stat().st_size}")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: expected a file of an artefact, was {error.strerror}") from error


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _nets(model: object) -> dict[str, Network]:
    """The nets of a model by their graph's file."""
    if isinstance(model, Network):
        return {"model.onnx": model}
    members = model.members if isinstance(model, Blend) else ()
    return {f"{member.family}/model.onnx": member for member in members if isinstance(member, Network)}


def _graph_of(net: Network) -> bytes:
    if isinstance(net.run, Graph):
        return net.run.proto
    keras, newest = training_package("keras"), _NEWEST.get(net.family, last_output)
    return export(keras, net.net, lags=net.lags, inputs=len(INPUTS), newest=newest)


def _dump(value: Any) -> Any:
    """JSON that `_Reader` reads back to the same bits; unknown numbers (NaN) become null."""
    if isinstance(value, np.ndarray):
        if np.isinf(value).any():
            raise ModelError("parameters: expected finite or unknown numbers, was inf")
        numbers = [None if isnan(number) else number for number in value.astype(np.float64).ravel().tolist()]
        return {"shape": list(value.shape), "numbers": numbers}
    if isinstance(value, tuple):
        return [_dump(one) for one in value]
    if isinstance(value, str | int | float):
        return value
    kind = type(value).__name__
    if MODELS.get(kind) is not type(value) or not is_dataclass(value):
        raise ModelError(f"model: expected one of {', '.join(MODELS)}, was {type(value).__qualname__}")
    return {"kind": kind} | {
        one.name: _dump(getattr(value, one.name)) for one in fields(value) if one.name not in _ABSENT
    }


@dataclass(frozen=True)
class _Reader:
    """Makes values of JSON; `graphs` are the bytes of the files beside it."""

    graphs: Mapping[str, bytes]

    def model(self, tree: Mapping[str, Any]) -> Model:
        found = self.value(tree)
        if not isinstance(found, Model):
            raise ModelError(f"model: expected one of {', '.join(MODELS)}, was {type(found).__name__}")
        return found

    def value(self, tree: Any, folder: str = "") -> Any:
        if isinstance(tree, list):
            return tuple(self.value(one, folder) for one in tree)
        if not isinstance(tree, dict):
            return tree
        if "kind" not in tree:
            return _array(tree)
        kind = MODELS.get(tree["kind"])
        if kind is None:
            raise ModelError(f"model: expected one of {', '.join(MODELS)}, was {tree['kind']!r}")
        given = {name: value for name, value in tree.items() if name != "kind"}
        if kind is Blend:
            members = tuple(self.value(one, f"{one['family']}/") for one in given.pop("members"))
            return Blend(members, **given)
        values = {name: self.value(value, folder) for name, value in given.items()}
        if kind is Network:
            proto = self.graphs[f"{folder}model.onnx"]
            return Network(**values, run=Graph(proto, lags=values["lags"], inputs=len(INPUTS)), net=None)
        return kind(**values)


def _array(tree: Mapping[str, Any]) -> Any:
    numbers = [np.nan if number is None else float(number) for number in tree["numbers"]]
    return np.asarray(numbers, dtype=np.float64).reshape(tree["shape"])
