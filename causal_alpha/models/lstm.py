"""A long short-term memory over the last eight weeks, one for all symbols.

Hochreiter and Schmidhuber, Neural Computation 9(8), 1997. It takes in a patch of five days at a step; what it adds to
the linear part is `models.network`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from causal_alpha.models.base import HORIZONS
from causal_alpha.models.network import Network, Plan, fit_network, in_patches, with_skip

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

PLAN = Plan(batch=64)


def build(keras: Any, inputs: int, plan: Plan) -> Any:
    """(batch, days, inputs) → (batch, patches, members, h): each member an LSTM and a linear skip."""
    layers = keras.layers
    days = keras.Input((None, inputs))
    patches, last = in_patches(keras, days)
    found = []
    for member in range(plan.members):
        memory = layers.LSTM(plan.width, return_sequences=True, name=f"lstm_{member}")(patches)
        memory = layers.Dropout(0.2, name=f"dropout_{member}")(memory)
        found.append(layers.Dense(len(HORIZONS), kernel_initializer="zeros", name=f"head_{member}")(memory))
    return with_skip(keras, days, found, last)


def fit(dataset: "Dataset", *, seed: int = 0, plan: Plan = PLAN, say: Callable[[str], None] | None = None) -> Network:
    """A trained net; needs the extra `train`."""
    return fit_network(dataset, "lstm", build, plan, seed=seed, say=say)
