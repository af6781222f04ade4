"""Connected but mute: a feed that says nothing where it should, and doesn't say that it can't."""

from collections.abc import Sequence

from causal_alpha.intervals import SECOND
from causal_alpha.sources.cadence import Cadence


class Watchdog:
    """Tells when the feed of `symbols` has been silent for too long, or one of them has.

    Silence is measured in typical gaps (`Cadence`) of the symbols whose markets are open, so a silent night is none.
    A feed is mute when it has been silent for `factor` of them, all symbols' together: where ten symbols
    trade once a second, a second weighs as much as ten where one does. A symbol is when it has been silent for
    `patience` of its own. Neither before `least` seconds have passed.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        cadence: Cadence,
        *,
        factor: float = 10.0,
        patience: float = 20.0,
        least: float = 10.0,
    ) -> None:
        self._symbols, self._cadence = tuple(symbols), cadence
        self._factor, self._patience, self._least = factor, patience, round(least * SECOND)

    def mute(self, since: int, now: int) -> bool:
        """Whether a feed that said nothing between `since` and `now` (ns) should have."""
        if now - since < self._least:
            return False
        missed = 0.0
        for symbol in self._symbols:
            missed += self._cadence.silence(symbol, since, now) / self._cadence.typical(symbol)
        return missed >= self._factor

    def mute_symbols(self, since: int, now: int) -> dict[str, int]:
        """Which symbols should have ticked by `now`, and since when (ns) they are missed.

        That is since their last tick, or since their market opened, or since they joined the feed, at `since`.
        """
        found = {}
        for symbol in self._symbols:
            last = max(since, self._cadence.heard(symbol) or since)
            silence = self._cadence.silence(symbol, last, now)
            if silence >= max(self._least, self._patience * self._cadence.typical(symbol)):
                found[symbol] = max(last, self._cadence.opening(symbol, now))
        return found
