"""A causal Transformer over patches of five days, one for all symbols.

Patches as in PatchTST (Nie et al., ICLR 2023), blocks from keras-nlp: `TransformerDecoder` without an encoder masks
the future, `TransformerEncoder` would not. What it adds to the linear part is `models.network`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from causal_alpha.models.base import HORIZONS
from causal_alpha.models.extras import training_package
from causal_alpha.models.network import PATCH, Network, Plan, fit_network, in_patches, with_skip

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

PLAN = Plan()
HEADS, DROPOUT = 4, 0.1


def build(keras: Any, inputs: int, plan: Plan) -> Any:
    """(batch, days, inputs) → (batch, patches, members, h): each member its blocks and a linear skip."""
    keras_nlp = training_package("keras_nlp")
    layers = keras.layers
    days = keras.Input((None, inputs))
    patches, last = in_patches(keras, days)
    found = []
    for member in range(plan.members):
        hidden = layers.Dense(plan.width, name=f"embed_{member}")(patches)
        most = (plan.lags + plan.extra) // PATCH
        hidden = hidden + keras_nlp.layers.PositionEmbedding(most, name=f"position_{member}")(hidden)
        for block in range(plan.blocks):
            hidden = keras_nlp.layers.TransformerDecoder(
                intermediate_dim=2 * plan.width,
                num_heads=HEADS,
                dropout=DROPOUT,
                normalize_first=True,
                name=f"block_{member}_{block}",
            )(hidden)
        hidden = layers.LayerNormalization(name=f"norm_{member}")(hidden)
        found.append(layers.Dense(len(HORIZONS), kernel_initializer="zeros", name=f"head_{member}")(hidden))
    return with_skip(keras, days, found, last)


def newest(keras: Any, net: Any, windows: Any) -> Any:
    """``net(windows)[:, -1]``, (batch, members, h), as the net weighs now, for a graph that serves.

    Only the last day is asked for, so the days before it go no further than the keys and values of the last block.
    That leaves a third of the work.
    """
    patches, last = in_patches(keras, windows)
    names = [layer.name for layer in net.layers]
    found = []
    for member in range(net.output_shape[-2]):
        hidden = net.get_layer(f"embed_{member}")(patches)
        hidden = hidden + net.get_layer(f"position_{member}")(hidden)
        *blocks, top = (net.get_layer(name) for name in names if name.startswith(f"block_{member}_"))
        for block in blocks:
            hidden = block(hidden)
        hidden = net.get_layer(f"norm_{member}")(_newest_of_block(keras.ops, top, hidden))
        found.append(net.get_layer(f"head_{member}")(hidden))
    together = keras.ops.concatenate(found, axis=-1) + net.get_layer("skip")(last[:, -1])
    return keras.ops.reshape(together, (-1, len(found), len(HORIZONS)))


def _newest_of_block(ops: Any, block: Any, hidden: Any) -> Any:
    """``block(hidden)[:, -1]``, (batch, width), of hidden (batch, patches, width).

    What `TransformerDecoder` does with `normalize_first`: attention, then two dense layers, each added to what it read.
    """
    weights = {one.path.partition("/")[2]: one.numpy() for one in block.weights}
    patches, width = hidden.shape[1:]

    def normal(values: Any, name: str) -> Any:
        # In the order of operations that ONNX Runtime knows as one.
        centred = values - ops.mean(values, axis=-1, keepdims=True)
        spread = ops.sqrt(ops.mean(ops.power(centred, 2.0), axis=-1, keepdims=True) + block.layer_norm_epsilon)
        return centred / spread * weights[f"{name}/gamma"] + weights[f"{name}/beta"]

    def dense(values: Any, name: str, outputs: int) -> Any:
        return ops.matmul(values, weights[f"{name}/kernel"].reshape(-1, outputs)) + weights[f"{name}/bias"].ravel()

    read = normal(hidden, "self_attention_layer_norm")
    query = ops.reshape(dense(read[:, -1], "self_attention/query", width), (-1, HEADS, 1, width // HEADS))
    key, value = (
        ops.reshape(dense(read, f"self_attention/{name}", width), (-1, patches, HEADS, width // HEADS))
        for name in ("key", "value")
    )
    likeness = ops.matmul(query / (width // HEADS) ** 0.5, ops.transpose(key, (0, 2, 3, 1)))
    seen = ops.matmul(ops.softmax(likeness, axis=-1), ops.transpose(value, (0, 2, 1, 3)))
    seen = dense(ops.reshape(seen, (-1, width)), "self_attention/attention_output", width)
    hidden = hidden[:, -1] + seen
    inner = dense(normal(hidden, "feedforward_layer_norm"), "feedforward_intermediate_dense", 2 * width)
    return hidden + dense(ops.relu(inner), "feedforward_output_dense", width)


def fit(dataset: "Dataset", *, seed: int = 0, plan: Plan = PLAN, say: Callable[[str], None] | None = None) -> Network:
    """A trained net; needs the extra `train`."""
    return fit_network(dataset, "transformer", build, plan, seed=seed, say=say)
