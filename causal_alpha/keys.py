"""One int64 for a symbol and a time slot: `symbol << 34 | slot`.

34 bits count 1 s slots for 544 years, 29 bits are left for half a billion symbols. Keys sort by
symbol, then time.
"""

from causal_alpha.frames import Ints

_BITS = 34
_SLOTS = (1 << _BITS) - 1


def to_key(symbol: Ints, start: Ints, length: int) -> Ints:
    """Keys of bars of `length` ns that start at `start` (ns)."""
    return (symbol << _BITS) | (start // length)


def symbol_of(key: Ints) -> Ints:
    return key >> _BITS


def start_of(key: Ints, length: int) -> Ints:
    """The bar's start in ns."""
    return (key & _SLOTS) * length
