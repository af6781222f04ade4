"""Sums of floats that come out the same in any order and any grouping, to the last bit.

A plain sum depends on the order of its terms, so a bar's volume would depend on how Kafka's polls cut
the stream. Here each term is cut into four slices on fixed grids, and slices of one grid add up
without rounding: the method of Demmel and Nguyen, "Parallel Reproducible Summation", IEEE Transactions
on Computers 64(7), 2015, with grids fixed beforehand.

The grids are multiples of 2^-4, 2^-36, 2^-68 and 2^-100. Sums are exact up to 5e14 and 4 million terms,
beyond that as good as a plain sum; terms are kept to 2^-101, so a term down to 1e-14 to its last bit.
"""

from typing import TypeAlias

import numpy as np

from causal_alpha.frames import Floats, Ints

Slices: TypeAlias = Floats
"""Shape (4, n): the parts of n sums, coarse to fine."""

_GRIDS = (2.0**4, 2.0**36, 2.0**68, 2.0**100)


def slices(values: Floats) -> Slices:
    """Cut each of n values into its four slices; the shape of `values` follows a first axis of four.

    >>> totals(slices(np.array([0.1]))).tolist()
    [0.1]
    """
    parts = np.empty((len(_GRIDS), *values.shape))
    rest = values
    for part, grid in zip(parts, _GRIDS, strict=True):
        np.multiply(rest, grid, out=part)
        np.rint(part, out=part)
        np.multiply(part, 1 / grid, out=part)  # exact, for a power of two
        if grid < _GRIDS[-1]:
            rest = rest - part
    return parts


def group_sums(parts: Slices, starts: Ints) -> Slices:
    """Add slices within groups of neighbours that begin at `starts`: exact, so in any order."""
    sums: Slices = np.add.reduceat(parts, starts, axis=1)
    return sums


def totals(parts: Slices) -> Floats:
    """The sums as floats, fine slices first."""
    sums: Floats = ((parts[3] + parts[2]) + parts[1]) + parts[0]
    return sums
