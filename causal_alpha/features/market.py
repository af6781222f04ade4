"""One feature's values over the universe at one time, and how a symbol stands among them.

Values are sorted before they are added, so that the order of the symbols doesn't matter to the last bit.
"""

import numpy as np

from causal_alpha.frames import Floats


def _known(values: Floats) -> Floats:
    return np.sort(values[np.isfinite(values)])


def market_mean(values: Floats) -> Floats:
    """The mean over the symbols that have a value: of returns, the return of a market of equal weights."""
    known = _known(values)
    return np.full(len(values), known.mean() if len(known) else np.nan)


def market_deviation(values: Floats) -> Floats:
    """The standard deviation across the N symbols that have a value at this time; 0 for a single one.

    In the form of a whole population: the root of the summed squares of `value - mean`, divided by N. Of returns, how
    far the market disperses within one bar. The idea is that of Christie and Huang, Following the Pied Piper: Do
    Individual Returns Herd around the Market?, Financial Analysts Journal 51(4), 1995; they divide by N - 1, so their
    number is sqrt(N / (N - 1)) times this one, and there is none for a single symbol.
    """
    known = _known(values)
    return np.full(len(values), known.std() if len(known) else np.nan)


def relative_to_market(values: Floats) -> Floats:
    """Each value less the mean of all: of returns, what a symbol does beside the market, with a beta of 1.

    Brown and Warner, Measuring Security Price Performance, Journal of Financial Economics 8(3), 1980.
    """
    return values - market_mean(values)
