"""Which trade ids were seen: as a set of pairs tells it, row by row."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causal_alpha.ids import SeenIds
from causal_alpha.keys import group_starts
from causal_alpha.records import NO_ID

near = st.integers(0, 12)
far = st.sampled_from([NO_ID, NO_ID + 1, -1, 0, 1, 2**62, 2**63 - 1])
polls = st.lists(st.lists(st.tuples(st.integers(0, 3), near | far), min_size=1, max_size=12), max_size=5)


@settings(max_examples=200)
@given(polls)
def test_rows_are_fresh_that_a_set_of_pairs_does_not_hold(log: list[list[tuple[int, int]]]) -> None:
    seen, pairs = SeenIds(), set[tuple[int, int]]()
    for poll in log:
        poll.sort(key=lambda row: row[0])
        keys, ids = np.asarray(poll).T.copy()
        expected = []
        for pair in poll:
            expected.append(pair[1] == NO_ID or pair not in pairs)
            pairs.add(pair)

        assert seen.fresh(keys, ids, group_starts(keys)).tolist() == expected
