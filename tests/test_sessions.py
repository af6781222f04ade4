import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.sessions import FOREVER, Sessions

EDGES = st.lists(st.integers(-60, 60), unique=True, max_size=12).map(sorted)


def sessions(edges: list[int]) -> Sessions:
    """Every other time opens, the one after it closes."""
    edges = edges[: len(edges) // 2 * 2]
    return Sessions("test", np.array(edges[::2], dtype=np.int64), np.array(edges[1::2], dtype=np.int64))


def is_open(edges: list[int], ts: int) -> bool:
    return any(start <= ts < end for start, end in zip(edges[::2], edges[1::2], strict=False))


@given(edges=EDGES, ts=st.lists(st.integers(-70, 70)))
def test_sessions_are_open_inside_and_closed_elsewhere(edges: list[int], ts: list[int]) -> None:
    times = np.array(ts, dtype=np.int64)
    assert sessions(edges).is_open(times).tolist() == [is_open(edges, one) for one in ts]


@given(edges=EDGES, first=st.integers(-70, 70), span=st.integers(0, 140), length=st.integers(1, 40))
def test_bar_starts_are_those_of_bars_that_share_time_with_a_session(
    edges: list[int], first: int, span: int, length: int
) -> None:
    grid = [start for start in range(first, first + span) if start % length == 0]
    expected = [start for start in grid if any(is_open(edges, start + i) for i in range(length))]
    found = sessions(edges).bar_starts(first, first + span, length)
    assert found.tolist() == expected
    assert found.dtype == np.int64


@given(edges=EDGES, cut=st.integers(0, 140), length=st.integers(1, 40))
def test_bar_starts_of_two_stretches_are_those_of_both(edges: list[int], cut: int, length: int) -> None:
    made = sessions(edges)
    parts = [made.bar_starts(-70, -70 + cut, length), made.bar_starts(-70 + cut, 70, length)]
    assert np.concatenate(parts).tolist() == made.bar_starts(-70, 70, length).tolist()


@given(edges=EDGES, ts=st.integers(-70, 70), length=st.integers(1, 40), n=st.integers(0, 8))
def test_bar_closes_are_the_next_ends_and_never_run_out(edges: list[int], ts: int, length: int, n: int) -> None:
    made = sessions(edges)
    closes = made.bar_closes(ts, length, n)
    known = made.bar_starts(ts - ts % length, 200, length) + length
    assert closes[: len(known)].tolist() == known[:n].tolist()
    assert len(closes) == n
    assert (np.diff(closes[len(known) :]) == length).all()
    assert (np.diff(closes) > 0).all()


@given(edges=EDGES, first=st.integers(-70, 70), last=st.integers(-70, 70))
def test_open_time_between_two_times_counts_what_lies_inside_sessions(edges: list[int], first: int, last: int) -> None:
    first, last = min(first, last), max(first, last)
    before, after = sessions(edges).open_time(np.array([first, last])).tolist()
    assert after - before == sum(is_open(edges, ts) for ts in range(first, last))


@given(edges=EDGES, ts=st.integers(-70, 70))
def test_next_open_is_the_first_open_time(edges: list[int], ts: int) -> None:
    expected = next((one for one in range(ts, 200) if is_open(edges, one)), FOREVER)
    assert sessions(edges).next_open(ts) == expected


@given(edges=EDGES, ts=st.integers(-70, 70))
def test_opening_is_where_the_session_of_a_time_began(edges: list[int], ts: int) -> None:
    expected = ts
    while is_open(edges, ts) and is_open(edges, expected - 1) and expected not in edges[::2]:
        expected -= 1
    assert sessions(edges).opening(ts) == expected


@given(ts=st.integers(-(2**62), 2**62), length=st.integers(1, 10**14))
def test_sessions_have_an_answer_for_every_time(ts: int, length: int) -> None:
    for made in (sessions([]), sessions([0, 10]), Sessions("24/7", np.array([-FOREVER]), np.array([FOREVER - 1]))):
        made.is_open(np.array([ts]))
        made.open_time(np.array([ts]))
        assert len(made.bar_starts(ts, ts + 3 * length, length)) <= 3
        assert len(made.bar_closes(ts, length, 2)) == 2
