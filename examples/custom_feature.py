"""A feature of your own: the same function for one live bar and for all of history.

`causal-alpha check-features examples.custom_feature` checks it, `CAUSAL_ALPHA_FEATURE_SET=examples.custom_feature:BOTH`
serves it beside ours.

>>> closes = [100.0, 101.0, 99.0, 99.0]
>>> bars = [
...     Bar(symbol="A", interval="1m", start=60_000_000_000 * minute, open=close, high=close, low=close, close=close,
...         volume=1.0, vwap=close, trades=1)
...     for minute, close in enumerate(closes)
... ]
>>> compute(Frame.of(Bar, bars)).floats("values").round(6).tolist()
[[nan], [nan], [0.0002], [0.0002]]
"""

import numpy as np

from causal_alpha import Bar, Feature, Features, FeatureSet, Frame, Window
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Floats
from causal_alpha.history import history


def downside_variance(window: Window) -> Floats:
    """Mean of squared log returns, those above zero counted as zero. One number a row of the window."""
    falls = np.minimum(window.returns, 0.0)
    result: Floats = (falls * falls).mean(axis=1)
    return result


MINE = FeatureSet(features=(Feature("downside_variance", downside_variance, lookback=3),))
BOTH = DEFAULT + MINE


def compute(bars: Frame[Bar]) -> Frame[Features]:
    """The feature of every bar of one interval, NaN while a symbol has fewer than three."""
    return history(MINE, bars, width=MINE.lookback)
