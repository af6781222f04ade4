from typing import Any

import msgspec
import pytest

from causal_alpha.actions import Action, to_meta
from causal_alpha.checkpoints import pack, unpack
from causal_alpha.errors import FrameError
from causal_alpha.features import DEFAULT
from causal_alpha.frames import Frame
from causal_alpha.intervals import DAY, NEVER
from causal_alpha.records import Bar, Features
from causal_alpha.universe import Universe, check_bars
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


def one(meta: dict[str, str], **changes: Any) -> Frame[Bar]:
    (bar,) = random_bars(4, 1, 1, missing=0.0)
    return Frame.of(Bar, [msgspec.structs.replace(bar, **changes)], meta)


@pytest.mark.parametrize(
    ("key", "bars"),
    [
        (b"default|1s", one({"watermark": "5", "origin": "ticks/0", "origins": "4"})),
        (b"default|1s", one({})),
        (b"default|1s", Frame.empty(Bar, {"watermark": str(NEVER), "closed": "1"})),
        (b"default|100tick", one({"watermark": "soon"})),
        (b"default|*", Frame.empty(Bar, to_meta([]))),
    ],
)
def test_bars_that_the_universe_can_use_are_admitted(key: bytes, bars: Frame[Bar]) -> None:
    text = check_bars(key, bars)

    list(Universe(WIDTH).push(text, bars, DEFAULT))
    assert text.encode() == key


@pytest.mark.parametrize(
    ("key", "bars", "says"),
    [
        (None, one({}), "key: expected"),
        (b"\xff", one({}), "key: expected"),
        (b"BAD", one({}), "key: interval: expected"),
        (b"default|1m", one({}), "interval: expected the key's 1m, was 1s"),
        (b"default|1s", one({}, start=2**63 - 1), "start: expected times"),
        (b"default|1s", one({"watermark": "soon"}), "watermark: expected a number"),
        (b"default|1s", one({"watermark": str(2**63)}), "watermark: expected a number"),
        (b"default|1s", one({"origins": "x"}), "origins: expected a number from 0 to 1024"),
        (b"default|1s", one({"origins": "9999999999"}), "origins: expected a number from 0 to 1024"),
        (b"default|*", Frame.empty(Bar, {"actions": "split"}), "actions: "),
    ],
)
def test_bars_that_the_universe_can_not_use_are_refused(key: bytes | None, bars: Frame[Bar], says: str) -> None:
    with pytest.raises(FrameError, match=says) as refused:
        check_bars(key, bars)

    assert refused.value.reason == "schema"


def test_names_of_intervals_that_no_row_carries_change_nothing() -> None:
    """A source's frame of several intervals is sent in parts, which still know all of their names."""
    split = Action(symbol="S0", kind="split", date=DAY, ts=DAY, value=2.0, known_at=DAY)
    bars = one({})
    mixed = Frame.concat([one({}, interval="100tick"), bars])
    part = mixed.take(mixed.labels("interval").equals("1s"), {"watermark": str(10**9)})
    universe, alone = Universe(WIDTH), Universe(WIDTH)
    for each in (universe, alone):
        list(each.push("default|*", Frame.empty(Bar, to_meta([split])), DEFAULT))

    expected = pushed(alone, [Frame(Bar, bars.columns, {"watermark": str(10**9)})])
    assert repr(pushed(universe, [part])) == repr(expected)
    assert len(expected) == 1
