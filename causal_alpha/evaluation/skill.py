"""What a location is worth: whether it has the sign, and over symbols the order, of what came."""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from causal_alpha.frames import Floats
from causal_alpha.scoring import hac_t

LEAST = 5
"""Symbols with a location of their own that a day needs for ranks."""


def skill_of(location: Floats, returns: Floats, test: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Figures of locations (sessions, symbols); none where all are 0, or nothing moved.

    `direction`: share of right signs where both sides have one, `always_up` what saying up would have scored there,
    `rank_ic` the mean rank correlation of a session, `rank_ic_t` its t. Ranks need five symbols a session.
    """
    spoken = test & np.isfinite(location) & np.isfinite(returns) & (location != 0) & (returns != 0)
    if not spoken.any():
        return {}
    rises = returns[spoken] > 0
    figures = {
        "direction": float(((location[spoken] > 0) == rises).mean()),
        "always_up": float(rises.mean()),
    }
    ranks = []
    for said, came, own in zip(location, returns, spoken, strict=True):
        if own.sum() >= LEAST and np.ptp(said[own]) > 0:
            ranks.append(float(np.corrcoef(rankdata(said[own]), rankdata(came[own]))[0, 1]))
    if ranks:
        figures |= {"rank_ic": float(np.mean(ranks)), "rank_ic_t": hac_t(np.asarray(ranks))}
    return figures
