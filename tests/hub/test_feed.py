"""Feeds: filters, splitting, and state that is conflated without loss."""

import json

from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.hub.board import Board
from causal_alpha.hub.feed import STATE_EVENTS, Feed, Filter
from causal_alpha.hub.log import Log


def test_feed_sends_log_before_state_and_then_nothing() -> None:
    log, board = Log(10), Board()
    feed = Feed(log, board, after=0)
    log.append("A", "1m", ("bar", "A"))
    board.put(("quote", "A", ""), ("quote", "A", 1))

    assert feed.take({}) == ['["log",[[1,"bar","A"]]]', '["state",[["quote","A",1]]]']
    assert feed.take({}) == []


def test_feed_leaves_out_what_the_client_does_not_want() -> None:
    log, board = Log(2_000), Board()
    feed = Feed(log, board, after=0, wanted=Filter(frozenset({"B"}), frozenset({"1m"})))
    for _ in range(600):
        log.append("A", "1m", ("bar", "A"))
    log.append("B", "1s", ("bar", "B", "1s"))
    log.append("B", "1m", ("bar", "B", "1m"))
    log.append("", "", ("model",))
    for symbol in "AB":
        board.put(("bar", symbol, "1m"), ("bar", symbol))
        board.put(("quote", symbol, ""), ("quote", symbol))

    messages = [json.loads(message) for message in feed.take({})]

    assert messages == [
        ["log", [[602, "bar", "B", "1m"], [603, "model"]]],
        ["state", [["quote", "A"], ["bar", "B"], ["quote", "B"]]],
    ]


def test_feed_sends_the_state_whole_again_when_the_filter_changes() -> None:
    board = Board()
    feed = Feed(Log(1), board, after=0, wanted=Filter(symbols=frozenset()))
    board.put(("bar", "A", "1m"), ("bar", "A"))
    assert feed.take({}) == []

    feed.narrow(Filter())

    assert feed.take({}) == ['["state",[["bar","A"]]]']


def test_feed_splits_a_large_state() -> None:
    board = Board()
    for n in range(STATE_EVENTS + 1):
        board.put(("quote", str(n), ""), ("quote", n))

    sizes = [len(json.loads(message)[1]) for message in Feed(Log(1), board, after=0).take({})]

    assert sizes == [STATE_EVENTS, 1]


@given(steps=st.lists(st.one_of(st.tuples(st.sampled_from("ABC"), st.integers(0, 9)), st.none()), max_size=60))
def test_feed_ends_with_the_newest_of_every_key_however_often_it_reads(steps: list[tuple[str, int] | None]) -> None:
    board = Board()
    eager, lazy = Feed(Log(1), board, after=0), Feed(Log(1), board, after=0)
    newest: dict[str, int] = {}
    seen: list[dict[str, int]] = [{}, {}]

    def read(place: int, feed: Feed) -> None:
        for message in feed.take({}):
            seen[place].update({symbol: value for _, symbol, value in json.loads(message)[1]})

    for step in steps:
        if step is None:
            read(1, lazy)
        else:
            newest[step[0]] = step[1]
            board.put(("quote", step[0], ""), ("quote", *step))
        read(0, eager)
    read(1, lazy)

    assert seen == [newest, newest]
