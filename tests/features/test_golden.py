"""What each feature gives on fixed bars, by name, look-back and version: numbers change with a version, or not at all.

A model refuses vectors of another hash, and the hash knows of a function only what its declaration says. After a
change that is meant, raise the feature's version, then write the file anew: `python -m tests.features.test_golden`.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causal_alpha.checks.walk import untraded, walk
from causal_alpha.features import DEFAULT, FIELDS, FeatureSet, Window
from causal_alpha.frames import Floats
from causal_alpha.models.inputs import VOLATILITY

GOLDEN = Path(__file__).with_name("golden.json")
SETS = {"default": DEFAULT, "volatility": VOLATILITY}
SYMBOLS, WIDTH, TIMES = 4, 130, 3


def fixed_windows() -> Floats:
    """Windows of shape (fields, TIMES * SYMBOLS, WIDTH), a time after the other: of a plain symbol, one that some bars
    have no trade of, a flat one, one without quotes.
    """
    bars = walk(SYMBOLS, WIDTH + TIMES, seed=20)
    bars[:, 1] = untraded(bars, WIDTH - 10, WIDTH - 4)[:, 1]
    bars[:, 2] = untraded(bars, 1, WIDTH + TIMES)[:, 2]
    for name in ("bid", "ask", "bid_size", "ask_size", "buy_volume"):
        bars[FIELDS.index(name), 3] = np.nan
    return np.concatenate([bars[:, :, time : time + WIDTH] for time in range(TIMES)], axis=1)


def values(features: FeatureSet) -> dict[str, list[float | None]]:
    """Declaration of each feature → its value at each time and for each symbol, None where it is unknown."""
    found = features.compute(Window(fixed_windows()), np.repeat(np.arange(TIMES), SYMBOLS))
    known = [[value if np.isfinite(value) else None for value in column] for column in found.T.tolist()]
    return dict(zip(declarations(features), known, strict=True))


def declarations(features: FeatureSet) -> list[str]:
    own = [f"{one.name}, {one.lookback} bars, version {one.version}" for one in features.features]
    return own + [f"{one.name} of {one.of}, version {one.version}" for one in features.market]


@pytest.mark.parametrize("name", SETS)
def test_numbers_of_a_feature_change_with_its_version_alone(name: str) -> None:
    golden, found = json.loads(GOLDEN.read_text())[name], values(SETS[name])

    assert found.keys() == golden.keys(), "new, gone or of another version: write golden.json anew, see above"
    changed = [key for key, row in found.items() if not same(row, golden[key])]
    assert changed == [], "raise their versions, then write golden.json anew, see above"


@pytest.mark.parametrize("name", SETS)
def test_fixed_bars_say_something_of_every_feature(name: str) -> None:
    for key, row in values(SETS[name]).items():
        assert len(set(row)) > 1, key
        assert row[0] is not None, key


def test_another_floor_is_seen() -> None:
    """Of a flat symbol all that is left of its range is the floor."""
    plain = next(one for one in VOLATILITY.features if one.name == "log_range_1")
    raised = replace(plain, function=lambda window: np.maximum(plain.function(window), -20.0))

    [before], [after] = (list(values(FeatureSet((one,))).values()) for one in (plain, raised))

    assert before[:2] == after[:2]
    assert not same(before, after)


def same(row: list[float | None], other: list[float | None]) -> bool:
    """Equal but for the last digits, which are the machine's."""
    pairs = zip(row, other, strict=True)
    return all(a == b or (None not in (a, b) and np.isclose(a, b, rtol=1e-9, atol=1e-15)) for a, b in pairs)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: values(features) for name, features in SETS.items()}, indent=1) + "\n")
