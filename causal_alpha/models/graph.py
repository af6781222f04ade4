"""A net as an ONNX graph: made of a Keras model after training, run by ONNX Runtime wherever it serves.

The graph takes `windows`, float32 (n, lags, inputs), and gives (n, h): the mean of the members for the last day.
"""

import importlib
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from causal_alpha.errors import MissingExtraError, ModelError
from causal_alpha.models.base import HORIZONS

Singles = npt.NDArray[np.float32]

OPSET = 18
"""Of graphs that are made. With older ones means are pooled, between transpositions that cost more than the mean."""


class Graph:
    """A loaded graph: calling it with windows gives what the net says of them. One thread, no state between calls."""

    def __init__(self, proto: bytes, *, lags: int, inputs: int) -> None:
        """Raises ModelError for bytes that are no graph, or one of other inputs and outputs."""
        self.proto = proto
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            # From memory, so that a graph can't name files beside it.
            self._session = runtime.InferenceSession(proto, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has a class for each way to be wrong
            raise ModelError(f"graph: expected one that ONNX Runtime loads, was {_line(error)}") from error
        found = [(one.name, list(one.shape[1:]), one.type) for one in self._session.get_inputs()]
        if found != [("windows", [lags, inputs], "tensor(float)")]:
            raise ModelError(f"graph: expected windows of {lags} x {inputs} floats, was {found}")
        outputs = [list(one.shape[1:]) for one in self._session.get_outputs()]
        if outputs != [[len(HORIZONS)]]:
            raise ModelError(f"graph: expected {len(HORIZONS)} outputs a row, was {outputs}")

    def __call__(self, windows: Singles) -> Singles:
        said: Singles = self._session.run(None, {"windows": windows})[0]
        return said


Newest = Callable[[Any, Any, Any], Any]
"""``newest(keras, net, windows)``: what a net says of the last day of windows, (batch, members, h)."""


def last_output(keras: Any, net: Any, windows: Any) -> Any:
    """`Newest` of any net (batch, days, inputs) → (batch, outputs, members, h)."""
    del keras
    return net(windows)[:, -1]


def export(keras: Any, net: Any, *, lags: int, inputs: int, newest: Newest = last_output) -> bytes:
    """The graph of a trained net; needs the extra `train`."""
    windows = keras.Input((lags, inputs), name="windows")
    whole = keras.Model(windows, keras.ops.mean(newest(keras, net, windows), axis=1))
    whole(np.zeros((1, lags, inputs), dtype=np.float32))  # Keras exports only what has been called
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tf2onnx asks numpy for names that are going
        path = Path(folder) / "model.onnx"
        whole.export(str(path), format="onnx", verbose=False, opset_version=OPSET)
        return path.read_bytes()


def _runtime() -> Any:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError as error:
        raise MissingExtraError("onnxruntime", extra="serve") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
