"""Features: pure functions of the last W final bars, the same for one live bar and for all of history.

A feature is a function from a `Window` of shape (n, W) to n numbers; it sees only the last `lookback` bars and
may not look across rows. A market feature sees the numbers of all symbols at one time. Both are called on
windows laid out alike in memory, whether for one time or many, so numpy adds in the same order and results are
equal to the last bit (`causal_alpha.windows`).

A value is NaN where a bar within the look-back has no close (before a symbol's first bar, or the feed was away), and
where a feature needs what a feed doesn't have, such as quotes.

>>> DEFAULT.names[:3], len(DEFAULT.names), DEFAULT.lookback
(('return_1', 'return_2', 'return_5'), 30, 35)
"""

from causal_alpha.features.default import DEFAULT
from causal_alpha.features.feature import Feature, FeatureSet, MarketFeature
from causal_alpha.features.market import market_deviation, market_mean, relative_to_market
from causal_alpha.features.oscillators import close_zscore, macd, macd_histogram, range_position, rsi
from causal_alpha.features.quotes import flow_imbalance, microprice_distance, queue_imbalance, relative_spread
from causal_alpha.features.returns import gap, leverage, log_return
from causal_alpha.features.volatility import EWMA_DECAY, ewma_variance, garman_klass_variance, parkinson_variance
from causal_alpha.features.volume import volume_surprise, vwap_distance
from causal_alpha.features.window import FIELDS, Window

__all__ = [
    "DEFAULT",
    "EWMA_DECAY",
    "FIELDS",
    "Feature",
    "FeatureSet",
    "MarketFeature",
    "Window",
    "close_zscore",
    "ewma_variance",
    "flow_imbalance",
    "gap",
    "garman_klass_variance",
    "leverage",
    "log_return",
    "macd",
    "macd_histogram",
    "market_deviation",
    "market_mean",
    "microprice_distance",
    "parkinson_variance",
    "queue_imbalance",
    "range_position",
    "relative_spread",
    "relative_to_market",
    "rsi",
    "volume_surprise",
    "vwap_distance",
]
