"""What a reject keeps of the bytes that can't be used: all of them up to a limit, and each row as it was."""

import hashlib
import re

import numpy as np

from causal_alpha.frames import Frame
from causal_alpha.records import Reject, Tick
from causal_alpha.ticks import QUOTE, parse_json, ticks_json

LARGEST_PAYLOAD = 1_000_000
"""Bytes of a message that its reject keeps: a message may be as large as Kafka takes, and its reject must fit, too."""
LONGEST_DETAIL = 1_000
"""Characters of what was expected: it may quote the message."""
_CUT = re.compile(r"; payload: the first \d+ of (\d+) bytes, blake2b [0-9a-f]{32}")


def kept(payload: bytes, detail: str) -> tuple[bytes, str]:
    """Payload and detail of a reject. Of a message too large its beginning, and the detail says how large it was.

    >>> kept(b"{", "no JSON")
    (b'{', 'no JSON')
    >>> beginning, detail = kept(bytes(1_500_000), "no JSON")
    >>> len(beginning), detail
    (1000000, 'no JSON; payload: the first 1000000 of 1500000 bytes, blake2b 01a75046b53e7ab8dc529dd6ca7fa898')
    """
    if len(detail) > LONGEST_DETAIL:
        detail = f"{detail[:LONGEST_DETAIL]}…"
    if len(payload) <= LARGEST_PAYLOAD:
        return payload, detail
    digest = hashlib.blake2b(payload, digest_size=16).hexdigest()
    cut = f"; payload: the first {LARGEST_PAYLOAD} of {len(payload)} bytes, blake2b {digest}"
    return payload[:LARGEST_PAYLOAD], detail + cut


def true_size(reject: Reject) -> int:
    """How many bytes the message had: more than the payload where `kept` cut it."""
    found = _CUT.search(reject.detail) if len(reject.payload) == LARGEST_PAYLOAD else None
    return int(found[1]) if found else len(reject.payload)


def payloads(ticks: Frame[Tick]) -> list[bytes]:
    """Each row as JSON or, where JSON doesn't say all of it, as a frame of its own: NaN, Infinity, an odd time or id.

    >>> from causal_alpha.frames import ARROW_MAGIC
    >>> rows = [Tick(symbol="A", ts=1, price=price, size=2.0) for price in (1.5, float("inf"))]
    >>> text, frame = payloads(Frame.of(Tick, rows))
    >>> text, frame.startswith(ARROW_MAGIC)
    (b'{"symbol":"A","ts":"1970-01-01T00:00:00.000000001Z","price":1.5,"size":2.0}', True)
    """
    texts = ticks_json(ticks)
    again, places, _ = parse_json(texts, "foreign")
    before = ticks.take(places)
    whole = (before.ints("ts") == again.ints("ts")) & (before.ints("id") == again.ints("id"))
    for name in ("price", "size", *QUOTE):
        whole &= np.isclose(before.floats(name), again.floats(name), rtol=0, atol=0, equal_nan=True)
    for place in np.setdiff1d(np.arange(len(ticks)), places[whole]).tolist():
        texts[place] = Frame.of(Tick, list(ticks.take(np.asarray([place])).rows())).encode()
    return texts
