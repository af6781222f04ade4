"""Those default features that talipp's indicators give to the same value, bar by bar."""

import math
from dataclasses import dataclass, field

from talipp.indicators import BB, ROC, SMA, VWMA, Stoch
from talipp.ohlcv import OHLCV

from causal_alpha.features import FIELDS

NAMES = (
    *("return_1", "return_2", "return_5", "return_10", "return_20", "leverage_5"),
    *("parkinson_variance", "garman_klass_variance", "har_medium", "har_long"),
    *("volume_surprise", "vwap_distance_20", "rsi_14", "close_zscore", "range_position", "flow_imbalance_20"),
)


@dataclass
class TalippFeatures:
    """The indicators of one symbol. Each `push` adds to them; `values` asks them, in the order of `NAMES`.

    Where talipp has the average but not what is averaged (a range, a gain), that is made here in plain Python.
    """

    returns: dict[int, ROC] = field(default_factory=lambda: {n: ROC(n) for n in (1, 2, 5, 10, 20)})
    mean_return: SMA = field(default_factory=lambda: SMA(5))
    parkinson: dict[int, SMA] = field(default_factory=lambda: {n: SMA(n) for n in (5, 20, 22)})
    garman_klass: SMA = field(default_factory=lambda: SMA(20))
    volume: SMA = field(default_factory=lambda: SMA(20))
    vwap: VWMA = field(default_factory=lambda: VWMA(20))
    gains: SMA = field(default_factory=lambda: SMA(14))
    losses: SMA = field(default_factory=lambda: SMA(14))
    bands: BB = field(default_factory=lambda: BB(20, 1.0))
    stochastic: Stoch = field(default_factory=lambda: Stoch(14, 1))
    signed: SMA = field(default_factory=lambda: SMA(20))
    bar: tuple[float, ...] = ()

    def push(self, bar: tuple[float, ...]) -> None:
        """Take a bar, its fields in the order of `FIELDS`."""
        opening, high, low, close, volume, vwap = bar[:6]
        for indicator in self.returns.values():
            indicator.add(close)
        if self.bar:
            before = self.bar[_CLOSE]
            self.mean_return.add(math.log(close / before))
            self.gains.add(max(close - before, 0.0))
            self.losses.add(max(before - close, 0.0))
        ranges, body = math.log(high / low), math.log(close / opening)
        for average in self.parkinson.values():
            average.add(ranges * ranges / (4 * _LN2))
        self.garman_klass.add(0.5 * ranges * ranges - (2 * _LN2 - 1) * body * body)
        self.volume.add(volume)
        self.vwap.add(OHLCV(opening, high, low, vwap, volume))
        self.bands.add(close)
        self.stochastic.add(OHLCV(opening, high, low, close, volume))
        self.signed.add(2 * bar[_BOUGHT] - volume)
        self.bar = bar

    def values(self) -> tuple[float, ...]:
        """The values of `NAMES` after the last bar, once all indicators are warm."""
        close, volume = self.bar[_CLOSE], self.bar[_VOLUME]
        bands, gains, losses = self.bands[-1], self.gains[-1], self.losses[-1]
        return (
            *(math.log1p(indicator[-1] / 100) for indicator in self.returns.values()),
            min(self.mean_return[-1], 0.0),
            self.parkinson[20][-1],
            self.garman_klass[-1],
            self.parkinson[5][-1],
            self.parkinson[22][-1],
            volume / self.volume[-2] - 1,
            math.log(close / self.vwap[-1]),
            100 * gains / (gains + losses),
            (close - bands.cb) / (bands.ub - bands.cb),
            self.stochastic[-1].k / 100,
            self.signed[-1] / self.volume[-1],
        )


_LN2 = math.log(2)
_CLOSE, _VOLUME, _BOUGHT = (FIELDS.index(name) for name in ("close", "volume", "buy_volume"))
