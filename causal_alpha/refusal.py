"""Messages that can't be used become rejects with their reason, where they stood and their bytes.

A reject is known by topic, partition, offset and row: sent again after a kill, it is the same one.
"""

from collections.abc import Callable
from typing import Any

from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame
from causal_alpha.intervals import MILLISECOND
from causal_alpha.records import Reject
from causal_alpha.rejects import kept


def refusal(message: Any, error: FrameError) -> Frame[Reject]:
    """The reject of a whole message of Faust's."""
    payload, detail = kept(message.value or b"", str(error))
    reject = Reject(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        row=0,
        ts=round(message.timestamp * 1000) * MILLISECOND,
        reason=error.reason,
        detail=detail,
        payload=payload,
    )
    return Frame.of(Reject, [reject])


def admitted(event: Any, check: Callable[[bytes | None, Frame[Any]], str]) -> tuple[str, list[Frame[Reject]]]:
    """The key that `check` gives for an event and no reject; or "" and one where it raises FrameError."""
    try:
        return check(event.key, event.value), []
    except FrameError as error:
        return "", [refusal(event.message, error)]
