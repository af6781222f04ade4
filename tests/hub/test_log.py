"""The log: numbers without holes, a ring, and clients that come and go."""

import json

from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.hub.board import Board
from causal_alpha.hub.feed import Feed
from causal_alpha.hub.log import Log


def seqs(messages: list[str]) -> list[int]:
    return [event[0] for message in messages for event in json.loads(message)[1]]


def test_log_numbers_and_keeps_the_newest() -> None:
    log = Log(3)

    numbers = [log.append("A", "1m", ("model", n)) for n in range(5)]

    assert numbers == [1, 2, 3, 4, 5]
    assert [log.holds(after) for after in range(7)] == [False, False, True, True, True, True, False]
    assert [json.loads(entry.text) for entry in log.read(2)] == [[3, "model", 2], [4, "model", 3], [5, "model", 4]]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 9)),
        st.tuples(st.just("read"), st.just(0)),
        st.tuples(st.just("leave"), st.just(0)),
        st.tuples(st.just("come"), st.just(0)),
    ),
    max_size=60,
)


@given(capacity=st.integers(1, 20), steps=STEPS)
def test_log_gives_every_event_once_or_says_that_it_cannot(capacity: int, steps: list[tuple[str, int]]) -> None:
    """A client that publishes, leaves and resumes at random; where it can't resume, it knows up to where it missed."""
    log, board = Log(capacity), Board()
    feed: Feed | None = Feed(log, board, after=0)
    seen: list[int] = []
    missed: set[int] = set()
    for step, n in [*steps, ("come", 0), ("read", 0)]:
        if step == "publish":
            for _ in range(n):
                log.append("A", "1m", ("model",))
        elif step == "leave":
            feed = None
        elif step == "come" or (feed and not log.holds(feed.after)):  # away, or cut for being too slow
            since = seen[-1] if seen and seen[-1] > max(missed, default=0) else max(missed, default=0)
            after = since if log.holds(since) else log.seq
            missed |= set(range(since + 1, after + 1))
            feed = Feed(log, board, after)
        elif step == "read" and feed:
            while messages := feed.take({}):
                seen += seqs(messages)

    assert seen == sorted(set(seen))
    assert set(seen) | missed == set(range(1, log.seq + 1))
    assert not set(seen) & missed


@given(n=st.integers(0, 1_300), readers=st.integers(1, 3))
def test_log_messages_are_made_once_for_clients_at_the_same_place(n: int, readers: int) -> None:
    log, board, memo = Log(2_000), Board(), {}
    for _ in range(n):
        log.append("A", "1m", ("model",))
    feeds = [Feed(log, board, after=0) for _ in range(readers)]

    taken = [[feed.take(memo) for _ in range(4)] for feed in feeds]

    flat = [[message for messages in one for message in messages] for one in taken]
    assert all(seqs(one) == list(range(1, n + 1)) for one in flat)
    assert all(mine is first for one in flat for mine, first in zip(one, flat[0], strict=True))
