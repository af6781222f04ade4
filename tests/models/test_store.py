import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from causal_alpha.checks.forecaster import made_up
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ModelError
from causal_alpha.models import arima, blend, ewma, garch, har, lstm, naive, store, transformer
from causal_alpha.models.artefact import Artefact, seal
from causal_alpha.models.base import Outlook, Vectors
from tests.conftest import ROOT

TINY = {
    "lstm": replace(lstm.PLAN, members=2, targets=1_000, looks=1, width=4),
    "transformer": replace(transformer.PLAN, members=1, targets=1_000, looks=1, width=4, blocks=1),
}
PARAMETRIC: dict[str, Callable[[Dataset], Any]] = {
    "naive": naive.fit,
    "ewma": ewma.fit,
    "har": har.fit,
    "har per symbol": har.fit_per_symbol,
    "garch": garch.fit,
    "arima": arima.fit,
}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset.from_bars(made_up(symbols=4))


@pytest.fixture(scope="module")
def trained(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Artefact, Path]:
    """A blend of tiny nets, and the folder it was saved in."""
    nets = (lstm.fit(data, plan=TINY["lstm"]), transformer.fit(data, plan=TINY["transformer"]))
    artefact = seal(blend.Blend((har.fit(data), *nets, har.fit_per_symbol(data))), data, seed=0)
    folder = tmp_path_factory.mktemp("store") / "blend"
    store.save(artefact, folder)
    return artefact, folder


def vectors(data: Dataset, lags: int = 250) -> Vectors:
    rows = np.flatnonzero(data.place >= 400)[::7]
    symbols = tuple(data.symbols[code] for code in data.symbol[rows].tolist())
    return Vectors(data.names, symbols, data.lags(rows, data.names, lags))


@pytest.mark.parametrize("family", PARAMETRIC)
def test_parametric_family_comes_back_to_the_bit(family: str, data: Dataset, tmp_path: Path) -> None:
    artefact = seal(PARAMETRIC[family](data), data, seed=3)
    store.save(artefact, tmp_path)
    again = store.load(tmp_path)
    for name in ("family", "feature_set", "data", "until", "seed", "lags"):
        assert getattr(again, name) == getattr(artefact, name)
    was, now = artefact.forecast(vectors(data)), again.forecast(vectors(data))
    for name in ("location", "variance", "quantiles"):
        assert getattr(was, name).tobytes() == getattr(now, name).tobytes()
    assert [file.name for file in tmp_path.iterdir()] == ["artefact.json"]


def test_net_serves_from_onnx_what_keras_said(trained: tuple[Artefact, Path], data: Dataset) -> None:
    artefact, folder = trained
    again = store.load(folder)
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.*")) == [
        "artefact.json", "lstm/model.keras", "lstm/model.onnx", "transformer/model.keras", "transformer/model.onnx",
    ]  # fmt: skip
    asked = vectors(data, artefact.lags)
    was, now = artefact.forecast(asked), again.forecast(asked)
    assert np.allclose(was.quantiles, now.quantiles, rtol=1e-5, atol=0, equal_nan=True)
    assert np.isfinite(now.quantiles).all()
    for before, after in zip(artefact.model.members, again.model.members, strict=True):
        a, b = (np.log(member.outlook(asked).ranges) for member in (before, after))
        assert np.abs(a - b).max() <= 1e-5


