"""Two minutes of ticks as JSON lines: CALM hardly moves, WILD jumps by a tenth in the second minute."""

import json
from typing import Any

T0 = 1_550_068_920_000
"""ms; the start of a minute."""


def ticks() -> list[dict[str, Any]]:
    """One tick a second and symbol; WILD goes from 50 to 55 at second 90."""
    return [
        {"symbol": symbol, "ts": T0 + second * 1_000, "price": price, "size": 1}
        for second in range(120)
        for symbol, price in (("CALM", 100.0 + second % 2 / 100), ("WILD", 55.0 if second >= 90 else 50.0))
    ]


def lines() -> str:
    """The ticks as the text of a file."""
    return "".join(json.dumps(tick) + "\n" for tick in ticks())
