from causal_alpha.checkpoints import pack, unpack
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Frame
from causal_alpha.records import Bar, Features
from causal_alpha.universe import Universe
from tests.test_features import WIDTH, random_bars


def frames(bars: list[Bar], origin: str = "bars/test") -> list[Frame[Bar]]:
    """One frame a start, each complete by itself."""
    starts = sorted({bar.start for bar in bars})
    return [
        Frame.of(Bar, [bar for bar in bars if bar.start == start], {"origin": origin, "watermark": str(start + 10**9)})
        for start in starts
    ]


def pushed(universe: Universe, parts: list[Frame[Bar]]) -> list[Features]:
    return [row for part in parts for found in universe.push("default|1s", part, DEFAULT) for row in found.rows()]


def test_universe_goes_on_after_a_snapshot_to_the_bit() -> None:
    parts = frames(random_bars(1, 3, 60))
    whole = pushed(Universe(WIDTH), parts)
    first = Universe(WIDTH)
    before = pushed(first, parts[:31])

    after = pushed(Universe.load(unpack(pack(first.dump())), WIDTH), parts[31:])

    assert repr(before + after) == repr(whole)


def test_universe_ignores_what_comes_again() -> None:
    parts = frames(random_bars(2, 3, 10, missing=0.0))
    universe = Universe(WIDTH)
    whole = pushed(universe, parts)

    again = pushed(universe, parts)

    assert len(whole) == 30
    assert again == []


def test_universe_keeps_intervals_apart() -> None:
    universe = Universe(WIDTH)
    (part,) = frames(random_bars(3, 2, 1, missing=0.0))

    list(universe.push("default|1s", part, DEFAULT))
    list(universe.push("default|1m", part, DEFAULT))

    assert set(universe.rings) == {"default|1s", "default|1m"}
