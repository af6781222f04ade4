"""Returns of the close over several lags, of the gap between bars, and their downside. All are logs of price ratios."""

from collections.abc import Callable

import numpy as np

from causal_alpha.features.window import Window
from causal_alpha.frames import Floats


def log_return(bars: int) -> Callable[[Window], Floats]:
    """Log return of the close over the last `bars` bars; needs one bar more than that.

    Jegadeesh, Evidence of Predictable Behavior of Security Returns, Journal of Finance 45(3), 1990.
    """

    def function(window: Window) -> Floats:
        returns: Floats = np.log(window.close[:, -1] / window.close[:, -1 - bars])
        return returns

    return function


def gap(window: Window) -> Floats:
    """Log return from the close of the bar before to the open: after a pause of the market, the return overnight.

    Lou, Polk and Skouras, A Tug of War: Overnight versus Intraday Expected Returns,
    Journal of Financial Economics 134(1), 2019.
    """
    gaps: Floats = np.log(window.open[:, -1] / window.close[:, -2])
    return gaps


def leverage(window: Window) -> Floats:
    """The window's mean log return a bar if it is a loss, else 0: losses make volatility more than gains do.

    Corsi and Renò, Discrete-Time Volatility Forecasting with Persistent Leverage Effect,
    Journal of Business & Economic Statistics 30(3), 2012.
    """
    losses: Floats = np.minimum(window.returns.mean(axis=1), 0.0)
    return losses
