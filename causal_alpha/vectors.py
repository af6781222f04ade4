"""The last feature vectors of every symbol: what models that look back read while bars come in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from causal_alpha.columns import Floats, Ints


@dataclass
class VectorRings:
    """The last `depth` vectors of `width` numbers of each symbol. A symbol keeps its row for good.

    Vectors are appended to their row and moved to its front only when there is no room left. `values` has shape
    (rows, 2 depth, width), NaN where there was none; `ends` (rows,) is the place after a symbol's last vector.

    >>> rings = VectorRings(depth=3, width=1)
    >>> rows = rings.push(["A", "B"], np.array([[1.0], [2.0]]))
    >>> rows = rings.push(["A"], np.array([[3.0]]))
    >>> rings.last(rows, 3)[:, :, 0].tolist()
    [[nan, 1.0, 3.0]]
    """

    depth: int
    width: int
    symbols: dict[str, int] = field(default_factory=dict)
    values: Floats = field(init=False)
    ends: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.values = np.full((0, 2 * self.depth, self.width), np.nan)
        self.ends = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.symbols)

    def push(self, symbols: Sequence[str], values: Floats) -> Ints:
        """One more vector of each of these distinct symbols, (n, width). Returns their rows."""
        rows = np.asarray([self.symbols.setdefault(name, len(self.symbols)) for name in symbols], dtype=np.int64)
        self._grow(len(self.symbols))
        full = rows[self.ends[rows] == 2 * self.depth]
        self.values[full, : self.depth] = self.values[full, self.depth :]
        self.ends[full] = self.depth
        self.values[rows, self.ends[rows]] = values
        self.ends[rows] += 1
        return rows

    def last(self, rows: Ints, lags: int) -> Floats:
        """The last `lags` vectors of each row, (n, lags, width), oldest first."""
        found: Floats = self.values[rows[:, None], self.ends[rows][:, None] + np.arange(-lags, 0)]
        return found

    def dump(self) -> dict[str, Any]:
        rows = np.arange(len(self.symbols))
        return {"symbols": list(self.symbols), "values": self.last(rows, self.depth)}

    @classmethod
    def load(cls, tree: Mapping[str, Any], depth: int, width: int) -> Self:
        """The inverse of `dump`, for any depth; vectors of another width are forgotten."""
        rings = cls(depth, width)
        values = tree["values"]
        if values.shape[2] == width:
            rings.symbols = {name: row for row, name in enumerate(tree["symbols"])}
            rings._grow(len(rings.symbols))
            kept = min(depth, values.shape[1])
            rings.values[: len(values), depth - kept : depth] = values[:, values.shape[1] - kept :]
        return rings

    def _grow(self, n: int) -> None:
        old = len(self.ends)
        if n > old:
            size = max(2 * n, 16)
            values = np.full((size, 2 * self.depth, self.width), np.nan)
            ends = np.full(size, self.depth)
            values[:old], ends[:old] = self.values, self.ends
            self.values, self.ends = values, ends
