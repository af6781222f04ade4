import logging

import pytest

from causal_alpha.errors import RateLimitedError, SourceError
from causal_alpha.sources.errand import Errand
from tests.sources.clock import Clock


async def double(question: int) -> int:
    """Refuses negative numbers; a hundred is too many."""
    if question < 0:
        raise SourceError(f"no to {question}")
    if question == 100:
        raise RateLimitedError("too many", retry_after=1.0)
    return 2 * question


@pytest.mark.parametrize(
    ("questions", "answers", "waits"),
    [
        ((1, 2), [(1, 2), (2, 4)], False),
        ((1, -1, 2), [(1, 2), (-1, None), (2, 4)], False),
        ((-1,), [(-1, None)], False),  # the next questions may fare better
        ((1, 100, 2), [(1, 2)], True),
        ((-1, 100, 2), [(-1, None)], True),
        ((-1, -2, -3, -4, -5, 2), [(-1, None), (-2, None), (-3, None), (-4, None), (-5, None)], True),
    ],
)
async def test_errand_goes_on_after_a_refusal_and_ends_at_a_limit(
    questions: tuple[int, ...], answers: list[tuple[int, int | None]], waits: bool
) -> None:
    clock, errand = Clock(), Errand[None]("doubling")
    assert await errand.each(questions, double, clock) == answers
    assert errand.may_start(clock.now) != waits


async def test_errand_says_once_a_round_what_was_refused(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await Errand[None]("doubling").each((-1, 3, -2), double, Clock())
    assert [record.getMessage() for record in caplog.records] == ["no to -1; doubling without it (2 such)"]
