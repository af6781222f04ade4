from hypothesis import given
from hypothesis import strategies as st

from causal_alpha.progress import Progress


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=12), st.data())
def test_progress_never_passes_a_batch_that_is_not_acked(steps: list[tuple[int, int]], data: st.DataObject) -> None:
    start = position = data.draw(st.integers(0, 5))
    progress, batches = Progress(start), []
    for hole, size in steps:  # a hole (compaction, transaction marker) belongs to the batch behind it
        progress.read(position + hole, position + hole + size - 1)
        batches.append((position, position + hole + size - 1))
        position += hole + size

    waiting: set[int] = set()
    acked: set[int] = set()
    for place in data.draw(st.permutations(range(len(batches)))):
        acked.add(place)
        waiting = progress.work_off(waiting | {batches[place][1]})
        complete = next((i for i in range(len(batches)) if i not in acked), len(batches))
        assert progress.done == (batches[complete][0] if complete < len(batches) else position)
        assert waiting == {batches[i][1] for i in acked if i > complete}


def test_progress_takes_acks_of_what_it_has_not_read_for_single_messages() -> None:
    progress = Progress(3)

    assert progress.work_off([3, 5]) == {5}
    assert progress.done == 4
