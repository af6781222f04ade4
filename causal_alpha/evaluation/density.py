"""Quantiles session by session, as they would be served: a truth is observed only when it has arrived."""

from dataclasses import dataclass

import numpy as np

from causal_alpha.calibration import SPEEDS, Conformal, Residuals
from causal_alpha.frames import Floats
from causal_alpha.models.base import HORIZONS, Outlook
from causal_alpha.models.ewma import NORMAL
from causal_alpha.records import LEVELS


@dataclass(frozen=True)
class Density:
    """Quantiles (sessions, symbols, 13) before and after the online conformal layer."""

    plain: Floats
    calibrated: Floats


def simulate(outlook: Outlook, returns: Floats, horizon: int) -> Density:
    """Walks through the sessions of an outlook; `returns` (sessions, symbols) are the truths of one horizon.

    A truth of origin t is observed before the origin at t + horizon speaks.
    """
    at = HORIZONS.index(horizon)
    location, ranges = outlook.location[:, :, at], horizon * outlook.ranges[:, :, at]
    sessions, symbols = returns.shape
    residuals, layer = Residuals(symbols), Conformal(symbols, SPEEDS[horizon])
    plain = np.full((sessions, symbols, len(LEVELS)), np.nan)
    calibrated = plain.copy()
    for session in range(sessions):
        past = session - horizon
        if past >= 0:
            residuals.observe(returns[past], location[past], ranges[past])
            layer.observe(returns[past], calibrated[past])
        if outlook.squares is None:
            plain[session] = residuals.quantiles(location[session], ranges[session])
        else:
            deviation = np.sqrt(outlook.squares[session, :, at])
            plain[session] = location[session][:, None] + deviation[:, None] * np.asarray(NORMAL)
        calibrated[session] = layer.adjust(plain[session])
    return Density(plain, calibrated)
