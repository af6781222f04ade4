"""Training runs in MLflow: parameters, figures, pictures, a model card, the artefact, and the version made of it.

A version's files: `artefact/` as `models.store` writes it, `MLmodel` with the signature, and `input_example.json`. No
flavour of MLflow's is used, for those load code or pickles; ours is read by `models.store.load` alone. mlflow is
imported when something is recorded.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import causal_alpha
from causal_alpha.dataset import Dataset
from causal_alpha.errors import ServiceError
from causal_alpha.evaluation.card import card, date
from causal_alpha.evaluation.heldout import HeldOut
from causal_alpha.evaluation.plots import plots
from causal_alpha.models import store
from causal_alpha.models.artefact import Artefact
from causal_alpha.models.base import HORIZONS
from causal_alpha.models.blend import Blend
from causal_alpha.models.extras import training_package
from causal_alpha.models.network import Network
from causal_alpha.records import LEVELS
from causal_alpha.registry import FOLDER, Registry, Version, model_name

EXPERIMENT = "causal-alpha"
HEADLINE = ("crps_ewma_h1", "crps_ewma_h5", "qlike_har_h1", "qlike_har_h5", "coverage_80_h1", "coverage_95_h1")
"""Figures that a version carries in its tag `metrics`, as JSON; the run has them all."""

_FIRM = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}
_QUIET = {"GIT_PYTHON_REFRESH": "quiet", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}


def record(
    artefact: Artefact,
    held_out: HeldOut,
    dataset: Dataset,
    *,
    interval: str,
    url: str,
    alarms: Sequence[str] = (),
    facts: Mapping[str, object] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Version | None:
    """Writes a run and, unless there are alarms, registers the artefact as a version of `FAMILY-INTERVAL`.

    `facts` are more parameters, `tags` more tags of run and version. Raises ServiceError when MLflow can't take it; the
    run is then marked as failed, and no version is left.
    """
    mlflow = _mlflow()
    client = mlflow.MlflowClient(tracking_uri=url)
    held = {
        **_facts(artefact, dataset, interval),
        "sessions_held_out": len(held_out.starts),
        **(facts or {}),
    }
    gate = "blocked" if alarms else "passed"
    figures = held_out.figures
    every = {
        **{name: str(held[name]) for name in ("family", "interval", "until", "until_ns", "seed", "code")},
        "feature_set": artefact.feature_set,
        "data": artefact.data,
        "gate": gate,
        "metrics": json.dumps({name: round(figures[name], 6) for name in HEADLINE if name in figures}),
        **(tags or {}),
    }
    name = model_name(artefact.family, interval)
    try:
        run = client.create_run(_experiment(client), run_name=f"{name} {held['until']}", tags=every)
        try:
            _log(client, run.info.run_id, held, figures)
            client.log_text(run.info.run_id, card(artefact, held_out, interval, held, alarms), "card.md")
            for file, figure in plots(held_out, _losses(artefact)).items():
                client.log_figure(run.info.run_id, figure, f"plots/{file}")
            with tempfile.TemporaryDirectory() as folder:
                _write(mlflow, artefact, dataset, run.info.run_id, Path(folder))
                client.log_artifacts(run.info.run_id, folder, "model")
            version = None if alarms else _register(mlflow, client, name, run, every)
        except BaseException:
            with suppress(mlflow.exceptions.MlflowException):
                client.set_terminated(run.info.run_id, status="FAILED")
            raise
        client.set_terminated(run.info.run_id)
    except mlflow.exceptions.MlflowException as error:
        said = " ".join(str(error).split())[:200]
        raise ServiceError(f"MLflow at {url}: expected to take a run of {name}, was {said}") from error
    return None if version is None else _read_back(url, name, version)


def code_version() -> str:
    """The package's version and the hash of its source: other code, other version.

    >>> code_version().startswith(causal_alpha.__version__ + "+")
    True
    """
    folder = Path(causal_alpha.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
    return f"{causal_alpha.__version__}+{digest.hexdigest()[:12]}"


def _mlflow() -> Any:
    for variable, value in {**_PATIENCE, **_QUIET}.items():
        os.environ.setdefault(variable, value)
    os.environ.update(_FIRM)
    return training_package("mlflow")


def _experiment(client: Any) -> str:
    found = client.get_experiment_by_name(EXPERIMENT)
    return str(found.experiment_id if found is not None else client.create_experiment(EXPERIMENT))


def _facts(artefact: Artefact, dataset: Dataset, interval: str) -> dict[str, object]:
    return {
        "family": artefact.family,
        "interval": interval,
        "seed": artefact.seed,
        "lags": artefact.lags,
        "symbols": len(dataset.symbols),
        "rows": len(dataset),
        "since": date(int(dataset.sessions[0])),
        "until": date(artefact.until),
        "until_ns": artefact.until,
        "data": artefact.data,
        "feature_set": artefact.feature_set,
        "features": ",".join(dataset.names),
        "horizons": ",".join(map(str, HORIZONS)),
        "levels": ",".join(map(str, LEVELS)),
        "code": code_version(),
    }


def _losses(artefact: Artefact) -> dict[str, tuple[float, ...]]:
    members = artefact.model.members if isinstance(artefact.model, Blend) else (artefact.model,)
    return {member.family: member.losses for member in members if isinstance(member, Network)}


def _log(client: Any, run: str, facts: Mapping[str, object], figures: Mapping[str, float]) -> None:
    for name, value in facts.items():
        client.log_param(run, name, value)
    for name, number in figures.items():
        client.log_metric(run, name, number, synchronous=True)


def _write(mlflow: Any, artefact: Artefact, dataset: Dataset, run: str, folder: Path) -> None:
    """The artefact with MLflow's description of it: what goes in, what comes out, and one example."""
    store.save(artefact, folder / FOLDER)
    types = mlflow.types
    double = np.dtype(np.float64)
    n = len(HORIZONS)
    outputs = {"location": (-1, n), "variance": (-1, n), "quantiles": (-1, n, len(LEVELS))}
    vectors = types.TensorSpec(double, (-1, artefact.lags, len(dataset.names)), "vectors")
    signature = mlflow.models.ModelSignature(
        inputs=types.Schema([vectors]),
        outputs=types.Schema([types.TensorSpec(double, shape, name) for name, shape in outputs.items()]),
    )
    model = mlflow.models.Model(
        run_id=run,
        signature=signature,
        flavors={"causal_alpha": {"format": store.FORMAT, "data": FOLDER, "features": list(dataset.names)}},
        saved_input_example_info={"artifact_path": "input_example.json", "type": "ndarray", "format": "tf-serving"},
    )
    model.save(str(folder / "MLmodel"))
    values = dataset.lags(np.asarray([len(dataset) - 1]), dataset.names, artefact.lags)
    example = {"inputs": {"vectors": np.nan_to_num(values).tolist()}}
    (folder / "input_example.json").write_text(json.dumps(example, allow_nan=False))


def _register(mlflow: Any, client: Any, name: str, run: Any, tags: Mapping[str, str]) -> int:
    with suppress(mlflow.exceptions.MlflowException):  # it is there, or the next call says what is wrong
        client.create_registered_model(name)
    source = f"{run.info.artifact_uri}/model"
    made = client.create_model_version(name, source, run.info.run_id, tags=dict(tags), await_creation_for=0)
    return int(made.version)


def _read_back(url: str, name: str, number: int) -> Version:
    registry = Registry(url)
    try:
        return registry.need(name).version(number)
    finally:
        registry.close()
