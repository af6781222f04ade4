"""Recent records: what the archive may not have yet, joined with what it has."""

from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.hub.recent import Recent
from causal_alpha.intervals import SECOND
from causal_alpha.records import Bar
from tests.hub.records import START, bar

ALL = {"symbol": "AAPL", "interval": "1m", "start": 0, "end": 2**62, "limit": 500}


@given(archived=st.integers(0, 40), published=st.integers(0, 40), keep=st.integers(1, 60))
def test_recent_leaves_no_hole_while_the_archive_is_less_than_keep_behind(
    archived: int, published: int, keep: int
) -> None:
    """Bars 0 to `published` were published; the archive has the first `archived` of them."""
    recent = Recent({Bar: keep})
    series = [bar(n) for n in range(published)]
    for row in series:
        recent.add(row)
    stored = series[: max(archived, published - keep)]

    assert recent.merge(Bar, stored, **ALL) == series


@given(revisions=st.lists(st.integers(0, 5), min_size=1, max_size=8), stored=st.integers(0, 5))
def test_recent_shows_the_highest_revision_whoever_has_it(revisions: list[int], stored: int) -> None:
    recent = Recent({Bar: 5})
    taken = [recent.add(bar(0, revision=revision)) for revision in revisions]

    (found,) = recent.merge(Bar, [bar(0, revision=stored)], **ALL)

    assert found.revision == max(*revisions, stored)
    assert taken == [revision > max(revisions[:place], default=-1) for place, revision in enumerate(revisions)]


def test_recent_chooses_by_symbol_interval_time_and_limit() -> None:
    recent = Recent({Bar: 5})
    for row in [bar(0), bar(1), bar(2), bar(1, symbol="MSFT"), bar(1, interval="1s")]:
        recent.add(row)

    minute = 60 * SECOND
    assert recent.merge(Bar, [], **ALL | {"start": START + minute, "end": START + 2 * minute}) == [bar(1)]
    assert recent.merge(Bar, [], **ALL | {"limit": 2}) == [bar(1), bar(2)]
    assert recent.merge(Bar, [], **ALL | {"symbol": "NONE"}) == []
