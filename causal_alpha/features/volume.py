"""Volume against what is usual, and price against what was paid on average."""

import numpy as np

from causal_alpha.features.window import Window
from causal_alpha.frames import Floats


def volume_surprise(window: Window) -> Floats:
    """The bar's volume over the mean of the bars before it, minus 1; 0 when those traded nothing.

    Gervais, Kaniel and Mingelgrin, The High-Volume Return Premium, Journal of Finance 56(3), 2001.
    """
    before = window.volume[:, :-1].mean(axis=1)
    return np.where(before == 0, 0.0, window.volume[:, -1] / before - 1)


def vwap_distance(window: Window) -> Floats:
    """Log distance of the close from the volume-weighted average price of the window; 0 when nothing was traded.

    Berkowitz, Logue and Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43(1), 1988.
    """
    volume = window.volume
    traded = volume.sum(axis=1)
    paid = np.where(volume == 0, 0.0, volume * window.vwap).sum(axis=1)
    return np.where(traded == 0, 0.0, np.log(window.close[:, -1] * traded / paid))
