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


def fit(dataset: "Dataset", *, seed: int = 0, plan: Plan = PLAN, say: Callable[[str], None] | None = None) -> Network:
    """A trained net; needs the extra `train`."""
    return fit_network(dataset, "transformer", build, plan, seed=seed, say=say)
