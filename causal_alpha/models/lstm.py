"""A long short-term memory over the last 40 days, one for all symbols.

Hochreiter and Schmidhuber, Neural Computation 9(8), 1997; what it adds to the linear part is `models.network`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from causal_alpha.models.base import HORIZONS
from causal_alpha.models.network import DEEP, Network, Plan, fit_network

if TYPE_CHECKING:
    from causal_alpha.dataset import Dataset

PLAN = Plan(members=3)


def build(keras: Any, inputs: int, plan: Plan) -> Any:
    """(batch, days, inputs) → (batch, days, members, h): each member an LSTM and a linear skip."""
    layers = keras.layers
    days = keras.Input((None, inputs))
    deep = days[:, :, : len(DEEP)]
    found = []
    for member in range(plan.members):
        memory = layers.LSTM(plan.width, return_sequences=True, name=f"lstm_{member}")(deep)
        memory = layers.Dropout(0.2, name=f"dropout_{member}")(memory)
        found.append(layers.Dense(len(HORIZONS), kernel_initializer="zeros", name=f"head_{member}")(memory))
    added = layers.Concatenate()(found) if len(found) > 1 else found[0]
    total = added + layers.Dense(plan.members * len(HORIZONS), trainable=False, name="skip")(days)
    return keras.Model(days, layers.Reshape((-1, plan.members, len(HORIZONS)))(total))


def fit(dataset: "Dataset", *, seed: int = 0, plan: Plan = PLAN, say: Callable[[str], None] | None = None) -> Network:
    """A trained net; needs the extra `train`."""
    return fit_network(dataset, "lstm", build, plan, seed=seed, say=say)
