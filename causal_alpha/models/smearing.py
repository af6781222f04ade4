"""From a forecast of logs to one of the variance, by errors on sessions that a fit hasn't seen.

Duan's smearing (JASA 78, 1983) takes the mean of the exponentiated residuals. Those of the sample that was fitted are
too small, the more so the fewer independent weeks it has; those of sessions that were left out are not.
"""

import numpy as np

from causal_alpha.frames import Floats, Ints

BLOCKS = 20
"""Runs of neighbouring sessions, each left out once."""

_ROUNDING = 1e-10


def least_squares(inputs: Floats, target: Floats) -> Floats:
    """The shortest weights (k,) that bring inputs (n, k) nearest to a target (n,), by the normal equations."""
    return solved(inputs.T @ inputs, inputs.T @ target)


def solved(product: Floats, aim: Floats) -> Floats:
    """The shortest weights (k,) with ``product @ weights = aim``, of sums of products of inputs.

    Columns are scaled first. What they span in a direction of less than 1e-5 of the widest is taken for rounding, as
    where one symbol is its own market.
    """
    size = np.sqrt(np.maximum(np.diag(product), 0))
    size = np.where(size == 0, 1.0, size)
    found, *_ = np.linalg.lstsq(product / np.outer(size, size), aim / size, rcond=_ROUNDING)
    weights: Floats = found / size
    return weights


def unseen_smear(inputs: Floats, target: Floats, session: Ints) -> float:
    """The log that makes the exponential of a least-squares forecast of `target` (n,) unbiased.

    `inputs` (n, k), `session` (n,) counts the sessions of the rows. Each block of sessions is forecast by weights that
    were fitted to the others.
    """
    first = session.min()
    block = (session - first) * BLOCKS // (session.max() + 1 - first)
    parts = [np.flatnonzero(block == one) for one in range(BLOCKS)]
    taken = [(inputs[rows], target[rows]) for rows in parts if len(rows)]
    products = [own.T @ own for own, _ in taken]
    aims = [own.T @ aim for own, aim in taken]
    product, aim = np.sum(products, axis=0), np.sum(aims, axis=0)
    total = 0.0
    for (own, truth), part, part_aim in zip(taken, products, aims, strict=True):
        left = (product - part, aim - part_aim) if len(taken) > 1 else (product, aim)
        weights = solved(*left)
        total += float(np.exp(truth - own @ weights).sum())
    return float(np.log(total / len(target)))
