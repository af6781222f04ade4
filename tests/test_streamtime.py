from causal_alpha.bars import NEVER
from causal_alpha.intervals import SECOND
from causal_alpha.streamtime import Lead, StreamTime

T0 = 1_700_000_000 * SECOND


def test_stream_time_moves_on_once_a_partition_is_quiet() -> None:
    time = StreamTime(idle_after=2.0, lateness=1.0)

    assert time.beat(T0, T0 - SECOND, now=100.0) is None
    assert time.beat(T0, T0 - SECOND, now=101.9) is None
    assert time.beat(T0, T0 - SECOND, now=103.0) == T0 + 2 * SECOND  # 3 s passed, 1 s of lateness


def test_stream_time_stands_still_while_kafka_takes_no_heartbeat() -> None:
    time = StreamTime(idle_after=2.0, lateness=1.0)
    time.beat(T0, NEVER, now=100.0)

    assert time.beat(T0, NEVER, now=102.0) == T0 + SECOND
    assert time.beat(T0, NEVER, now=162.0) == T0 + 3 * SECOND  # a minute until the last one was delivered
    assert time.beat(T0, NEVER, now=163.0) == T0 + 4 * SECOND


def test_stream_time_starts_anew_with_each_tick() -> None:
    time = StreamTime(idle_after=2.0, lateness=1.0)
    time.beat(T0, NEVER, now=100.0)

    assert time.beat(T0 + SECOND, NEVER, now=103.0) is None


def test_stream_time_is_silent_where_a_source_speaks_or_nothing_came() -> None:
    time = StreamTime(idle_after=2.0, lateness=1.0)
    time.beat(T0, NEVER, now=100.0)

    assert time.beat(T0, T0 + 60 * SECOND, now=102.0) is None
    assert time.beat(T0, T0, now=103.0) == T0 + 2 * SECOND
    silent = StreamTime(2.0, 1.0)
    assert [silent.beat(NEVER, NEVER, now) for now in (100.0, 102.0, 104.0)] == [None, None, None]


def test_partition_without_a_tick_asks_for_lead_once_when_it_stands_still() -> None:
    time = StreamTime(2.0, 1.0)
    marks = [NEVER, NEVER, NEVER, NEVER, T0, T0 + SECOND, T0 + SECOND, T0 + SECOND, T0 + SECOND]

    asked = [time.wants_lead(mark, 100.0 + second) for second, mark in enumerate(marks)]

    assert asked == [False, False, True, False, False, False, False, True, False]


def test_a_partition_is_led_no_more_often_than_others_can_follow() -> None:
    lead = Lead(rest=0.05)

    assert [lead.of([1, 2], 10.0), lead.of([2, 3], 10.04), lead.of([1, 2], 10.06)] == [[1, 2], [3], [1, 2]]
