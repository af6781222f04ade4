from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.actions import NEUTRAL, Action, effective, from_meta, reconcile, to_meta
from causal_alpha.errors import FrameError

SPLIT = Action(symbol="A", kind="split", date=100, ts=104, value=4.0, known_at=90)
WORDS = st.builds(
    Action,
    symbol=st.sampled_from("AB"),
    kind=st.sampled_from(["split", "dividend"]),
    date=st.integers(0, 3),
    ts=st.integers(0, 4),
    value=st.sampled_from([1.0, 2.0, 0.5]),
    known_at=st.integers(0, 6),
)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("split", 0.0), ("split", -2.0), ("split", float("inf")), ("dividend", -0.1), ("dividend", float("nan")),
     ("merger", 1.0)],
)  # fmt: skip
def test_action_refuses_a_value_that_is_none(kind: str, value: float) -> None:
    with pytest.raises(FrameError, match=f"expected a split > 0 or a dividend >= 0, was {kind} {value}"):
        Action(symbol="A", kind=kind, date=0, ts=0, value=value, known_at=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("time", ["date", "ts", "known_at"])
def test_action_refuses_a_time_that_no_snapshot_and_no_sink_could_keep(time: str) -> None:
    [told] = msgspec.json.decode(to_meta([SPLIT])["actions"])

    with pytest.raises(FrameError, match="action: expected times in ns"):
        from_meta({"actions": msgspec.json.encode([told | {time: 2**63}]).decode()})


def test_effective_needs_word_and_date() -> None:
    assert effective([SPLIT], 103) == ()  # known, but not yet so
    assert effective([SPLIT], 104) == (SPLIT,)
    late = replace(SPLIT, known_at=200)
    assert effective([late], 199) == ()
    assert effective([late], 200) == (late,)


@given(words=st.lists(WORDS, max_size=8), as_of=st.integers(0, 7))
def test_effective_has_the_newest_known_word_on_each_action(words: list[Action], as_of: int) -> None:
    found = effective(words, as_of)
    assert len({action.key for action in found}) == len(found)
    for action in found:
        rivals = [one for one in words if one.key == action.key and one.known_at <= as_of]
        assert action.known_at == max(one.known_at for one in rivals)
        assert action.ts <= as_of
    assert all(one.date <= other.date for one, other in pairwise(found))


def test_reconcile_hears_only_news() -> None:
    other = replace(SPLIT, symbol="B")
    assert reconcile([SPLIT], [replace(SPLIT, known_at=500), other], 120) == (replace(other, known_at=120),)
    assert reconcile([SPLIT], [replace(SPLIT, value=2.0)], 120) == (replace(SPLIT, value=2.0, known_at=120),)


def test_reconcile_takes_back_what_is_no_longer_said() -> None:
    (word,) = reconcile([SPLIT], [], 120)
    assert (word.value, word.known_at) == (NEUTRAL["split"], 120)
    assert reconcile([SPLIT, word], [], 130) == ()
    assert reconcile([SPLIT], [], 120, start=101) == ()  # nobody asked about that date
    assert reconcile([SPLIT, word], [SPLIT], 130) == (replace(SPLIT, known_at=130),)


@given(held=st.lists(WORDS, max_size=6), said=st.lists(WORDS, max_size=6), now=st.integers(7, 9))
def test_reconciled_words_make_the_feeds_view_the_newest(held: list[Action], said: list[Action], now: int) -> None:
    news = reconcile(held, said, now)
    last = {action.key: action for action in said}
    expected = {key: action.value for key, action in last.items() if action.value != NEUTRAL[action.kind]}
    view = effective([*held, *news], 10)
    assert {one.key: one.value for one in view if one.value != NEUTRAL[one.kind]} == expected
    for as_of in range(7):  # nothing changes before now
        assert effective([*held, *news], as_of) == effective(held, as_of)
