from dataclasses import replace

import numpy as np

from causal_alpha.models import transformer
from causal_alpha.models.graph import Graph, export
from causal_alpha.models.network import INPUTS


def test_graph_that_serves_says_what_the_net_says_of_its_last_day() -> None:
    import keras

    plan = replace(transformer.PLAN, width=16, blocks=2, members=2)
    net = transformer.build(keras, len(INPUTS), plan)
    rng = np.random.default_rng(3)
    net.set_weights([rng.normal(0, 0.4, one.shape) for one in net.get_weights()])
    windows = rng.standard_normal((40, plan.lags, len(INPUTS))).astype(np.float32)
    windows[:5] *= 30  # so that one patch has all the attention

    proto = export(keras, net, lags=plan.lags, inputs=len(INPUTS), newest=transformer.newest)
    said = Graph(proto, lags=plan.lags, inputs=len(INPUTS))(windows)
    whole = np.asarray(net(windows))[:, -1]

    assert whole.std() > 1
    assert np.abs(whole[:, 0] - whole[:, 1]).max() > 1  # members differ, so their order matters
    assert np.allclose(said, whole.mean(axis=1), rtol=1e-5, atol=1e-5)
