"""The live half of ARIMA: a recursion of four numbers a symbol, vectorised over symbols, plain numpy.

For returns r of order (p, q <= 2): e = r - ar1 r1 - ar2 r2 - ma1 e1 - ma2 e2, the steady state of the Kalman filter.
Its forecasts equal those of statsmodels once the start is forgotten, which takes ln(1e-9) / ln(largest root) bars.
"""

import numpy as np

from causal_alpha.frames import Floats

Coefficients = Floats
"""(n, 4): ar1, ar2, ma1, ma2."""


def start(n: int) -> Floats:
    """The state (n, 4) of r1, r2, e1, e2 before the first bar."""
    return np.zeros((n, 4))


def step(coefficients: Coefficients, state: Floats, returns: Floats) -> Floats:
    """The state after one more return of each symbol, (n,)."""
    after: Floats = np.empty_like(state)
    after[:, 0], after[:, 1] = returns, state[:, 0]
    after[:, 2], after[:, 3] = returns - (coefficients * state).sum(axis=1), state[:, 2]
    return after


def run(coefficients: Coefficients, returns: Floats) -> Floats:
    """The state (n, 4) after returns (n, bars), oldest first."""
    state = start(len(returns))
    for bar in range(returns.shape[1]):
        state = step(coefficients, state, returns[:, bar])
    return state


def echoes(coefficients: Coefficients, bars: int) -> Floats:
    """What each of the last returns, oldest first, weighs in the newest innovation and in the one before, (2, n, bars).

    The recursion written out once: 1, and from there on what a return still weighs `k` bars later.
    """
    after = np.zeros((len(coefficients), bars + 2))
    after[:, 2] = 1.0
    for lag in range(1, bars):
        own = coefficients[:, lag - 1] if lag <= 2 else 0.0
        after[:, lag + 2] = -own - coefficients[:, 2] * after[:, lag + 1] - coefficients[:, 3] * after[:, lag]
    oldest_first = after[:, :1:-1]
    before = np.concatenate([oldest_first[:, 1:], np.zeros((len(coefficients), 1))], axis=1)
    return np.stack([oldest_first, before])


def settle(weights: Floats, returns: Floats) -> Floats:
    """The state that `run` gives after returns (n, bars), by the `echoes` (2, n, bars): no loop over bars."""
    innovations = [(weights[place] * returns).sum(axis=1) for place in (0, 1)]
    return np.stack([returns[:, -1], returns[:, -2], *innovations], axis=1)


def forecast(coefficients: Coefficients, state: Floats, bars: int) -> Floats:
    """Expected returns of the next bars, (n, bars)."""
    ahead = np.empty((len(state), bars))
    for bar in range(bars):
        ahead[:, bar] = (coefficients * state).sum(axis=1)
        state = np.column_stack([ahead[:, bar], state[:, 0], np.zeros(len(state)), state[:, 2]])
    return ahead
