"""What comes to a topic and can't be an agent's is refused before it gets there."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.exceptions import ValueDecodeError

from causal_alpha.errors import FrameError
from causal_alpha.frames import Frame
from causal_alpha.records import Features, Reject
from causal_alpha.topology import FrameCodec, create_app
from tests.test_series import vectors


def test_codec_refuses_rows_of_an_interval_that_is_none() -> None:
    """The hub's times and the archive's folders are made of it."""
    codec = FrameCodec(Features)
    good, bad = vectors(("1m", 0), ("100tick", 0)).encode(), vectors(("../x", 0)).encode()

    assert len(codec.loads(good)) == 2
    with pytest.raises(FrameError, match=r"interval: expected 1m and the like, was \.\./x") as refused:
        codec.loads(bad)
    assert refused.value.reason == "schema"


async def test_message_without_a_value_becomes_a_reject() -> None:
    app = create_app(app_id="topology")
    sent: list[Reject] = []
    message: Any = SimpleNamespace(
        topic="topology.bars", partition=0, offset=7, timestamp=1.5, key=b"default|1m", value=None, headers=None
    )

    async def send(key: bytes, value: Frame[Reject]) -> None:
        sent.extend(value.rows())

    topic = app.bars.clone()
    with pytest.raises(ValueDecodeError) as error:
        await topic.decode(message, propagate=True)
    app.rejects.send = send
    await topic.on_value_decode_error(error.value, message)

    [reject] = sent
    assert (reject.topic, reject.offset, reject.ts, reject.payload) == ("topology.bars", 7, 1_500_000_000, b"")
    assert (reject.reason, reject.detail) == ("malformed", "expected a value, was none")
