"""The memory benchmark fills a whole worker. How much it takes is not tested."""

from typing import Any

import numpy as np
import pytest

from benchmarks import memory
from causal_alpha.frames import Frame
from causal_alpha.records import Tick


def test_make_messages_gives_every_symbol_a_tick_a_minute() -> None:
    frames = [Frame.decode(Tick, value) for _, value in memory.make_messages(symbols=7, bars=3)]

    ticks, beats = frames[0::2], frames[1::2]
    assert [len(frame) for frame in ticks] == [7, 7, 7]
    assert all(len(set(frame.labels("symbol").tolist())) == 7 for frame in ticks)
    for minute, (frame, beat) in enumerate(zip(ticks, beats, strict=True)):
        end = memory.START + (minute + 1) * memory.MINUTE
        assert ((frame.ints("ts") >= end - memory.MINUTE) & (frame.ints("ts") < end)).all()
        assert int(beat.meta["heartbeat"]) == end
    assert len(np.unique(np.concatenate([frame.ints("id") for frame in ticks]))) == 21


@pytest.mark.services
@pytest.mark.alone
def test_memory_prints_what_a_worker_takes(quick_on_services: Any) -> None:
    result, _ = quick_on_services("memory")

    assert set(result) == {"mb_per_1000_symbols", "worker_mb", "symbols", "bars"}
    assert result["symbols"] == [10, 60]
    assert result["worker_mb"] > 20