def test_family_that_is_a_net_is_a_folder_without_others(
    trained: tuple[Artefact, Path], data: Dataset, tmp_path: Path
) -> None:
    net = trained[0].model.members[1]
    store.save(seal(net, data, seed=1), tmp_path / "one")
    loaded = store.load(tmp_path / "one")
    assert loaded.family == "lstm"
    assert loaded.model.losses == net.losses
    store.save(loaded, tmp_path / "two")  # as a worker would, which has no Keras model of it
    for name in ("artefact.json", "model.onnx"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert store.graph_names((tmp_path / "one" / "artefact.json").read_bytes()) == ("model.onnx",)


def test_keras_file_is_the_net_that_was_trained(trained: tuple[Artefact, Path]) -> None:
    import keras

    artefact, folder = trained
    for member in artefact.model.members[1:3]:
        again = keras.saving.load_model(folder / member.family / "model.keras")
        for was, now in zip(member.net.get_weights(), again.get_weights(), strict=True):
            assert was.tobytes() == now.tobytes()


def test_load_needs_nothing_that_trains(trained: tuple[Artefact, Path]) -> None:
    code = f"""
import sys
from pathlib import Path
from causal_alpha.models.store import load
print(load(Path({str(trained[1])!r})).family)
print(sorted({{name.partition(".")[0] for name in sys.modules}}
    & {{"tensorflow", "keras", "keras_nlp", "statsmodels", "arch", "mlflow", "pandas", "onnx"}}))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["blend", "[]"]


@given(arrays(np.float64, array_shapes(min_dims=1, max_dims=3, min_side=0), elements=st.floats(allow_infinity=False)))
def test_every_array_of_numbers_comes_back_to_the_bit(values: np.ndarray) -> None:
    values = np.where(np.isnan(values), np.nan, values)  # NaN has many faces, and one of them is kept
    again = store._array(json.loads(json.dumps(store._dump(values), allow_nan=False)))
    assert again.shape == values.shape
    assert again.tobytes() == values.tobytes()


def test_numbers_that_are_infinite_are_not_saved(data: Dataset, tmp_path: Path) -> None:
    artefact = seal(har.fit(data), data, seed=0)
    with pytest.raises(ModelError, match="expected finite or unknown numbers, was inf"):
        store.save(replace(artefact, squares=np.array([1.0, np.inf])), tmp_path)


def test_class_that_is_not_listed_is_not_saved(data: Dataset, tmp_path: Path) -> None:
    class Strange:
        family, lags = "strange", 1

        def outlook(self, vectors: Vectors) -> Outlook:
            return Outlook(np.zeros((len(vectors), 2)), np.ones((len(vectors), 2)))

    artefact = replace(seal(har.fit(data), data, seed=0), model=Strange())
    with pytest.raises(ModelError, match=r"expected one of Naive, .*, was .*Strange"):
        store.save(artefact, tmp_path)


@given(st.data())
def test_any_byte_that_is_changed_or_missing_is_noticed(
    trained: tuple[Artefact, Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Only a change that leaves the same JSON, such as a space, may pass."""
    folder = trained[1]
    whole = (folder / "artefact.json").read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    byte = data.draw(st.integers(0, 255))
    broken = whole[:at] if cut else whole[:at] + bytes([byte]) + whole[at + 1 :]
    try:
        same = json.loads(broken) == json.loads(whole)
    except ValueError:
        same = False
    if same:
        return
    with pytest.raises(ModelError):
        store.graph_names(broken)


def test_graph_that_is_changed_cut_or_missing_is_refused(trained: tuple[Artefact, Path], tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(trained[1], folder)
    path = folder / "lstm" / "model.onnx"
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[:100], b"", bytes([whole[0] ^ 1]) + whole[1:]):
        path.write_bytes(broken)
        with pytest.raises(ModelError, match=r"lstm/model\.onnx: expected SHA-256"):
            store.load(folder)
    path.unlink()
    with pytest.raises(ModelError, match=r"lstm/model\.onnx: expected a file of an artefact, was No such file"):
        store.load(folder)


def resealed(folder: Path, change: Callable[[dict[str, Any]], None], *, form: int = store.FORMAT) -> None:
    """Alters the content of an artefact with a checksum that is right again."""
    content = json.loads((folder / "artefact.json").read_text())["content"]
    change(content)
    index = {"format": form, "sha256": store._digest(content), "content": content}
    (folder / "artefact.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda content: content["model"].update(kind="Popen"), "expected one of Naive, .*, was 'Popen'"),
        (lambda content: content["model"].pop("low"), "expected an artefact, was TypeError"),
        (lambda content: content["model"].update(extra=1), "expected an artefact, was TypeError"),
        (lambda content: content.pop("until"), "expected an artefact, was KeyError"),
        (lambda content: content["shape"]["numbers"].pop(), "expected an artefact, was ValueError"),
        (lambda content: content["squares"].update(shape=[1, 2]), "expected the shape of errors of har"),
        (lambda content: content.update(family="lstm"), "expected the shape of errors of lstm"),
        (lambda content: content["graphs"].update({"../../x": "0"}), "expected graphs such as lstm/model.onnx"),
        (lambda content: content.update(graphs=None), "expected graphs such as lstm/model.onnx, was None"),
        (lambda content: content.update(model=[1]), "expected one of Naive, .*, was tuple"),
    ],
)
def test_content_that_makes_no_artefact_is_refused(
    change: Callable[[dict[str, Any]], None], says: str, data: Dataset, tmp_path: Path
) -> None:
    store.save(seal(har.fit(data), data, seed=0), tmp_path)
    resealed(tmp_path, change)
    with pytest.raises(ModelError, match=says):
        store.load(tmp_path)


def test_other_format_and_empty_folder_are_refused(data: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"artefact\.json: expected a file of an artefact, was No such file"):
        store.load(tmp_path)
    store.save(seal(har.fit(data), data, seed=0), tmp_path)
    resealed(tmp_path, lambda content: None, form=2)
    with pytest.raises(ModelError, match="expected format 1, was 2"):
        store.load(tmp_path)


def test_graph_of_other_inputs_is_refused(trained: tuple[Artefact, Path], tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(trained[1], folder)
    resealed(folder, lambda content: content["model"]["members"][1].update(lags=39))
    with pytest.raises(ModelError, match="graph: expected windows of 39 x 24 floats, was"):
        store.load(folder)
