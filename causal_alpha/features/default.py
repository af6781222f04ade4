"""The features that a worker serves unless it is told otherwise."""

from causal_alpha.features.feature import Feature, FeatureSet, MarketFeature
from causal_alpha.features.market import market_deviation, market_mean, relative_to_market
from causal_alpha.features.oscillators import close_zscore, macd, macd_histogram, range_position, rsi
from causal_alpha.features.quotes import flow_imbalance, microprice_distance, queue_imbalance, relative_spread
from causal_alpha.features.returns import gap, leverage, log_return
from causal_alpha.features.volatility import ewma_variance, garman_klass_variance, parkinson_variance
from causal_alpha.features.volume import volume_surprise, vwap_distance

DEFAULT = FeatureSet(
    features=(
        Feature("return_1", log_return(1), lookback=2),
        Feature("return_2", log_return(2), lookback=3),
        Feature("return_5", log_return(5), lookback=6),
        Feature("return_10", log_return(10), lookback=11),
        Feature("return_20", log_return(20), lookback=21),
        Feature("gap", gap, lookback=2),
        Feature("leverage_5", leverage, lookback=6),
        Feature("ewma_variance", ewma_variance, lookback=31),
        Feature("parkinson_variance", parkinson_variance, lookback=20),
        Feature("garman_klass_variance", garman_klass_variance, lookback=20),
        Feature("har_short", parkinson_variance, lookback=1),
        Feature("har_medium", parkinson_variance, lookback=5),
        Feature("har_long", parkinson_variance, lookback=22),
        Feature("volume_surprise", volume_surprise, lookback=21),
        Feature("vwap_distance", vwap_distance, lookback=1),
        Feature("vwap_distance_20", vwap_distance, lookback=20),
        Feature("rsi_14", rsi, lookback=15),
        Feature("macd", macd, lookback=35),
        Feature("macd_histogram", macd_histogram, lookback=35),
        Feature("close_zscore", close_zscore, lookback=20),
        Feature("range_position", range_position, lookback=14),
        Feature("relative_spread", relative_spread, lookback=1),
        Feature("queue_imbalance", queue_imbalance, lookback=1),
        Feature("microprice_distance", microprice_distance, lookback=1),
        Feature("flow_imbalance", flow_imbalance, lookback=1),
        Feature("flow_imbalance_20", flow_imbalance, lookback=20),
    ),
    market=(
        MarketFeature("market_return", "return_1", market_mean),
        MarketFeature("market_volatility", "return_1", market_deviation),
        MarketFeature("market_variance", "har_short", market_mean),
        MarketFeature("relative_return", "return_1", relative_to_market),
    ),
)
